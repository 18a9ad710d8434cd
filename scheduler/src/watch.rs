//! Keeps the loop told of one kind of object: lists, watches, and lists again when the watch cannot go on.
//!
//! Objects are decoded straight into slim forms, which is why this does not go through a typed informer.

use std::time::Duration;

use futures::{StreamExt as _, pin_mut};
use kube::core::WatchEvent;
use rand::Rng as _;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::model::wire;

/// The API server ends a watch after this many seconds, and it is begun again where it ended.
const WATCH_SECONDS: u32 = 290;
/// The pause after the first failure.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
/// The longest pause between two attempts.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// What happened to objects of one kind.
#[derive(Debug)]
pub enum Change<T> {
    /// These are all that there are now.
    All(Vec<T>),
    /// It is new or different.
    Applied(T),
    /// It is gone, or no longer selected.
    Deleted(T),
}

/// A slim form of an object.
pub trait Slim: DeserializeOwned + Clone + Send + 'static {
    /// Its metadata.
    fn meta(&self) -> &wire::Meta;
}

impl Slim for wire::Pod {
    fn meta(&self) -> &wire::Meta {
        &self.metadata
    }
}

impl Slim for wire::Node {
    fn meta(&self) -> &wire::Meta {
        &self.metadata
    }
}

impl Slim for wire::Namespace {
    fn meta(&self) -> &wire::Meta {
        &self.metadata
    }
}

#[derive(Deserialize)]
struct List<T> {
    metadata: ListMeta,
    items: Vec<T>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ListMeta {
    resource_version: String,
}

/// Sends every change of the objects at `path` (such as `/api/v1/pods`) that `fields` selects, until `shutdown`.
pub async fn watch<T: Slim, E: Send>(
    client: kube::Client,
    path: &'static str,
    fields: &'static str,
    events: mpsc::Sender<E>,
    wrap: fn(Change<T>) -> E,
    shutdown: CancellationToken,
) {
    let source = Source {
        client,
        path,
        fields,
        events,
        wrap,
    };
    let mut pause = FIRST_PAUSE;
    let run = async {
        loop {
            match source.list_and_watch().await {
                Ok(Ended::LoopGone) => return,
                Ok(Ended::Expired) => pause = FIRST_PAUSE,
                Err(error) => {
                    tracing::warn!(path, %error, "cannot watch; trying again");
                    pause = (pause * 2).min(LONGEST_PAUSE);
                }
            }
            // Spread out, so that clients that lost the same server do not return as one.
            let jitter = rand::rng().random_range(0.5..1.0);
            tokio::time::sleep(pause.mul_f64(jitter)).await;
        }
    };
    tokio::select! {
        () = run => {}
        () = shutdown.cancelled() => {}
    }
}

enum Ended {
    /// The version that the watch was at is too old: list again.
    Expired,
    /// Nobody listens any more.
    LoopGone,
}

struct Source<T, E> {
    client: kube::Client,
    path: &'static str,
    fields: &'static str,
    events: mpsc::Sender<E>,
    wrap: fn(Change<T>) -> E,
}

impl<T: Slim, E: Send> Source<T, E> {
    async fn list_and_watch(&self) -> Result<Ended, kube::Error> {
        let list: List<T> = self
            .client
            .request(self.request(&format!("{}?{}", self.path, self.selector()))?)
            .await?;
        let mut version = list.metadata.resource_version;
        if self
            .events
            .send((self.wrap)(Change::All(list.items)))
            .await
            .is_err()
        {
            return Ok(Ended::LoopGone);
        }
        loop {
            if let Some(ended) = self.follow(&mut version).await? {
                return Ok(ended);
            }
        }
    }

    /// One watch, from `version` on, which moves with it. `None`: it ended and can be taken up again.
    async fn follow(&self, version: &mut String) -> Result<Option<Ended>, kube::Error> {
        let query = format!(
            "{}?watch=true&allowWatchBookmarks=true&timeoutSeconds={WATCH_SECONDS}&resourceVersion={version}&{}",
            self.path,
            self.selector()
        );
        let stream = self
            .client
            .request_events::<T>(self.request(&query)?)
            .await?;
        pin_mut!(stream);
        while let Some(event) = stream.next().await {
            let change = match event? {
                WatchEvent::Added(object) | WatchEvent::Modified(object) => {
                    version.clone_from(&object.meta().resource_version);
                    Change::Applied(object)
                }
                WatchEvent::Deleted(object) => {
                    version.clone_from(&object.meta().resource_version);
                    Change::Deleted(object)
                }
                WatchEvent::Bookmark(bookmark) => {
                    *version = bookmark.metadata.resource_version;
                    continue;
                }
                WatchEvent::Error(status) if status.code == 410 => return Ok(Some(Ended::Expired)),
                WatchEvent::Error(status) => return Err(kube::Error::Api(status)),
            };
            if self.events.send((self.wrap)(change)).await.is_err() {
                return Ok(Some(Ended::LoopGone));
            }
        }
        Ok(None)
    }

    fn selector(&self) -> String {
        if self.fields.is_empty() {
            String::new()
        } else {
            format!("fieldSelector={}", self.fields)
        }
    }

    fn request(&self, path_and_query: &str) -> Result<http::Request<Vec<u8>>, kube::Error> {
        http::Request::get(path_and_query)
            .body(Vec::new())
            .map_err(kube::Error::HttpError)
    }
}

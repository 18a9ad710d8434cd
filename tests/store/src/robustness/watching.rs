//! Watchers of everything, one for each member, that go on where they were when their connection breaks.

use std::time::Duration;

use anyhow::Context as _;
use hydrofoil_etcd_wire::{
    etcdserverpb::{
        WatchCreateRequest, WatchRequest, WatchResponse, watch_client::WatchClient,
        watch_request::RequestUnion,
    },
    mvccpb::event::EventType,
};
use tonic::Streaming;

use super::{
    history::{Recorder, Seen},
    network::address,
};

/// The first revision that a write of an empty store takes.
const FIRST: i64 = 2;
/// How long until a watch is asked for again.
const AGAIN: Duration = Duration::from_millis(100);

/// Watches a member from `from` on.
async fn watch(member: usize, from: i64) -> anyhow::Result<Streaming<WatchResponse>> {
    let endpoint =
        tonic::transport::Endpoint::from_shared(format!("http://{}:2379", address(member)))?
            .connect_timeout(Duration::from_secs(1))
            .http2_keep_alive_interval(Duration::from_secs(1))
            .keep_alive_timeout(Duration::from_secs(1));
    let mut client = WatchClient::new(endpoint.connect().await?);
    let create = WatchCreateRequest {
        key: vec![0].into(),
        range_end: vec![0].into(),
        start_revision: from,
        ..Default::default()
    };
    let create = WatchRequest {
        request_union: Some(RequestUnion::CreateRequest(create)),
    };
    let requests =
        tokio_stream::StreamExt::chain(tokio_stream::once(create), tokio_stream::pending());
    Ok(client.watch(requests).await?.into_inner())
}

fn seen(response: &WatchResponse) -> impl Iterator<Item = Seen> {
    response.events.iter().filter_map(|event| {
        let kv = event.kv.as_ref()?;
        let put = event.r#type == i32::from(EventType::Put);
        Some(Seen {
            revision: kv.mod_revision,
            key: String::from_utf8_lossy(&kv.key).into_owned(),
            value: put.then(|| String::from_utf8_lossy(&kv.value).into_owned()),
        })
    })
}

/// Watches a member for as long as the run lasts.
pub async fn follow(member: usize, recorder: Recorder) {
    loop {
        let from = {
            let mut history = recorder.lock();
            let seen = history.watched.entry(member).or_default();
            seen.last().map_or(FIRST, |(seen, _)| seen.revision + 1)
        };
        if let Ok(mut responses) = watch(member, from).await {
            while let Ok(Some(response)) = responses.message().await {
                let now = recorder.now();
                let mut history = recorder.lock();
                let watched = history.watched.entry(member).or_default();
                watched.extend(seen(&response).map(|seen| (seen, now)));
            }
        }
        tokio::time::sleep(AGAIN).await;
    }
}

/// Everything up to a revision, in a new watch of the past.
///
/// # Errors
/// Of the connection, and if it ends before.
pub async fn replay(member: usize, upto: i64) -> anyhow::Result<Vec<Seen>> {
    let mut responses = watch(member, FIRST).await?;
    let mut all = Vec::new();
    while all.last().is_none_or(|last: &Seen| last.revision < upto) {
        let response = responses.message().await?.context("the watch ended")?;
        all.extend(seen(&response));
    }
    Ok(all)
}

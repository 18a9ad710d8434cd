//! Which kinds the API server serves, for the controllers that work on all of them. Asked again when the answer is too old.

use std::sync::Arc;
use std::time::Duration;

use kube::discovery::{Discovery, Scope, verbs};
use tokio::sync::Mutex;
use tokio::time::Instant;

use crate::error::Error;
use crate::objects::Kind;

/// A kind and what can be done with it.
#[derive(Clone, Debug, PartialEq)]
pub struct Served {
    /// The kind, in its group's preferred version.
    pub kind: Kind,
    /// Whether objects can be listed and watched.
    pub watchable: bool,
    /// Whether objects can be deleted.
    pub deletable: bool,
    /// Whether all objects of a namespace can be deleted at once.
    pub collection_deletable: bool,
}

/// All kinds, as of some time.
pub type Kinds = Arc<Vec<Served>>;

/// What was discovered last.
#[derive(Default)]
pub struct Catalog {
    last: Mutex<Option<(Instant, Kinds)>>,
}

impl Catalog {
    /// All kinds, as they were at most `max_age` ago.
    pub async fn kinds(&self, client: &kube::Client, max_age: Duration) -> Result<Kinds, Error> {
        let mut last = self.last.lock().await;
        if let Some((at, kinds)) = last.as_ref()
            && at.elapsed() < max_age
        {
            return Ok(kinds.clone());
        }
        let kinds = Arc::new(discover(client).await?);
        *last = Some((Instant::now(), kinds.clone()));
        Ok(kinds)
    }
}

async fn discover(client: &kube::Client) -> Result<Vec<Served>, Error> {
    let discovery = match Discovery::new(client.clone()).run_aggregated().await {
        Ok(discovery) => discovery,
        // A server without aggregated discovery.
        Err(_) => Discovery::new(client.clone()).run().await?,
    };
    let mut all = Vec::new();
    for group in discovery.groups_alphabetical() {
        for (resource, can) in group.recommended_resources() {
            let able = |verb| can.supports_operation(verb);
            all.push(Served {
                kind: Kind {
                    group: resource.group.into(),
                    version: resource.version.into(),
                    kind: resource.kind.into(),
                    plural: resource.plural.into(),
                    namespaced: can.scope == Scope::Namespaced,
                },
                watchable: able(verbs::LIST) && able(verbs::WATCH),
                deletable: able(verbs::DELETE),
                collection_deletable: able(verbs::DELETE_COLLECTION),
            });
        }
    }
    Ok(all)
}

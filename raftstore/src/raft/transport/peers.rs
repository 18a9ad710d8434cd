//! The ways to all peers.

use std::{collections::BTreeMap, sync::Arc};

use parking_lot::Mutex;
use tokio::sync::{mpsc, watch};

use super::{
    connect::Connector,
    health,
    identity::Local,
    link::{Link, Times},
};
use crate::{core::SharedCore, raft::StoredMembership};

/// Peers that were found gone and that nobody has looked at yet.
const GONE_QUEUE: usize = 64;

/// See the module header. Clones are the same.
#[derive(Clone, Debug)]
pub struct Peers {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    core: SharedCore,
    local: Local,
    connector: Arc<dyn Connector>,
    times: Times,
    links: Mutex<BTreeMap<u64, Arc<Link>>>,
    gone: mpsc::Sender<u64>,
    refused: watch::Sender<Option<&'static str>>,
}

impl Peers {
    /// None yet. The receiver is told of peers whose process is gone.
    pub fn new(
        core: SharedCore,
        local: Local,
        connector: Arc<dyn Connector>,
        times: Times,
    ) -> (Peers, mpsc::Receiver<u64>) {
        let (gone, gone_rx) = mpsc::channel(GONE_QUEUE);
        let shared = Arc::new(Shared {
            core,
            local,
            connector,
            times,
            links: Mutex::default(),
            gone,
            refused: watch::Sender::new(None),
        });
        (Peers { shared }, gone_rx)
    }

    /// This member, as it tells others.
    pub fn local(&self) -> Local {
        self.shared.local
    }

    /// Why peers refuse this member for good, once they do.
    pub fn refused(&self) -> watch::Receiver<Option<&'static str>> {
        self.shared.refused.subscribe()
    }

    /// The way to a peer that is known.
    pub fn get(&self, id: u64) -> Option<Arc<Link>> {
        self.shared.links.lock().get(&id).cloned()
    }

    /// The way to a peer at these URLs; made if it is not known.
    pub fn link(&self, id: u64, urls: &[String]) -> Arc<Link> {
        let shared = &self.shared;
        let mut links = shared.links.lock();
        if let Some(link) = links.get(&id) {
            link.set_urls(urls);
            return Arc::clone(link);
        }
        let link = Arc::new(Link::new(
            id,
            urls,
            shared.local,
            Arc::clone(&shared.core),
            Arc::clone(&shared.connector),
            shared.times,
            shared.refused.clone(),
        ));
        tokio::spawn(health::watch(
            Arc::clone(&link),
            shared.times,
            shared.gone.clone(),
        ));
        links.insert(id, Arc::clone(&link));
        link
    }

    /// Keeps ways to these members and to no other.
    pub fn follow(&self, members: &StoredMembership) {
        for (id, node) in members.nodes() {
            if *id != self.shared.local.member {
                self.link(*id, &node.peer_urls);
            }
        }
        let mut links = self.shared.links.lock();
        links.retain(|id, link| {
            let stays = members.membership().get_node(id).is_some();
            if !stays {
                link.close();
            }
            stays
        });
    }

    /// Gives up all ways.
    pub fn close(&self) {
        for link in std::mem::take(&mut *self.shared.links.lock()).into_values() {
            link.close();
        }
    }
}

//! What members said of themselves through the log, and who was removed: part of the replicated state.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::Node;
use crate::{
    raft::{Membership, StoredMembership},
    rpc::Member,
};

/// What a member says of itself at each start.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attributes {
    /// Its name.
    pub name: String,
    /// Where clients reach it.
    pub client_urls: Vec<String>,
    /// The id that its data directory drew when it was made. A member that comes back with another one lost its disk.
    pub disk: u64,
}

/// See the module header.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Roster {
    /// By member.
    pub attributes: BTreeMap<u64, Attributes>,
    /// Ids that are refused for good.
    pub removed: BTreeSet<u64>,
}

impl Roster {
    /// Notes that the members are `after` instead of `before`. Returns whether somebody left.
    pub fn note_change(&mut self, before: &StoredMembership, after: &Membership) -> bool {
        let mut left = false;
        for (id, _) in before.nodes() {
            if after.get_node(id).is_none() {
                self.attributes.remove(id);
                self.removed.insert(*id);
                left = true;
            }
        }
        left
    }

    /// Notes what a member says of itself. A member that was removed says nothing any more.
    pub fn publish(&mut self, id: u64, attributes: Attributes) {
        if !self.removed.contains(&id) {
            self.attributes.insert(id, attributes);
        }
    }

    /// The disk that a member is known with; 0 if it has not said so yet.
    pub fn disk(&self, id: u64) -> u64 {
        self.attributes.get(&id).map_or(0, |said| said.disk)
    }

    /// The members by ascending id.
    pub fn members(&self, membership: &StoredMembership) -> Vec<Member> {
        let voters: BTreeSet<u64> = membership.membership().voter_ids().collect();
        membership
            .nodes()
            .map(|(id, node)| self.member(*id, node, voters.contains(id)))
            .collect()
    }

    fn member(&self, id: u64, node: &Node, votes: bool) -> Member {
        let said = self.attributes.get(&id);
        Member {
            id,
            name: said.map_or_else(|| node.name.clone(), |said| said.name.clone()),
            peer_urls: node.peer_urls.clone(),
            client_urls: said
                .map(|said| said.client_urls.clone())
                .unwrap_or_default(),
            is_learner: node.is_learner && !votes,
        }
    }
}

//! What raft keeps of each member, in its membership entries.

use serde::{Deserialize, Serialize};

/// A member as raft's membership has it. Raft decides who votes; this says how to reach the member, and whether one that does
/// not vote yet is to: a member that was added as a voter follows as one of raft's learners until it has caught up, so that
/// the quorum never waits for a member that nobody started.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Node {
    /// The name that `--initial-cluster` gave it; empty of a member that was added later.
    pub name: String,
    /// Where other members reach it.
    pub peer_urls: Vec<String>,
    /// It stays without a vote until it is promoted by request.
    pub is_learner: bool,
}

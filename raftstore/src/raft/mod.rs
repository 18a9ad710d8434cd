//! Everything that names `openraft`: its types as we configure them, the network between members, the state machine's side.
//!
//! The library is pinned and young; no other folder but `wal` (which implements its log storage) may use it.

pub mod machine;
pub mod network;
pub mod runtime;
pub mod snapshot;
pub mod transport;

use openraft::{RaftTypeConfig, impls::leader_id_std};

use crate::{
    command::{Proposal, Reply},
    membership::Node,
};

openraft::declare_raft_types!(
    /// How we configure raft: one leader a term, numbers for ids.
    pub TypeConfig:
        D = Proposal,
        R = Reply,
        NodeId = u64,
        Node = Node,
        Term = u64,
        LeaderId = leader_id_std::LeaderId<u64, u64>,
        AsyncRuntime = runtime::Runtime,
);

/// An entry of the log.
pub type Entry = <TypeConfig as RaftTypeConfig>::Entry;
/// A vote.
pub type Vote = <TypeConfig as RaftTypeConfig>::Vote;
/// The term and index of an entry.
pub type LogId = openraft::type_config::alias::LogIdOf<TypeConfig>;
/// The id under which a leader's entries are committed: its term.
pub type CommittedLeaderId = openraft::type_config::alias::CommittedLeaderIdOf<TypeConfig>;
/// The members, with the entry that made them so.
pub type StoredMembership = openraft::type_config::alias::StoredMembershipOf<TypeConfig>;
/// What a snapshot covers.
pub type SnapshotMeta = openraft::type_config::alias::SnapshotMetaOf<TypeConfig>;
/// The members.
pub type Membership = openraft::Membership<u64, Node>;
/// Raft over our state machine.
pub type Raft = openraft::Raft<TypeConfig, machine::Machine>;

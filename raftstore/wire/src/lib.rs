//! etcd v3's API as Rust types: messages, client and server traits, and the records of etcd's files, generated at build time
//! from `proto/`, which has etcd's package names, message names, field names and numbers.
//!
//! This crate is the wire and nothing more: no rule of what a request may hold, no conversion to the store's own types.
//!
//! Byte strings are shared [`bytes::Bytes`]: what is decoded from a request points into the request's buffer.
//! The one confusing thing: in `etcdserverpb` the API and the requests in etcd's log live together, as in etcd;
//! [`files`] names those that belong to files.

#[cfg(test)]
mod tests;

mod secrets;

/// The API's descriptors (a serialized `google.protobuf.FileDescriptorSet`) under etcd's own field names, for who speaks JSON.
pub const DESCRIPTORS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/etcd.bin"));

macro_rules! packages {
    ($($(#[$doc:meta])* $name:ident,)*) => {$(
        $(#[$doc])*
        pub mod $name {
            #![allow(missing_docs, clippy::all, unused_qualifications)]
            include!(concat!(env!("OUT_DIR"), "/", stringify!($name), ".rs"));
        }
    )*};
}

packages! {
    /// Users, roles and permissions.
    authpb,
    /// The API, and the requests in etcd's log.
    etcdserverpb,
    /// Leases in etcd's database.
    leasepb,
    /// Membership in etcd's log.
    membershippb,
    /// Keys and events.
    mvccpb,
    /// Raft's records in etcd's log.
    raftpb,
    /// The frame of a snapshot file.
    snappb,
    /// Elections.
    v3electionpb,
    /// Locks.
    v3lockpb,
    /// The frames of etcd's log.
    walpb,
}

/// What etcd's files hold.
///
/// - `member/wal/*.wal`: [`Record`](files::Record)s, whose data is [`Metadata`](files::Metadata), an
///   [`Entry`](files::Entry), a [`HardState`](files::HardState) or a [`WalSnapshot`](files::WalSnapshot). An entry's data is
///   an [`InternalRaftRequest`](files::InternalRaftRequest) or a [`ConfChange`](files::ConfChange).
/// - `member/snap/*.snap`: a [`SnapFile`](files::SnapFile), whose data is a [`Snapshot`](files::Snapshot).
/// - `member/snap/db`: `key` holds [`KeyValue`](files::KeyValue)s, `lease` [`Lease`](files::Lease)s, `alarm`
///   [`AlarmMember`](files::AlarmMember)s, `authUsers` [`User`](files::User)s, `authRoles` [`Role`](files::Role)s.
pub mod files {
    pub use crate::{
        authpb::{Permission, Role, User, UserAddOptions},
        etcdserverpb::{
            AlarmMember, InternalAuthenticateRequest, InternalRaftRequest, Metadata, Request,
            RequestHeader,
        },
        leasepb::Lease,
        membershippb::{
            Attributes, ClusterMemberAttrSetRequest, ClusterVersionSetRequest,
            DowngradeInfoSetRequest, Member, RaftAttributes,
        },
        mvccpb::{Event, KeyValue},
        raftpb::{
            ConfChange, ConfChangeSingle, ConfChangeTransition, ConfChangeType, ConfChangeV2,
            ConfState, Entry, EntryType, HardState, Snapshot, SnapshotMetadata,
        },
        snappb::Snapshot as SnapFile,
        walpb::{Record, Snapshot as WalSnapshot},
    };
}

//! Who the members of etcd's cluster are: the database says so since 3.5, and the log says what changed after it. A directory
//! that the tools of 3.4 restored has them in the log alone.

use std::collections::BTreeMap;

use hydrofoil_etcd_wire::files::{ConfChange, ConfChangeType};
use prost::Message;

use super::{
    super::{
        SnapshotError,
        facts::{Facts, MemberJson},
    },
    wal::{Kept, Wal},
};
use crate::{membership::Node, rpc::Member};

/// The members by id.
pub fn of(facts: &Facts, wal: &Wal) -> Result<BTreeMap<u64, Node>, SnapshotError> {
    let mut members: BTreeMap<u64, Node> = facts
        .members
        .iter()
        .map(|(id, member)| (*id, node(member)))
        .collect();
    let known = if members.is_empty() { 0 } else { facts.index };
    if members.is_empty() && !wal.entries.contains_key(&1) {
        let what = "neither etcd's database nor its log says who the members are";
        return Err(SnapshotError::Refused(what.into()));
    }
    for (index, (_, kept)) in wal.entries.range(known + 1..) {
        let damaged =
            |what: &str| SnapshotError::Refused(format!("entry {index} of etcd's log: {what}"));
        match kept {
            Kept::Empty | Kept::Request(_) => {}
            Kept::ConfChangeV2 => return Err(damaged("a change of members of raft's second form")),
            Kept::ConfChange(data) => {
                let change = ConfChange::decode(&data[..])
                    .map_err(|_| damaged("it is no change of members"))?;
                apply(&mut members, &change).map_err(|()| damaged("it names no member"))?;
            }
        }
    }
    Ok(members)
}

fn apply(members: &mut BTreeMap<u64, Node>, change: &ConfChange) -> Result<(), ()> {
    let id = change.node_id;
    let json = change.context.as_deref().unwrap_or_default();
    let said = || -> Result<Member, ()> {
        let member: MemberJson = serde_json::from_slice(json).map_err(|_| ())?;
        Ok(member.into())
    };
    match change.r#type() {
        ConfChangeType::ConfChangeRemoveNode => {
            members.remove(&id);
        }
        ConfChangeType::ConfChangeUpdateNode => {
            let said = said()?;
            if let Some(node) = members.get_mut(&id) {
                node.peer_urls = said.peer_urls;
            }
        }
        kind => {
            let is_learner = kind == ConfChangeType::ConfChangeAddLearnerNode;
            match members.get_mut(&id) {
                // A promotion names a member that is there.
                Some(node) => node.is_learner = is_learner,
                None => {
                    let node = Node {
                        is_learner,
                        ..node(&said()?)
                    };
                    members.insert(id, node);
                }
            }
        }
    }
    Ok(())
}

fn node(member: &Member) -> Node {
    Node {
        name: member.name.clone(),
        peer_urls: member.peer_urls.clone(),
        is_learner: member.is_learner,
    }
}

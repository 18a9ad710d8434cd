//! The entries of etcd's log that its database lacks, as entries of ours.
//!
//! They keep their index and term, so that members that adopt their directories one by one agree on them as raft wants it. Who the
//! members are was read before (see `members`): a change of them is an empty entry here.

use openraft::EntryPayload;

use super::{
    super::{SnapshotError, facts::Facts},
    requests,
    wal::{Kept, Wal},
};
use crate::{
    command::Proposal,
    raft::{CommittedLeaderId, Entry, LogId},
};

/// Everything from the first request on that is behind the entry `held`; nothing if there is no such request.
///
/// # Errors
/// An entry that is missing, whose term goes back, or that cannot be read.
pub fn entries(wal: &Wal, held: u64) -> Result<Vec<Entry>, SnapshotError> {
    let mut behind = wal.entries.range(held + 1..);
    let is_request = |(_, (_, kept)): &(&u64, &(u64, Kept))| matches!(kept, Kept::Request(_));
    let Some((first, _)) = behind.find(is_request) else {
        return Ok(Vec::new());
    };
    if *first > held + 1 && !wal.entries.contains_key(&(held + 1)) {
        return Err(missing(held + 1));
    }
    let mut entries: Vec<Entry> = Vec::new();
    for (index, (term, kept)) in wal.entries.range(first..) {
        if let Some(before) = entries.last() {
            if before.log_id.index + 1 != *index {
                return Err(missing(before.log_id.index + 1));
            }
            if *before.log_id.leader_id > *term {
                return Err(damaged(*index, "its term is before that of the one before"));
            }
        }
        let command = match kept {
            Kept::Request(data) => requests::command(data).map_err(|what| damaged(*index, what))?,
            Kept::Empty | Kept::ConfChange(_) | Kept::ConfChangeV2 => None,
        };
        entries.push(Entry {
            log_id: LogId::new(CommittedLeaderId::new(*term), *index),
            payload: match command {
                Some(command) => EntryPayload::Normal(Proposal::new(command)),
                None => EntryPayload::Blank,
            },
        });
    }
    Ok(entries)
}

/// Index and term of the entry that our state is of: the one before the first of `entries`, or the last that there is.
pub fn base(facts: &Facts, wal: &Wal, entries: &[Entry]) -> (u64, u64) {
    let index = match entries.first() {
        Some(first) => first.log_id.index - 1,
        None => wal
            .entries
            .last_key_value()
            .map_or(facts.index, |(last, _)| facts.index.max(*last)),
    };
    let known = wal.entries.get(&index).map(|(term, _)| *term);
    // etcd before 3.5 keeps no term in its database.
    let term = known.unwrap_or(if facts.term > 0 {
        facts.term
    } else {
        wal.hard_state.term
    });
    let most = entries
        .first()
        .map_or(term, |first| *first.log_id.leader_id);
    (index, term.min(most))
}

fn missing(index: u64) -> SnapshotError {
    SnapshotError::Refused(format!(
        "entry {index} is neither in etcd's database nor in its log"
    ))
}

fn damaged(index: u64, what: &str) -> SnapshotError {
    SnapshotError::Refused(format!("entry {index} of etcd's log: {what}"))
}

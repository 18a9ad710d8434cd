//! What reads what others wrote meets bytes that nobody wrote: damaged log files, and messages of peers that are not whole.
//!
//! A few hundred cases in a test run. For long:
//! `PROPTEST_CASES=1000000 cargo test --release -p hydrofoil-raftstore --lib -- fuzz any_ rubbish arbitrary`.

use std::collections::BTreeMap;

use openraft::{
    EntryPayload,
    raft::{AppendEntriesRequest, TransferLeaderRequest, VoteRequest, VoteResponse},
};
use prop::sample::Index;
use proptest::prelude::*;
use prost::Message;

use super::disk::Forgetful;
use crate::{
    codec::Malformed,
    command::{Command, Proposal},
    raft::{CommittedLeaderId, Entry, LogId, Vote, transport::wire},
    wal::{
        disk::Disk,
        record::{Head, Place, Record, frame},
        recover::{file_name, recover},
    },
};

/// So many cases, or as many as `PROPTEST_CASES` says.
pub fn cases(usual: u32) -> ProptestConfig {
    match std::env::var_os("PROPTEST_CASES") {
        Some(_) => ProptestConfig::default(),
        None => ProptestConfig::with_cases(usual),
    }
}

/// Something that happens to bytes.
#[derive(Clone, Debug)]
pub enum Damage {
    Flip(Index, u8),
    Cut(Index),
    Remove(Index, usize),
    Insert(Index, Vec<u8>),
    Write(Index, Vec<u8>),
}

/// A few of them. Runs of 0xff are lengths and numbers as large as they get.
pub fn damage() -> impl Strategy<Value = Vec<Damage>> {
    let at = || any::<Index>();
    let bytes = || {
        prop_oneof![
            prop::collection::vec(any::<u8>(), 1..12),
            (1usize..12).prop_map(|length| vec![0xff; length]),
            (1usize..40).prop_map(|length| vec![0; length]),
        ]
    };
    let one = prop_oneof![
        4 => (at(), 0u8..8).prop_map(|(at, bit)| Damage::Flip(at, bit)),
        1 => at().prop_map(Damage::Cut),
        2 => (at(), 1usize..20).prop_map(|(at, length)| Damage::Remove(at, length)),
        2 => (at(), bytes()).prop_map(|(at, bytes)| Damage::Insert(at, bytes)),
        3 => (at(), bytes()).prop_map(|(at, bytes)| Damage::Write(at, bytes)),
    ];
    prop::collection::vec(one, 1..5)
}

/// Lets damage happen.
pub fn damaged(bytes: &[u8], damage: &[Damage]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for damage in damage {
        let place = |at: &Index| at.index(bytes.len() + 1);
        match damage {
            Damage::Flip(at, bit) => {
                let at = place(at);
                if let Some(byte) = bytes.get_mut(at) {
                    *byte ^= 1 << bit;
                }
            }
            Damage::Cut(at) => {
                let at = place(at);
                bytes.truncate(at);
            }
            Damage::Remove(at, length) => {
                let at = place(at);
                let end = (at + length).min(bytes.len());
                bytes.drain(at..end);
            }
            Damage::Insert(at, new) => {
                let at = place(at);
                bytes.splice(at..at, new.iter().copied());
            }
            Damage::Write(at, new) => {
                let at = place(at);
                let end = (at + new.len()).min(bytes.len());
                bytes.splice(at..end, new.iter().copied());
            }
        }
    }
    bytes
}

fn id(term: u64, index: u64) -> LogId {
    LogId {
        leader_id: CommittedLeaderId::new(term),
        index,
    }
}

fn entry(index: u64) -> Entry {
    let command = Command::LeaseRevoke { id: index as i64 }.into();
    let origin = None;
    Entry {
        log_id: id(1 + index / 10, index),
        payload: EntryPayload::Normal(Proposal { command, origin }),
    }
}

/// Two segments: the bytes of each, and the terms of the entries by index.
fn segments() -> (Vec<Vec<u8>>, BTreeMap<u64, LogId>) {
    let mut segments = Vec::new();
    let mut entries = BTreeMap::new();
    for number in 1..=2u64 {
        let mut bytes = Vec::new();
        let mut push = |record: &Record| {
            let offset = bytes.len() as u64;
            let place = Place {
                segment: number,
                offset,
            };
            frame(record, place, offset, &mut bytes);
        };
        push(&Record::Head(Head {
            cluster_id: 7,
            member_id: 8,
            vote: Some(Vote::new_committed(1, 8)),
            ..Default::default()
        }));
        for index in (number - 1) * 20..number * 20 {
            let entry = entry(index);
            entries.insert(index, entry.log_id);
            push(&Record::Entry(entry));
        }
        push(&Record::Committed(Some(entry(number * 20 - 1).log_id)));
        segments.push(bytes);
    }
    (segments, entries)
}

proptest! {
    #![proptest_config(cases(400))]

    /// A log with damage is refused, or it is a beginning of what was written.
    #[test]
    fn any_damage_to_the_log(which in 0usize..2, damage in damage()) {
        let (mut segments, entries) = segments();
        segments[which] = damaged(&segments[which], &damage);
        let disk = Forgetful::new();
        for (n, bytes) in segments.iter().enumerate() {
            let file = disk.open(&file_name(n as u64 + 1)).unwrap();
            file.write_at(bytes, 0).unwrap();
        }
        if let Ok(recovered) = recover(&disk) {
            for (n, slot) in recovered.slots.iter().enumerate() {
                prop_assert_eq!(slot.log_id.index, n as u64);
                prop_assert_eq!(Some(&slot.log_id), entries.get(&slot.log_id.index));
            }
        }
    }

    /// Messages of peers are refused or read, and what is read is what it says when it is written again.
    #[test]
    fn any_damage_to_messages(damage in damage()) {
        let append = wire::append_request(&AppendEntriesRequest {
            vote: Vote::new_committed(3, 4),
            prev_log_id: Some(id(1, 2)),
            leader_commit: Some(id(1, 1)),
            entries: (3..6).map(entry).collect(),
        });
        if let Some(Ok(request)) = read(&append, &damage, wire::read_append_request) {
            let message = wire::append_request(&request);
            let again = wire::read_append_request(message.clone()).unwrap();
            prop_assert_eq!(wire::append_request(&again), message);
        }
        let request = VoteRequest::new(Vote::new(3, 4), Some(id(2, 9)));
        read(&wire::vote_request(&request), &damage, wire::read_vote_request);
        let response = VoteResponse::new(Vote::new(3, 4), Some(id(2, 9)), true);
        read(&wire::vote_response(&response), &damage, wire::read_vote_response);
        read(&wire::append_response(&Ok(Some(id(1, 2)))), &damage, wire::read_append_response);
        let transfer = TransferLeaderRequest::new(Vote::new(3, 4), 5, Some(id(2, 9)));
        read(&wire::transfer_request(&transfer), &damage, wire::read_transfer_request);
        let command = wire::command(&Command::LeaseRevoke { id: 4 });
        drop(wire::read_command(&damaged(&command, &damage)));
    }

    /// Rows of a snapshot on their way are refused or taken.
    #[test]
    fn rubbish_in_a_snapshot(rows in prop::collection::vec(any::<u8>(), 0..300)) {
        use sha2::Digest;
        let disk = std::sync::Arc::new(Forgetful::new());
        let mut incoming = crate::backend::transfer::Incoming::begin(disk).unwrap();
        if incoming.add(&rows).is_ok() {
            let sum = sha2::Sha256::digest(&rows);
            drop(incoming.finish(&sum));
        }
    }
}

/// Damages a message and reads it, as far as it is still one.
fn read<M: Message + Default, T>(
    message: &M,
    damage: &[Damage],
    read: impl FnOnce(M) -> Result<T, Malformed>,
) -> Option<Result<T, Malformed>> {
    let bytes = damaged(&message.encode_to_vec(), damage);
    M::decode(bytes.as_slice()).ok().map(read)
}

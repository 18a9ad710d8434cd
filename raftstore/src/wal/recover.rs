//! Reading the segments after a stop or a crash.
//!
//! All segments but the last were flushed whole before the next was begun: anything bad in them is damage. In the last, a bad
//! record is the torn end of a write that nobody was told of, unless a whole record further on says that this place was on
//! disk; then it is damage as well. Zeroes to its end were laid out and not written. Damage is an error that names file and
//! offset; nothing is changed.

use std::{collections::VecDeque, sync::Arc};

use super::{
    disk::{Disk, DiskFile},
    record::{ALIGN, HEADER_BYTES, Head, Place, Record, claimed_durable, is_whole, parse},
};
use crate::{
    Error,
    raft::{Entry, LogId, Vote},
};

/// More than the first record of a segment takes, in bytes.
const HEAD_BYTES: u64 = 4_096;

/// Where an entry lies, and the entry itself while it is kept in memory.
#[derive(Clone, Debug)]
pub struct Slot {
    /// Its term.
    pub log_id: LogId,
    /// Its place.
    pub place: Place,
    /// Bytes it takes there.
    pub bytes: u32,
    /// The entry, if it is in memory.
    pub cached: Option<Arc<Entry>>,
}

/// One segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Segment {
    /// Its number.
    pub number: u64,
    /// The highest index of an entry in it, if it has entries.
    pub last_index: Option<u64>,
}

/// What the segments say.
#[derive(Debug, Default)]
pub struct Recovered {
    /// The vote.
    pub vote: Option<Vote>,
    /// The last entry known to be committed.
    pub committed: Option<LogId>,
    /// The last entry purged.
    pub purged: Option<LogId>,
    /// The entries, consecutive.
    pub slots: VecDeque<Slot>,
    /// The segments, consecutive.
    pub segments: VecDeque<Segment>,
    /// Where the next record of the last segment goes.
    pub end: u64,
    /// Index of the last entry that says who the members are; 0 if none does.
    pub last_membership: u64,
    /// The ids that the segments were written under.
    pub identity: Option<(u64, u64)>,
}

/// The file name of a segment.
pub fn file_name(number: u64) -> String {
    format!("{number:016x}.log")
}

fn parse_name(name: &str) -> Option<u64> {
    let digits = name.strip_suffix(".log")?;
    (digits.len() == 16).then(|| u64::from_str_radix(digits, 16).ok())?
}

/// What the files of a log are called, for people.
pub const FILES: &str = "sixteen digits and .log";

/// Whether there are files of a log.
pub fn has_log(disk: &dyn Disk) -> Result<bool, Error> {
    let names = disk
        .list()
        .map_err(|e| Error::io("listing the log folder", e))?;
    Ok(names.iter().any(|name| parse_name(name).is_some()))
}

/// The cluster and the member that the log of `disk` is of, if there is one.
pub fn peek(disk: &dyn Disk) -> Result<Option<(u64, u64)>, Error> {
    let names = disk
        .list()
        .map_err(|e| Error::io("listing the log folder", e))?;
    let Some(number) = names.iter().filter_map(|name| parse_name(name)).min() else {
        return Ok(None);
    };
    let name = file_name(number);
    let failed = |e| Error::io(format!("reading {}", disk.describe(&name)), e);
    let file = disk.open(&name).map_err(failed)?;
    let length = file.len().map_err(failed)?.min(HEAD_BYTES);
    let mut bytes = vec![0; length as usize];
    file.read_at(&mut bytes, 0).map_err(failed)?;
    let place = Place {
        segment: number,
        offset: 0,
    };
    // A head that is not whole is looked at when the log is opened.
    Ok(match parse(&bytes, place) {
        Ok(framed) => match framed.record {
            Record::Head(head) => Some((head.cluster_id, head.member_id)),
            _ => None,
        },
        Err(_) => None,
    })
}

/// Reads every segment of `disk` and cuts a torn tail.
pub fn recover(disk: &dyn Disk) -> Result<Recovered, Error> {
    let names = disk
        .list()
        .map_err(|e| Error::io("listing the log folder", e))?;
    let mut numbers: Vec<u64> = names.iter().filter_map(|name| parse_name(name)).collect();
    numbers.sort_unstable();
    for pair in numbers.windows(2) {
        if pair[1] != pair[0] + 1 {
            return Err(Error::Corrupt {
                file: disk.describe(&file_name(pair[0] + 1)),
                offset: 0,
                what: "the log file is missing".into(),
            });
        }
    }
    let mut state = Recovered::default();
    for (n, number) in numbers.iter().enumerate() {
        read_segment(disk, *number, n + 1 == numbers.len(), &mut state)?;
    }
    if let Some(purged) = state.purged {
        while state
            .slots
            .front()
            .is_some_and(|slot| slot.log_id.index <= purged.index)
        {
            state.slots.pop_front();
        }
    }
    Ok(state)
}

fn read_segment(
    disk: &dyn Disk,
    number: u64,
    is_last: bool,
    state: &mut Recovered,
) -> Result<(), Error> {
    let name = file_name(number);
    let failed = |e| Error::io(format!("reading {}", disk.describe(&name)), e);
    let file = disk.open(&name).map_err(failed)?;
    let mut bytes = vec![0; file.len().map_err(failed)? as usize];
    file.read_at(&mut bytes, 0).map_err(failed)?;
    if bytes.is_empty() && !is_last {
        // It was whole on disk before the next one was begun.
        return Err(Error::Corrupt {
            file: disk.describe(&name),
            offset: 0,
            what: "the log file is empty, and there is a later one".into(),
        });
    }

    state.segments.push_back(Segment {
        number,
        last_index: None,
    });
    let mut offset = 0;
    while offset < bytes.len() {
        let place = Place {
            segment: number,
            offset: offset as u64,
        };
        let damage = |what: String| Error::Corrupt {
            file: disk.describe(&name),
            offset: offset as u64,
            what,
        };
        match parse(&bytes[offset..], place) {
            Ok(framed) => {
                if offset == 0 && !matches!(framed.record, Record::Head(_)) {
                    return Err(damage("the first record does not open a segment".into()));
                }
                take(framed.record, place, framed.bytes as u32, state).map_err(damage)?;
                offset += framed.bytes;
            }
            Err(_) if is_last && bytes[offset..].iter().all(|byte| *byte == 0) => {
                cut(&*file, offset as u64).map_err(failed)?;
                break;
            }
            Err(problem) if is_last && !was_durable(&bytes, offset, number) => {
                tracing::warn!(file = name, offset, %problem, "cutting the torn tail of the log");
                cut(&*file, offset as u64).map_err(failed)?;
                break;
            }
            Err(problem) => return Err(damage(problem.to_string())),
        }
    }
    state.end = offset as u64;
    Ok(())
}

/// Whether a whole record after `offset` says that `offset` was on disk when it was made.
fn was_durable(bytes: &[u8], offset: usize, segment: u64) -> bool {
    let mut at = offset + ALIGN;
    while at + HEADER_BYTES < bytes.len() {
        let rest = &bytes[at..];
        let place = Place {
            segment,
            offset: at as u64,
        };
        if claimed_durable(rest)
            .is_some_and(|durable| durable > offset as u64 && durable <= at as u64)
            && is_whole(rest, place)
        {
            return true;
        }
        at += ALIGN;
    }
    false
}

fn cut(file: &dyn DiskFile, offset: u64) -> std::io::Result<()> {
    file.set_len(offset)?;
    file.sync_data()
}

/// Takes one record into the state. The error says why it cannot follow what came before.
fn take(record: Record, place: Place, bytes: u32, state: &mut Recovered) -> Result<(), String> {
    match record {
        Record::Head(Head {
            cluster_id,
            member_id,
            purged,
            vote,
            committed,
        }) => {
            if place.offset != 0 {
                return Err("a segment is opened in the middle of another".into());
            }
            let identity = (cluster_id, member_id);
            if state.identity.is_some_and(|known| known != identity) {
                return Err("a segment of another member".into());
            }
            state.identity = Some(identity);
            state.purged = state.purged.max(purged);
            state.vote = vote;
            state.committed = committed;
        }
        Record::Entry(entry) => {
            let index = entry.log_id.index;
            if matches!(entry.payload, openraft::EntryPayload::Membership(_)) {
                state.last_membership = index;
            }
            if let Some(last) = state.slots.back()
                && index != last.log_id.index + 1
            {
                return Err(format!("entry {index} follows entry {}", last.log_id.index));
            }
            state.slots.push_back(Slot {
                log_id: entry.log_id,
                place,
                bytes,
                cached: None,
            });
            if let Some(segment) = state.segments.back_mut() {
                segment.last_index = segment.last_index.max(Some(index));
            }
        }
        Record::Vote(vote) => state.vote = Some(vote),
        Record::Truncate(last) => {
            let keep = last.map_or(0, |id| id.index + 1);
            while state
                .slots
                .back()
                .is_some_and(|slot| slot.log_id.index >= keep)
            {
                state.slots.pop_back();
            }
        }
        Record::Purge(upto) => {
            state.purged = state.purged.max(Some(upto));
            // A purge beyond the last entry leaves a hole, after which the log begins anew.
            if state
                .slots
                .back()
                .is_some_and(|slot| slot.log_id.index <= upto.index)
            {
                state.slots.clear();
            }
        }
        Record::Committed(upto) => state.committed = upto,
        Record::Seal => {}
    }
    Ok(())
}

//! How a record lies in a segment.
//!
//! ```text
//! u32 length of the body   u32 crc32c   u64 offset known to be on disk   body   zeroes up to a multiple of 8
//! ```
//! The checksum covers the segment's number, the record's own offset, the length, the known offset and the body, so that a
//! record that was written to a wrong place, or is left over from another file, is not taken for one of this place.

use std::sync::Arc;

use crate::{
    codec::{Malformed, Reader, put_varint},
    command::{Command, Origin, Proposal},
    raft::{CommittedLeaderId, Entry, LogId, Vote},
};

/// Bytes before the body.
pub const HEADER_BYTES: usize = 16;
/// Records begin at multiples of this.
pub const ALIGN: usize = 8;
/// Largest body. Requests are bounded far below it; a length above it is damage.
pub const MAX_BODY_BYTES: usize = 256 << 20;
/// Version of this format.
pub const FORMAT: u8 = 1;

/// The first record of a segment: everything that earlier segments said and that outlives them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Head {
    /// The cluster's id.
    pub cluster_id: u64,
    /// The member's id.
    pub member_id: u64,
    /// The last entry purged.
    pub purged: Option<LogId>,
    /// The vote.
    pub vote: Option<Vote>,
    /// The last entry known to be committed.
    pub committed: Option<LogId>,
}

/// One record.
#[derive(Clone, Debug, PartialEq)]
pub enum Record {
    /// Opens a segment.
    Head(Head),
    /// An entry of the log.
    Entry(Entry),
    /// The vote from here on.
    Vote(Vote),
    /// Entries after this one do not count; `None`: none counts.
    Truncate(Option<LogId>),
    /// Entries up to this one may be gone.
    Purge(LogId),
    /// The last entry known to be committed. A hint: it may be lost.
    Committed(Option<LogId>),
    /// A clean stop: everything before is on disk.
    Seal,
}

const KIND_HEAD: u8 = 1;
const KIND_BLANK: u8 = 2;
const KIND_NORMAL: u8 = 3;
const KIND_MEMBERSHIP: u8 = 4;
const KIND_VOTE: u8 = 5;
const KIND_TRUNCATE: u8 = 6;
const KIND_PURGE: u8 = 7;
const KIND_COMMITTED: u8 = 8;
const KIND_SEAL: u8 = 9;
const KIND_FORWARDED: u8 = 10;

impl Record {
    fn encode(&self, out: &mut Vec<u8>) {
        match self {
            Record::Head(head) => {
                out.extend_from_slice(&[KIND_HEAD, FORMAT]);
                put_varint(out, head.cluster_id);
                put_varint(out, head.member_id);
                put_log_id(out, head.purged);
                put_log_id(out, head.committed);
                match &head.vote {
                    Some(vote) => {
                        out.push(1);
                        put_vote(out, vote);
                    }
                    None => out.push(0),
                }
            }
            Record::Entry(entry) => encode_entry(entry, out),
            Record::Vote(vote) => {
                out.push(KIND_VOTE);
                put_vote(out, vote);
            }
            Record::Truncate(last) => {
                out.push(KIND_TRUNCATE);
                put_log_id(out, *last);
            }
            Record::Purge(upto) => {
                out.push(KIND_PURGE);
                put_log_id(out, Some(*upto));
            }
            Record::Committed(upto) => {
                out.push(KIND_COMMITTED);
                put_log_id(out, *upto);
            }
            Record::Seal => out.push(KIND_SEAL),
        }
    }

    fn decode(body: &[u8]) -> Result<Record, Malformed> {
        let mut reader = Reader::new(body);
        let record = match reader.u8()? {
            KIND_HEAD => {
                if reader.u8()? != FORMAT {
                    return Err(Malformed("format of another version"));
                }
                Record::Head(Head {
                    cluster_id: reader.varint()?,
                    member_id: reader.varint()?,
                    purged: log_id(&mut reader)?,
                    committed: log_id(&mut reader)?,
                    vote: match reader.u8()? {
                        0 => None,
                        _ => Some(vote(&mut reader)?),
                    },
                })
            }
            kind @ (KIND_BLANK | KIND_NORMAL | KIND_MEMBERSHIP | KIND_FORWARDED) => {
                Record::Entry(decode_entry(kind, &mut reader)?)
            }
            KIND_VOTE => Record::Vote(vote(&mut reader)?),
            KIND_TRUNCATE => Record::Truncate(log_id(&mut reader)?),
            KIND_PURGE => {
                Record::Purge(log_id(&mut reader)?.ok_or(Malformed("a purge without an entry"))?)
            }
            KIND_COMMITTED => Record::Committed(log_id(&mut reader)?),
            KIND_SEAL => Record::Seal,
            _ => return Err(Malformed("unknown kind of record")),
        };
        reader.end()?;
        Ok(record)
    }
}

/// Appends an entry as its record's body has it, which is also how it travels to other members.
pub fn encode_entry(entry: &Entry, out: &mut Vec<u8>) {
    use openraft::EntryPayload::{Blank, Membership, Normal};
    out.push(match &entry.payload {
        Blank => KIND_BLANK,
        Normal(Proposal { origin: None, .. }) => KIND_NORMAL,
        Normal(_) => KIND_FORWARDED,
        Membership(_) => KIND_MEMBERSHIP,
    });
    put_varint(out, *entry.log_id.leader_id);
    put_varint(out, entry.log_id.index);
    match &entry.payload {
        Blank => {}
        Normal(Proposal { command, origin }) => {
            if let Some(origin) = origin {
                put_varint(out, origin.member);
                put_varint(out, origin.number);
            }
            command.encode(out);
        }
        // Members change rarely; what a map of numbers and addresses cannot do is fail to become JSON.
        Membership(members) => out.extend(serde_json::to_vec(members).unwrap_or_default()),
    }
}

/// Reads what [`encode_entry`] wrote.
pub fn read_entry(body: &[u8]) -> Result<Entry, Malformed> {
    let mut reader = Reader::new(body);
    let entry = match reader.u8()? {
        kind @ (KIND_BLANK | KIND_NORMAL | KIND_MEMBERSHIP | KIND_FORWARDED) => {
            decode_entry(kind, &mut reader)?
        }
        _ => return Err(Malformed("no entry")),
    };
    reader.end()?;
    Ok(entry)
}

fn decode_entry(kind: u8, reader: &mut Reader<'_>) -> Result<Entry, Malformed> {
    use openraft::EntryPayload::{Blank, Membership, Normal};
    let log_id = LogId {
        leader_id: CommittedLeaderId::new(reader.varint()?),
        index: reader.varint()?,
    };
    let payload = match kind {
        KIND_BLANK => Blank,
        KIND_NORMAL => Normal(Proposal::new(Command::decode(reader)?)),
        KIND_FORWARDED => {
            let origin = Origin {
                member: reader.varint()?,
                number: reader.varint()?,
            };
            let command = Arc::new(Command::decode(reader)?);
            Normal(Proposal {
                command,
                origin: Some(origin),
            })
        }
        _ => {
            let members = serde_json::from_slice(reader.rest())
                .map_err(|_| Malformed("a membership that is no JSON"))?;
            *reader = Reader::new(&[]);
            Membership(members)
        }
    };
    Ok(Entry { log_id, payload })
}

fn put_log_id(out: &mut Vec<u8>, id: Option<LogId>) {
    match id {
        None => out.push(0),
        Some(id) => {
            out.push(1);
            put_varint(out, *id.leader_id);
            put_varint(out, id.index);
        }
    }
}

fn log_id(reader: &mut Reader<'_>) -> Result<Option<LogId>, Malformed> {
    Ok(match reader.u8()? {
        0 => None,
        _ => Some(LogId {
            leader_id: CommittedLeaderId::new(reader.varint()?),
            index: reader.varint()?,
        }),
    })
}

fn put_vote(out: &mut Vec<u8>, vote: &Vote) {
    put_varint(out, vote.leader_id.term);
    put_varint(out, vote.leader_id.voted_for);
    out.push(u8::from(vote.committed));
}

fn vote(reader: &mut Reader<'_>) -> Result<Vote, Malformed> {
    let (term, node) = (reader.varint()?, reader.varint()?);
    Ok(match reader.u8()? {
        0 => Vote::new(term, node),
        _ => Vote::new_committed(term, node),
    })
}

/// Where a record lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The segment's number.
    pub segment: u64,
    /// Offset of the record in its segment, in bytes.
    pub offset: u64,
}

fn checksum(place: Place, header: &[u8], body: &[u8]) -> u32 {
    let mut crc = crc32c::crc32c(&place.segment.to_le_bytes());
    crc = crc32c::crc32c_append(crc, &place.offset.to_le_bytes());
    crc = crc32c::crc32c_append(crc, &header[..4]);
    crc = crc32c::crc32c_append(crc, &header[8..HEADER_BYTES]);
    crc32c::crc32c_append(crc, body)
}

/// Appends a framed record that will lie at `place`. `durable` is the offset known to be on disk. Returns its length in bytes.
pub fn frame(record: &Record, place: Place, durable: u64, out: &mut Vec<u8>) -> usize {
    let start = out.len();
    out.extend_from_slice(&[0; HEADER_BYTES]);
    record.encode(out);
    let body = start + HEADER_BYTES;
    let length = (out.len() - body) as u32;
    out[start..start + 4].copy_from_slice(&length.to_le_bytes());
    out[start + 8..body].copy_from_slice(&durable.to_le_bytes());
    let crc = checksum(place, &out[start..body], &out[body..]);
    out[start + 4..start + 8].copy_from_slice(&crc.to_le_bytes());
    out.resize(start + framed_bytes(length as usize), 0);
    out.len() - start
}

/// Bytes that a record with a body of `body` bytes takes.
pub fn framed_bytes(body: usize) -> usize {
    (HEADER_BYTES + body).next_multiple_of(ALIGN)
}

/// A record that was read.
#[derive(Debug)]
pub struct Framed {
    /// The record.
    pub record: Record,
    /// Bytes it takes, padding included.
    pub bytes: usize,
}

/// The offset that a header says is on disk, if the header could be one at `offset` with `available` bytes from there on.
pub fn claimed_durable(bytes: &[u8]) -> Option<u64> {
    let length = u32::from_le_bytes(bytes.get(..4)?.try_into().ok()?) as usize;
    if length == 0 || length > MAX_BODY_BYTES || framed_bytes(length) > bytes.len() {
        return None;
    }
    Some(u64::from_le_bytes(bytes.get(8..16)?.try_into().ok()?))
}

/// Whether the bytes from here on begin with a record that is whole.
pub fn is_whole(bytes: &[u8], place: Place) -> bool {
    if claimed_durable(bytes).is_none() {
        return false;
    }
    let (header, rest) = bytes.split_at(HEADER_BYTES);
    let length = u32::from_le_bytes([header[0], header[1], header[2], header[3]]) as usize;
    let crc = u32::from_le_bytes([header[4], header[5], header[6], header[7]]);
    checksum(place, header, &rest[..length]) == crc
}

/// Reads the record that `bytes` begin with.
pub fn parse(bytes: &[u8], place: Place) -> Result<Framed, Malformed> {
    if bytes.len() < HEADER_BYTES {
        return Err(Malformed("ends within a header"));
    }
    if claimed_durable(bytes).is_none() {
        return Err(Malformed("a length that cannot be"));
    }
    if !is_whole(bytes, place) {
        return Err(Malformed("checksum mismatch"));
    }
    let length = u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]) as usize;
    let record = Record::decode(&bytes[HEADER_BYTES..HEADER_BYTES + length])?;
    Ok(Framed {
        record,
        bytes: framed_bytes(length),
    })
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use openraft::EntryPayload;

    use super::*;
    use crate::tests::fuzz::{cases, damage, damaged};

    fn id(term: u64, index: u64) -> LogId {
        LogId {
            leader_id: CommittedLeaderId::new(term),
            index,
        }
    }

    fn records() -> Vec<Record> {
        let node = crate::membership::Node {
            peer_urls: vec!["http://127.0.0.1:2380".into()],
            ..Default::default()
        };
        let nodes = BTreeMap::from([(7, node)]);
        let members = crate::raft::Membership::new(vec![BTreeSet::from([7])], nodes).unwrap();
        let entry = |index, payload| {
            Record::Entry(Entry {
                log_id: id(3, index),
                payload,
            })
        };
        let command = Arc::new(Command::LeaseRevoke { id: 5 });
        let forwarded = Proposal {
            command: Arc::clone(&command),
            origin: Some(Origin {
                member: 3,
                number: u64::MAX,
            }),
        };
        vec![
            Record::Head(Head {
                cluster_id: 9,
                member_id: 8,
                purged: Some(id(1, 2)),
                vote: Some(Vote::new_committed(3, 4)),
                committed: None,
            }),
            entry(1, EntryPayload::Blank),
            entry(
                2,
                EntryPayload::Normal(Proposal {
                    command,
                    origin: None,
                }),
            ),
            entry(3, EntryPayload::Membership(members)),
            entry(4, EntryPayload::Normal(forwarded)),
            Record::Vote(Vote::new(4, 5)),
            Record::Truncate(None),
            Record::Truncate(Some(id(2, 2))),
            Record::Purge(id(2, 1)),
            Record::Committed(Some(id(2, 2))),
            Record::Seal,
        ]
    }

    proptest::proptest! {
        #![proptest_config(cases(2_000))]

        /// A body is refused or read, however the checksum came to be right, and what is read is what it says.
        #[test]
        fn any_damage_to_a_body(which in 0usize..11, damage in damage()) {
            let mut body = Vec::new();
            records()[which].encode(&mut body);
            if let Ok(record) = Record::decode(&damaged(&body, &damage)) {
                let mut again = Vec::new();
                record.encode(&mut again);
                proptest::prop_assert_eq!(Record::decode(&again).unwrap(), record);
            }
        }
    }

    #[test]
    fn records_come_back_and_only_from_their_own_place() {
        let place = Place {
            segment: 4,
            offset: 64,
        };
        for record in records() {
            let mut out = Vec::new();
            let bytes = frame(&record, place, 40, &mut out);
            assert_eq!(bytes % ALIGN, 0);
            assert_eq!(claimed_durable(&out), Some(40));
            let framed = parse(&out, place).unwrap();
            assert_eq!((framed.record, framed.bytes), (record, bytes));
            assert!(
                parse(
                    &out,
                    Place {
                        segment: 5,
                        ..place
                    }
                )
                .is_err()
            );
            assert!(
                parse(
                    &out,
                    Place {
                        offset: 72,
                        ..place
                    }
                )
                .is_err()
            );
        }
    }

    #[test]
    fn every_flipped_bit_of_header_and_body_is_found() {
        let place = Place {
            segment: 1,
            offset: 0,
        };
        for record in records() {
            let mut out = Vec::new();
            frame(&record, place, 0, &mut out);
            let body = u32::from_le_bytes(out[..4].try_into().unwrap()) as usize;
            for bit in 0..(HEADER_BYTES + body) * 8 {
                let mut bad = out.clone();
                bad[bit / 8] ^= 1 << (bit % 8);
                assert!(parse(&bad, place).is_err(), "{record:?} bit {bit}");
            }
        }
    }
}

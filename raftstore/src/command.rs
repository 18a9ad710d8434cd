//! What is replicated: the commands that change the state, their form in the log, and what applying them answers.
//!
//! A command must say everything that applying it needs: members apply it at different times and must come to the same state,
//! so nothing here reads a clock or draws a random number.

use std::{fmt, sync::Arc};

use serde::{Deserialize, Serialize};

use crate::{
    Error,
    codec::{Malformed, Reader, put_bytes, put_signed, put_varint},
    rpc::*,
};

/// Deepest nesting of transactions that is decoded; requests are checked against it before they are proposed.
pub const MAX_TXN_DEPTH: usize = 16;

/// One change of the state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Command {
    /// A transaction; puts and deletes are transactions of one operation.
    Txn(TxnRequest),
    /// A new lease.
    LeaseGrant {
        /// Its id.
        id: i64,
        /// Its time to live in seconds.
        ttl: i64,
    },
    /// The end of a lease and of its keys.
    LeaseRevoke {
        /// Its id.
        id: i64,
    },
    /// The end of history before a revision.
    Compact {
        /// The revision.
        revision: i64,
    },
}

/// A command on its way through raft; cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proposal {
    /// The command.
    pub command: Arc<Command>,
    /// Who waits for its being applied, if it came from a member that does not lead.
    pub origin: Option<Origin>,
}

/// Where a forwarded proposal came from. The member that it names gives the answer when it applies the entry itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Origin {
    /// The member.
    pub member: u64,
    /// Its number for the proposal, never used twice, also not by a later run of the same member.
    pub number: u64,
}

impl Proposal {
    /// A proposal of this member's own.
    pub fn new(command: Command) -> Self {
        Proposal {
            command: Arc::new(command),
            origin: None,
        }
    }
}

impl fmt::Display for Proposal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match *self.command {
            Command::Txn(_) => "txn",
            Command::LeaseGrant { .. } => "lease grant",
            Command::LeaseRevoke { .. } => "lease revoke",
            Command::Compact { .. } => "compact",
        })
    }
}

/// Why applying a command changed nothing. Every member refuses alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Refusal {
    /// `ignore_value` or `ignore_lease` without a key.
    KeyNotFound,
    /// The lease does not exist.
    LeaseNotFound,
    /// The lease exists.
    LeaseExist,
    /// The revision is compacted.
    Compacted,
    /// The revision is not reached.
    FutureRev,
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Error {
        match refusal {
            Refusal::KeyNotFound => Error::KeyNotFound,
            Refusal::LeaseNotFound => Error::LeaseNotFound,
            Refusal::LeaseExist => Error::LeaseExist,
            Refusal::Compacted => Error::Compacted,
            Refusal::FutureRev => Error::FutureRev,
        }
    }
}

/// What applying a command answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Reply {
    /// To raft's own entries: nothing.
    Nothing,
    /// To a transaction.
    Txn(Result<TxnResponse, Refusal>),
    /// To everything else: the revision afterwards.
    Done(Result<i64, Refusal>),
}

impl Command {
    /// Appends the command's form in the log.
    pub fn encode(&self, out: &mut Vec<u8>) {
        match self {
            Command::Txn(txn) => {
                out.push(1);
                encode_txn(txn, out);
            }
            Command::LeaseGrant { id, ttl } => {
                out.push(2);
                put_signed(out, *id);
                put_signed(out, *ttl);
            }
            Command::LeaseRevoke { id } => {
                out.push(3);
                put_signed(out, *id);
            }
            Command::Compact { revision } => {
                out.push(4);
                put_signed(out, *revision);
            }
        }
    }

    /// Reads what [`Command::encode`] wrote.
    pub fn decode(reader: &mut Reader<'_>) -> Result<Command, Malformed> {
        Ok(match reader.u8()? {
            1 => Command::Txn(decode_txn(reader, 0)?),
            2 => Command::LeaseGrant {
                id: reader.signed()?,
                ttl: reader.signed()?,
            },
            3 => Command::LeaseRevoke {
                id: reader.signed()?,
            },
            4 => Command::Compact {
                revision: reader.signed()?,
            },
            _ => return Err(Malformed("unknown command")),
        })
    }
}

fn encode_txn(txn: &TxnRequest, out: &mut Vec<u8>) {
    put_varint(out, txn.compare.len() as u64);
    for compare in &txn.compare {
        encode_compare(compare, out);
    }
    for ops in [&txn.success, &txn.failure] {
        put_varint(out, ops.len() as u64);
        for op in ops {
            encode_op(op, out);
        }
    }
}

fn decode_txn(reader: &mut Reader<'_>, depth: usize) -> Result<TxnRequest, Malformed> {
    if depth > MAX_TXN_DEPTH {
        return Err(Malformed("transactions nested too deep"));
    }
    let compare = (0..reader.length()?)
        .map(|_| decode_compare(reader))
        .collect::<Result<_, _>>()?;
    let mut branch = || {
        (0..reader.length()?)
            .map(|_| decode_op(reader, depth))
            .collect::<Result<Vec<_>, _>>()
    };
    Ok(TxnRequest {
        compare,
        success: branch()?,
        failure: branch()?,
    })
}

fn encode_compare(compare: &Compare, out: &mut Vec<u8>) {
    out.push(match compare.result {
        CompareResult::Equal => 0,
        CompareResult::Greater => 1,
        CompareResult::Less => 2,
        CompareResult::NotEqual => 3,
    });
    let (target, number) = match &compare.target {
        CompareTarget::Version(n) => (0, *n),
        CompareTarget::CreateRevision(n) => (1, *n),
        CompareTarget::ModRevision(n) => (2, *n),
        CompareTarget::Value(_) => (3, 0),
        CompareTarget::Lease(n) => (4, *n),
    };
    out.push(target);
    match &compare.target {
        CompareTarget::Value(value) => put_bytes(out, value),
        _ => put_signed(out, number),
    }
    put_bytes(out, &compare.key);
    put_bytes(out, &compare.range_end);
}

fn decode_compare(reader: &mut Reader<'_>) -> Result<Compare, Malformed> {
    let result = match reader.u8()? {
        0 => CompareResult::Equal,
        1 => CompareResult::Greater,
        2 => CompareResult::Less,
        3 => CompareResult::NotEqual,
        _ => return Err(Malformed("unknown compare")),
    };
    let target = match reader.u8()? {
        0 => CompareTarget::Version(reader.signed()?),
        1 => CompareTarget::CreateRevision(reader.signed()?),
        2 => CompareTarget::ModRevision(reader.signed()?),
        3 => CompareTarget::Value(reader.bytes()?),
        4 => CompareTarget::Lease(reader.signed()?),
        _ => return Err(Malformed("unknown compare target")),
    };
    Ok(Compare {
        result,
        target,
        key: reader.bytes()?,
        range_end: reader.bytes()?,
    })
}

fn encode_op(op: &RequestOp, out: &mut Vec<u8>) {
    match op {
        RequestOp::Range(range) => {
            out.push(0);
            encode_range(range, out);
        }
        RequestOp::Put(put) => {
            out.push(1);
            put_bytes(out, &put.key);
            put_bytes(out, &put.value);
            put_signed(out, put.lease);
            out.push(flags(&[put.prev_kv, put.ignore_value, put.ignore_lease]));
        }
        RequestOp::DeleteRange(delete) => {
            out.push(2);
            put_bytes(out, &delete.key);
            put_bytes(out, &delete.range_end);
            out.push(flags(&[delete.prev_kv]));
        }
        RequestOp::Txn(txn) => {
            out.push(3);
            encode_txn(txn, out);
        }
    }
}

fn decode_op(reader: &mut Reader<'_>, depth: usize) -> Result<RequestOp, Malformed> {
    Ok(match reader.u8()? {
        0 => RequestOp::Range(decode_range(reader)?),
        1 => {
            let (key, value, lease) = (reader.bytes()?, reader.bytes()?, reader.signed()?);
            let flags = reader.u8()?;
            RequestOp::Put(PutRequest {
                key,
                value,
                lease,
                prev_kv: flags & 1 != 0,
                ignore_value: flags & 2 != 0,
                ignore_lease: flags & 4 != 0,
            })
        }
        2 => RequestOp::DeleteRange(DeleteRangeRequest {
            key: reader.bytes()?,
            range_end: reader.bytes()?,
            prev_kv: reader.u8()? & 1 != 0,
        }),
        3 => RequestOp::Txn(decode_txn(reader, depth + 1)?),
        _ => return Err(Malformed("unknown operation")),
    })
}

fn encode_range(range: &RangeRequest, out: &mut Vec<u8>) {
    put_bytes(out, &range.key);
    put_bytes(out, &range.range_end);
    put_signed(out, range.limit);
    put_signed(out, range.revision);
    out.push(range.sort_order as u8);
    out.push(range.sort_target as u8);
    out.push(flags(&[
        range.serializable,
        range.keys_only,
        range.count_only,
    ]));
    put_signed(out, range.min_mod_revision);
    put_signed(out, range.max_mod_revision);
    put_signed(out, range.min_create_revision);
    put_signed(out, range.max_create_revision);
}

fn decode_range(reader: &mut Reader<'_>) -> Result<RangeRequest, Malformed> {
    let (key, range_end) = (reader.bytes()?, reader.bytes()?);
    let (limit, revision) = (reader.signed()?, reader.signed()?);
    let sort_order = match reader.u8()? {
        0 => SortOrder::None,
        1 => SortOrder::Ascend,
        2 => SortOrder::Descend,
        _ => return Err(Malformed("unknown sort order")),
    };
    let sort_target = match reader.u8()? {
        0 => SortTarget::Key,
        1 => SortTarget::Version,
        2 => SortTarget::Create,
        3 => SortTarget::Mod,
        4 => SortTarget::Value,
        _ => return Err(Malformed("unknown sort target")),
    };
    let flags = reader.u8()?;
    Ok(RangeRequest {
        key,
        range_end,
        limit,
        revision,
        sort_order,
        sort_target,
        serializable: flags & 1 != 0,
        keys_only: flags & 2 != 0,
        count_only: flags & 4 != 0,
        min_mod_revision: reader.signed()?,
        max_mod_revision: reader.signed()?,
        min_create_revision: reader.signed()?,
        max_create_revision: reader.signed()?,
    })
}

/// Packs booleans, the first into the lowest bit.
fn flags(bits: &[bool]) -> u8 {
    bits.iter()
        .rev()
        .fold(0, |sum, bit| (sum << 1) | u8::from(*bit))
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    fn txn() -> TxnRequest {
        let range = RangeRequest {
            limit: 7,
            revision: -1,
            sort_order: SortOrder::Descend,
            sort_target: SortTarget::Value,
            keys_only: true,
            max_mod_revision: 9,
            ..RangeRequest::prefix("/registry/")
        };
        let put = PutRequest {
            key: Bytes::from_static(b"k"),
            value: Bytes::from_static(b"v"),
            lease: -3,
            prev_kv: true,
            ignore_value: false,
            ignore_lease: true,
        };
        let compare = |target| Compare {
            result: CompareResult::Less,
            target,
            key: Bytes::from_static(b"c"),
            range_end: Bytes::from_static(b"d"),
        };
        TxnRequest {
            compare: vec![
                compare(CompareTarget::Value(Bytes::from_static(b"x"))),
                compare(CompareTarget::Lease(5)),
                compare(CompareTarget::Version(0)),
            ],
            success: vec![
                RequestOp::Put(put),
                RequestOp::Txn(TxnRequest {
                    failure: vec![RequestOp::Range(range)],
                    ..Default::default()
                }),
            ],
            failure: vec![RequestOp::DeleteRange(DeleteRangeRequest {
                key: Bytes::from_static(b"a"),
                range_end: Bytes::from_static(b"\0"),
                prev_kv: true,
            })],
        }
    }

    #[test]
    fn commands_come_back() {
        for command in [
            Command::Txn(txn()),
            Command::LeaseGrant {
                id: i64::MAX,
                ttl: 60,
            },
            Command::LeaseRevoke { id: -1 },
            Command::Compact { revision: 12 },
        ] {
            let mut out = Vec::new();
            command.encode(&mut out);
            let mut reader = Reader::new(&out);
            assert_eq!(Command::decode(&mut reader), Ok(command));
            assert_eq!(reader.end(), Ok(()));
        }
    }

    #[test]
    fn no_prefix_of_a_command_is_a_command_and_none_panics() {
        let mut out = Vec::new();
        Command::Txn(txn()).encode(&mut out);
        for end in 0..out.len() {
            assert!(
                Command::decode(&mut Reader::new(&out[..end])).is_err(),
                "{end}"
            );
        }
    }
}

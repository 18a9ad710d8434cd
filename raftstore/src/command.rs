//! What is replicated: the commands that change the state, their form in the log, and what applying them answers.
//!
//! A command must say everything that applying it needs: members apply it at different times and must come to the same state,
//! so nothing here reads a clock or draws a random number.

use std::{fmt, sync::Arc};

use serde::{Deserialize, Serialize};

use crate::{
    Error,
    alarm::{AlarmKind, AlarmMember},
    auth::{AuthCommand, Caller},
    codec::{Malformed, Reader, put_bytes, put_signed, put_varint},
    membership::roster::Attributes,
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
    /// What is left of leases that live long, so that a new leader does not give them their full time again.
    LeaseCheckpoint(Vec<LeaseCheckpoint>),
    /// An alarm that is raised or put out.
    Alarm {
        /// Raised or put out.
        raise: bool,
        /// The member that the alarm is about.
        member_id: u64,
        /// What is wrong there.
        alarm: AlarmKind,
    },
    /// A change of users, roles and permissions, or a login.
    Auth(AuthCommand),
    /// A command that somebody asked for. A command that is not wrapped so is the store's own.
    For {
        /// Who asked. Checked when the command is applied, against users and roles as they are then.
        caller: Caller,
        /// The command, which is not another one of these.
        command: Box<Command>,
    },
    /// What a member says of itself. It takes no revision.
    Publish {
        /// The member.
        member: u64,
        /// What it says.
        attributes: Attributes,
    },
}

impl Command {
    /// The command with whoever asked for it.
    pub fn on_behalf_of(self, caller: &Caller) -> Command {
        match caller {
            Caller::Internal => self,
            caller => Command::For {
                caller: caller.clone(),
                command: Box::new(self),
            },
        }
    }

    /// Who asked, and for what.
    pub fn parts(&self) -> (&Caller, &Command) {
        match self {
            Command::For { caller, command } => (caller, command),
            command => (&Caller::Internal, command),
        }
    }
}

/// What is left of a lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeaseCheckpoint {
    /// The lease.
    pub id: i64,
    /// Seconds left; 0 says that the lease was renewed and has its full time.
    pub remaining: i64,
}

/// A command on its way through raft, with whoever asked for it; cheap to clone.
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
        f.write_str(match self.command.parts().1 {
            Command::Txn(_) => "txn",
            Command::LeaseGrant { .. } => "lease grant",
            Command::LeaseRevoke { .. } => "lease revoke",
            Command::Compact { .. } => "compact",
            Command::LeaseCheckpoint(_) => "lease checkpoint",
            Command::Alarm { .. } => "alarm",
            Command::Auth(command) => command.name(),
            Command::For { .. } => "command",
            Command::Publish { .. } => "publish",
        })
    }
}

// The first byte of a command. Numbers are never given twice: logs outlive versions of this code.
const KIND_TXN: u8 = 1;
const KIND_LEASE_GRANT: u8 = 2;
const KIND_LEASE_REVOKE: u8 = 3;
const KIND_COMPACT: u8 = 4;
const KIND_LEASE_CHECKPOINT: u8 = 5;
const KIND_ALARM: u8 = 6;
const KIND_AUTH: u8 = 7;
const KIND_PUBLISH: u8 = 8;
const KIND_ANONYMOUS: u8 = 64;
const KIND_USER: u8 = 65;

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
    /// A NOSPACE alarm is raised.
    NoSpace,
    /// A CORRUPT alarm is raised.
    Corrupt,
    /// No `root`.
    RootUserNotExist,
    /// `root` without the role `root`.
    RootRoleNotExist,
    /// The user exists.
    UserAlreadyExist,
    /// No user is named.
    UserEmpty,
    /// The user does not exist.
    UserNotFound,
    /// The role exists.
    RoleAlreadyExist,
    /// The role does not exist.
    RoleNotFound,
    /// No role is named.
    RoleEmpty,
    /// The user cannot log in.
    AuthFailed,
    /// The user may not do that.
    PermissionDenied,
    /// The user does not have the role.
    RoleNotGranted,
    /// The role does not have the permission.
    PermissionNotGranted,
    /// Auth is disabled.
    AuthNotEnabled,
    /// What would lock everybody out, or a range that holds nothing.
    InvalidAuthMgmt,
    /// Auth changed since the caller was known.
    AuthOldRevision,
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Error {
        match refusal {
            Refusal::KeyNotFound => Error::KeyNotFound,
            Refusal::LeaseNotFound => Error::LeaseNotFound,
            Refusal::LeaseExist => Error::LeaseExist,
            Refusal::Compacted => Error::Compacted,
            Refusal::FutureRev => Error::FutureRev,
            Refusal::NoSpace => Error::NoSpace,
            Refusal::Corrupt => Error::CorruptCluster,
            Refusal::RootUserNotExist => Error::RootUserNotExist,
            Refusal::RootRoleNotExist => Error::RootRoleNotExist,
            Refusal::UserAlreadyExist => Error::UserAlreadyExist,
            Refusal::UserEmpty => Error::UserEmpty,
            Refusal::UserNotFound => Error::UserNotFound,
            Refusal::RoleAlreadyExist => Error::RoleAlreadyExist,
            Refusal::RoleNotFound => Error::RoleNotFound,
            Refusal::RoleEmpty => Error::RoleEmpty,
            Refusal::AuthFailed => Error::AuthFailed,
            Refusal::PermissionDenied => Error::PermissionDenied,
            Refusal::RoleNotGranted => Error::RoleNotGranted,
            Refusal::PermissionNotGranted => Error::PermissionNotGranted,
            Refusal::AuthNotEnabled => Error::AuthNotEnabled,
            Refusal::InvalidAuthMgmt => Error::InvalidAuthMgmt,
            Refusal::AuthOldRevision => Error::AuthOldRevision,
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
    /// To an alarm: what changed, if something did.
    Alarm(Vec<AlarmMember>),
    /// To a login.
    Login(Result<Login, Refusal>),
}

impl Reply {
    /// Whether it says why something was not done.
    pub fn is_refusal(&self) -> bool {
        matches!(
            self,
            Reply::Txn(Err(_)) | Reply::Done(Err(_)) | Reply::Login(Err(_))
        )
    }
}

/// A login that succeeded: what a token says of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Login {
    /// The index of the entry, which makes a simple token unique.
    pub index: u64,
    /// The revision of users and roles.
    pub auth_revision: u64,
    /// The revision of the store.
    pub revision: i64,
}

impl Command {
    /// Appends the command's form in the log.
    pub fn encode(&self, out: &mut Vec<u8>) {
        match self {
            Command::Txn(txn) => {
                out.push(KIND_TXN);
                encode_txn(txn, out);
            }
            Command::LeaseGrant { id, ttl } => {
                out.push(KIND_LEASE_GRANT);
                put_signed(out, *id);
                put_signed(out, *ttl);
            }
            Command::LeaseRevoke { id } => {
                out.push(KIND_LEASE_REVOKE);
                put_signed(out, *id);
            }
            Command::Compact { revision } => {
                out.push(KIND_COMPACT);
                put_signed(out, *revision);
            }
            Command::LeaseCheckpoint(checkpoints) => {
                out.push(KIND_LEASE_CHECKPOINT);
                put_varint(out, checkpoints.len() as u64);
                for checkpoint in checkpoints {
                    put_signed(out, checkpoint.id);
                    put_signed(out, checkpoint.remaining);
                }
            }
            Command::Alarm {
                raise,
                member_id,
                alarm,
            } => {
                out.extend_from_slice(&[KIND_ALARM, u8::from(*raise), alarm.number()]);
                put_varint(out, *member_id);
            }
            Command::Auth(command) => {
                out.push(KIND_AUTH);
                command.encode(out);
            }
            Command::For { caller, command } => {
                match caller {
                    Caller::Internal => {}
                    Caller::Anonymous => out.push(KIND_ANONYMOUS),
                    Caller::User { name, revision } => {
                        out.push(KIND_USER);
                        put_bytes(out, name.as_bytes());
                        put_varint(out, *revision);
                    }
                }
                command.encode(out);
            }
            Command::Publish { member, attributes } => {
                out.push(KIND_PUBLISH);
                put_varint(out, *member);
                put_varint(out, attributes.disk);
                put_bytes(out, attributes.name.as_bytes());
                put_varint(out, attributes.client_urls.len() as u64);
                for url in &attributes.client_urls {
                    put_bytes(out, url.as_bytes());
                }
            }
        }
    }

    /// Reads what [`Command::encode`] wrote.
    pub fn decode(reader: &mut Reader<'_>) -> Result<Command, Malformed> {
        let caller = match reader.peek()? {
            KIND_ANONYMOUS => {
                reader.u8()?;
                Caller::Anonymous
            }
            KIND_USER => {
                reader.u8()?;
                Caller::User {
                    name: reader.str()?.into(),
                    revision: reader.varint()?,
                }
            }
            _ => Caller::Internal,
        };
        Ok(Command::decode_bare(reader)?.on_behalf_of(&caller))
    }

    fn decode_bare(reader: &mut Reader<'_>) -> Result<Command, Malformed> {
        Ok(match reader.u8()? {
            KIND_TXN => Command::Txn(decode_txn(reader, 0)?),
            KIND_LEASE_GRANT => Command::LeaseGrant {
                id: reader.signed()?,
                ttl: reader.signed()?,
            },
            KIND_LEASE_REVOKE => Command::LeaseRevoke {
                id: reader.signed()?,
            },
            KIND_COMPACT => Command::Compact {
                revision: reader.signed()?,
            },
            KIND_LEASE_CHECKPOINT => {
                let checkpoints = (0..reader.length()?).map(|_| {
                    Ok(LeaseCheckpoint {
                        id: reader.signed()?,
                        remaining: reader.signed()?,
                    })
                });
                Command::LeaseCheckpoint(checkpoints.collect::<Result<_, _>>()?)
            }
            KIND_ALARM => Command::Alarm {
                raise: reader.u8()? != 0,
                alarm: AlarmKind::from_number(reader.u8()?).ok_or(Malformed("unknown alarm"))?,
                member_id: reader.varint()?,
            },
            KIND_AUTH => Command::Auth(AuthCommand::decode(reader)?),
            KIND_PUBLISH => {
                let (member, disk) = (reader.varint()?, reader.varint()?);
                let name = text(reader)?;
                let mut client_urls = Vec::new();
                for _ in 0..reader.length()? {
                    client_urls.push(text(reader)?);
                }
                Command::Publish {
                    member,
                    attributes: Attributes {
                        name,
                        client_urls,
                        disk,
                    },
                }
            }
            _ => return Err(Malformed("unknown command")),
        })
    }
}

fn text(reader: &mut Reader<'_>) -> Result<String, Malformed> {
    String::from_utf8(reader.slice()?.to_vec()).map_err(|_| Malformed("text that is none"))
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
mod tests;

//! What each command does to the key space.
//!
//! A transaction is decided before it is begun: all compares, those of nested transactions too, are evaluated on the state
//! before, and every operation of the chosen branches is checked. Only then is anything written, so a refusal changes nothing.

use std::sync::Arc;

use super::{
    Change, Values,
    range::{check_revision, find},
    space::{Lease, Space, Writer},
    version::Item,
};
use crate::{
    Error,
    command::{Command, Refusal, Reply},
    rpc::*,
};

/// What a command did.
#[derive(Debug)]
pub struct Applied {
    /// The answer.
    pub reply: Reply,
    /// What it changed, if it changed something.
    pub change: Option<Arc<Change>>,
}

impl Applied {
    fn done(reply: Result<i64, Refusal>) -> Applied {
        Applied {
            reply: Reply::Done(reply),
            change: None,
        }
    }
}

/// Does a command. An error is the disk's, and ends the member: the command is committed and must be done.
pub fn apply(
    space: &mut Space,
    command: &Command,
    values: &dyn Values,
    header: ResponseHeader,
) -> Result<Applied, Error> {
    Ok(match command {
        Command::Txn(txn) => match apply_txn(space, txn, values, header)? {
            Ok((response, change)) => Applied {
                reply: Reply::Txn(Ok(response)),
                change,
            },
            Err(refusal) => Applied {
                reply: Reply::Txn(Err(refusal)),
                change: None,
            },
        },
        Command::LeaseGrant { id, ttl } => {
            let revision = space.revision;
            Applied::done(match space.leases.entry(*id) {
                std::collections::btree_map::Entry::Occupied(_) => Err(Refusal::LeaseExist),
                std::collections::btree_map::Entry::Vacant(vacant) => {
                    vacant.insert(Lease {
                        ttl: *ttl,
                        ..Default::default()
                    });
                    Ok(revision)
                }
            })
        }
        Command::LeaseRevoke { id } => revoke(space, *id, values)?,
        Command::Compact { revision } => {
            let result = space.compact(*revision);
            Applied::done(result.map(|()| space.revision))
        }
        Command::LeaseCheckpoint(checkpoints) => {
            for checkpoint in checkpoints {
                // One that ended meanwhile needs nothing.
                if let Some(lease) = space.leases.get_mut(&checkpoint.id) {
                    lease.remaining = checkpoint.remaining.clamp(0, lease.ttl);
                }
            }
            Applied::done(Ok(space.revision))
        }
        Command::Alarm { .. } | Command::Auth(_) | Command::For { .. } => {
            return Err(Error::Internal(
                "a command that is none of keys and leases".into(),
            ));
        }
        // What members say of themselves is no part of the key space.
        Command::Publish { .. } => Applied::done(Ok(space.revision)),
    })
}

fn revoke(space: &mut Space, id: i64, values: &dyn Values) -> Result<Applied, Error> {
    let Some(lease) = space.leases.get(&id) else {
        return Ok(Applied::done(Err(Refusal::LeaseNotFound)));
    };
    let keys = lease.keys.clone();
    let mut writer = space.writer(values);
    for key in &keys {
        writer.delete(key)?;
    }
    let change = writer.finish();
    space.leases.remove(&id);
    Ok(Applied {
        reply: Reply::Done(Ok(space.revision)),
        change,
    })
}

/// A transaction with its compares decided.
struct Chosen<'a> {
    succeeded: bool,
    ops: &'a [RequestOp],
    /// The nested transactions among `ops`, in order.
    nested: Vec<Chosen<'a>>,
}

/// The answer to a transaction, and what it changed.
type Done = (TxnResponse, Option<Arc<Change>>);

/// Does a transaction, or says why it must not be done.
fn apply_txn(
    space: &mut Space,
    txn: &TxnRequest,
    values: &dyn Values,
    header: ResponseHeader,
) -> Result<Result<Done, Refusal>, Error> {
    let chosen = choose(space, txn, values)?;
    if let Err(refusal) = check(space, &chosen) {
        return Ok(Err(refusal));
    }
    let mut writer = space.writer(values);
    let mut response = run(&mut writer, &chosen)?;
    let change = writer.finish();
    response.header = ResponseHeader {
        revision: space.revision,
        ..header
    };
    Ok(Ok((response, change)))
}

/// Does a transaction that only reads, on a space that others read too.
pub fn read_only(
    space: &Space,
    txn: &TxnRequest,
    values: &dyn Values,
    header: ResponseHeader,
) -> Result<TxnResponse, Error> {
    let chosen = choose(space, txn, values)?;
    check(space, &chosen)?;
    let mut response = read(space, &chosen, values)?;
    response.header = ResponseHeader {
        revision: space.revision,
        ..header
    };
    Ok(response)
}

/// Whether a transaction only reads, whichever way its compares fall.
pub fn only_reads(txn: &TxnRequest) -> bool {
    txn.success.iter().chain(&txn.failure).all(|op| match op {
        RequestOp::Range(_) => true,
        RequestOp::Txn(nested) => only_reads(nested),
        RequestOp::Put(_) | RequestOp::DeleteRange(_) => false,
    })
}

/// Whether a transaction that only reads does with this member's state: every range in it says so.
pub fn is_serializable(txn: &TxnRequest) -> bool {
    txn.success.iter().chain(&txn.failure).all(|op| match op {
        RequestOp::Range(range) => range.serializable,
        RequestOp::Txn(nested) => is_serializable(nested),
        RequestOp::Put(_) | RequestOp::DeleteRange(_) => false,
    })
}

fn choose<'a>(
    space: &Space,
    txn: &'a TxnRequest,
    values: &dyn Values,
) -> Result<Chosen<'a>, Error> {
    let mut succeeded = true;
    for compare in &txn.compare {
        if !holds(space, compare, values)? {
            succeeded = false;
            break;
        }
    }
    let ops = if succeeded {
        &txn.success
    } else {
        &txn.failure
    };
    let nested = ops
        .iter()
        .filter_map(|op| match op {
            RequestOp::Txn(nested) => Some(choose(space, nested, values)),
            _ => None,
        })
        .collect::<Result<_, _>>()?;
    Ok(Chosen {
        succeeded,
        ops,
        nested,
    })
}

/// Whether a compare holds for every key of its range. A range without keys is compared as a key that does not exist.
fn holds(space: &Space, compare: &Compare, values: &dyn Values) -> Result<bool, Error> {
    let mut any = false;
    let mut result = Ok(true);
    space.visit(
        &compare.key,
        &compare.range_end,
        i64::MAX,
        |key, version| {
            any = true;
            if let Some(item) = Item::of(key, version) {
                result = holds_for(&item, compare, values);
            }
            matches!(result, Ok(true))
        },
    );
    if any {
        return result;
    }
    Ok(match &compare.target {
        CompareTarget::Value(_) => false,
        CompareTarget::Version(n)
        | CompareTarget::CreateRevision(n)
        | CompareTarget::ModRevision(n)
        | CompareTarget::Lease(n) => relates(&0, n, compare.result),
    })
}

fn holds_for(item: &Item, compare: &Compare, values: &dyn Values) -> Result<bool, Error> {
    let number = |stored: i64, given: &i64| relates(&stored, given, compare.result);
    Ok(match &compare.target {
        CompareTarget::Version(n) => number(item.version(), n),
        CompareTarget::CreateRevision(n) => number(item.create_revision(), n),
        CompareTarget::ModRevision(n) => number(item.mod_revision(), n),
        CompareTarget::Lease(n) => number(item.lease(), n),
        CompareTarget::Value(value) => match item {
            Item::Hot(kv) => relates(&kv.value, value, compare.result),
            Item::Cold { rev, .. } => relates(&values.value(*rev)?, value, compare.result),
        },
    })
}

fn relates<T: Ord>(stored: &T, given: &T, result: CompareResult) -> bool {
    match result {
        CompareResult::Equal => stored == given,
        CompareResult::NotEqual => stored != given,
        CompareResult::Greater => stored > given,
        CompareResult::Less => stored < given,
    }
}

/// Checks every operation that will be done.
fn check(space: &Space, chosen: &Chosen<'_>) -> Result<(), Refusal> {
    for op in chosen.ops {
        match op {
            RequestOp::Range(range) => {
                check_revision(space, range.revision, space.revision)?;
            }
            RequestOp::Put(put) => {
                if (put.ignore_value || put.ignore_lease) && space.latest(&put.key).is_none() {
                    return Err(Refusal::KeyNotFound);
                }
                if put.lease != 0 && !space.leases.contains_key(&put.lease) {
                    return Err(Refusal::LeaseNotFound);
                }
            }
            RequestOp::DeleteRange(_) | RequestOp::Txn(_) => {}
        }
    }
    chosen
        .nested
        .iter()
        .try_for_each(|nested| check(space, nested))
}

/// The header inside a transaction: the revision alone, as in etcd.
fn inner(revision: i64) -> ResponseHeader {
    ResponseHeader {
        revision,
        ..Default::default()
    }
}

fn run(writer: &mut Writer<'_>, chosen: &Chosen<'_>) -> Result<TxnResponse, Error> {
    let mut nested = chosen.nested.iter();
    let mut responses = Vec::with_capacity(chosen.ops.len());
    for op in chosen.ops {
        responses.push(match op {
            RequestOp::Range(range) => {
                let revision = writer.revision();
                let found = find(writer.space, range, revision)?;
                ResponseOp::Range(found.finish(inner(revision), writer.values(), |_| {})?)
            }
            RequestOp::Put(put) => ResponseOp::Put(run_put(writer, put)?),
            RequestOp::DeleteRange(delete) => ResponseOp::DeleteRange(run_delete(writer, delete)?),
            RequestOp::Txn(_) => match nested.next() {
                Some(nested) => ResponseOp::Txn(run(writer, nested)?),
                None => continue,
            },
        });
    }
    Ok(TxnResponse {
        header: inner(writer.revision()),
        succeeded: chosen.succeeded,
        responses,
    })
}

fn run_put(writer: &mut Writer<'_>, put: &PutRequest) -> Result<PutResponse, Error> {
    let before = if put.ignore_value || put.ignore_lease {
        writer.get(&put.key)?
    } else {
        None
    };
    let (mut value, mut lease) = (put.value.clone(), put.lease);
    if let Some(before) = &before {
        if put.ignore_value {
            value = before.value.clone();
        }
        if put.ignore_lease {
            lease = before.lease;
        }
    }
    let before = writer.put(&put.key, value, lease)?;
    Ok(PutResponse {
        header: inner(writer.revision()),
        prev_kv: before.filter(|_| put.prev_kv),
    })
}

fn run_delete(
    writer: &mut Writer<'_>,
    delete: &DeleteRangeRequest,
) -> Result<DeleteRangeResponse, Error> {
    let mut keys = Vec::new();
    writer
        .space
        .visit(&delete.key, &delete.range_end, i64::MAX, |key, _| {
            keys.push(key.clone());
            true
        });
    let mut response = DeleteRangeResponse::default();
    for key in keys {
        if let Some(before) = writer.delete(&key)? {
            response.deleted += 1;
            if delete.prev_kv {
                response.prev_kvs.push(before);
            }
        }
    }
    response.header = inner(writer.revision());
    Ok(response)
}

fn read(space: &Space, chosen: &Chosen<'_>, values: &dyn Values) -> Result<TxnResponse, Error> {
    let mut nested = chosen.nested.iter();
    let mut responses = Vec::with_capacity(chosen.ops.len());
    for op in chosen.ops {
        match op {
            RequestOp::Range(range) => {
                let found = find(space, range, space.revision)?;
                let answer = found.finish(inner(space.revision), values, |_| {})?;
                responses.push(ResponseOp::Range(answer));
            }
            RequestOp::Txn(_) => {
                if let Some(nested) = nested.next() {
                    responses.push(ResponseOp::Txn(read(space, nested, values)?));
                }
            }
            RequestOp::Put(_) | RequestOp::DeleteRange(_) => {}
        }
    }
    Ok(TxnResponse {
        header: inner(space.revision),
        succeeded: chosen.succeeded,
        responses,
    })
}

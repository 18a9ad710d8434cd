//! The requests in etcd's log as our commands, for those that its database does not hold yet.
//!
//! Everything that changes etcd's state through its log is here; what changes nothing (reads, logins, what a member says of itself
//! and of its version) is no command at all. The one confusing thing is who asked: etcd writes a user's name beside a request only
//! while auth is enabled, and leaves it out where the server itself asks, which is then the store's own request here too.

use base64::prelude::{BASE64_STANDARD, Engine as _};
use bytes::Bytes;
use hydrofoil_etcd_wire::{
    etcdserverpb::{
        self as wire,
        compare::{CompareResult, CompareTarget, TargetUnion},
        range_request::{SortOrder, SortTarget},
        request_op::Request as WireOp,
    },
    files::{InternalRaftRequest, RequestHeader},
};
use prost::Message;

use crate::{
    alarm::AlarmKind,
    auth::{AuthCommand, Caller, PasswordHash, Permission, PermissionKind, password},
    command::{self, Command, MAX_TXN_DEPTH},
    rpc,
};

/// Number of the action in an alarm's request that raises it.
const ACTIVATE: i32 = 1;
/// Number of the one that puts it out.
const DEACTIVATE: i32 = 2;

/// What an entry's data asks for. `None`: nothing that changes the state.
///
/// # Errors
/// What is wrong with it.
pub fn command(data: &Bytes) -> Result<Option<Command>, &'static str> {
    // etcd itself tells the older form of a request, which members of 3.5 publish themselves in, by its not being the newer one.
    let Ok(request) = InternalRaftRequest::decode(data.clone()) else {
        return wire::Request::decode(data.clone())
            .map(|_| None)
            .map_err(|_| "it is no request");
    };
    let header = request.header.clone().unwrap_or_default();
    if let Some(command) = of_keys(&request)? {
        return Ok(Some(
            command.on_behalf_of(&caller(&header, Caller::Anonymous)),
        ));
    }
    if let Some(command) = of_the_server(&request)? {
        return Ok(Some(
            command.on_behalf_of(&caller(&header, Caller::Internal)),
        ));
    }
    let auth = of_auth(&request)?.map(Command::Auth);
    Ok(auth.map(|command| command.on_behalf_of(&caller(&header, Caller::Anonymous))))
}

fn caller(header: &RequestHeader, nobody: Caller) -> Caller {
    if header.username.is_empty() {
        return nobody;
    }
    Caller::User {
        name: header.username.as_str().into(),
        revision: header.auth_revision,
    }
}

/// What only clients ask for.
fn of_keys(request: &InternalRaftRequest) -> Result<Option<Command>, &'static str> {
    let one = |op| {
        Command::Txn(rpc::TxnRequest {
            success: vec![op],
            ..Default::default()
        })
    };
    Ok(if let Some(put) = &request.put {
        Some(one(rpc::RequestOp::Put(self::put(put))))
    } else if let Some(delete) = &request.delete_range {
        Some(one(rpc::RequestOp::DeleteRange(delete_range(delete))))
    } else if let Some(txn) = &request.txn {
        Some(Command::Txn(self::txn(txn, 0)?))
    } else {
        request
            .lease_grant
            .as_ref()
            .map(|lease| Command::LeaseGrant {
                id: lease.id,
                ttl: lease.ttl,
            })
    })
}

/// What the server asks for by itself as well.
fn of_the_server(request: &InternalRaftRequest) -> Result<Option<Command>, &'static str> {
    if let Some(lease) = &request.lease_revoke {
        return Ok(Some(Command::LeaseRevoke { id: lease.id }));
    }
    if let Some(compaction) = &request.compaction {
        let revision = compaction.revision;
        return Ok(Some(Command::Compact { revision }));
    }
    if let Some(checkpoints) = &request.lease_checkpoint {
        let checkpoints = checkpoints.checkpoints.iter();
        let checkpoints = checkpoints.map(|checkpoint| command::LeaseCheckpoint {
            id: checkpoint.id,
            remaining: checkpoint.remaining_ttl,
        });
        return Ok(Some(Command::LeaseCheckpoint(checkpoints.collect())));
    }
    let Some(alarm) = &request.alarm else {
        return Ok(None);
    };
    let raise = match alarm.action {
        ACTIVATE => true,
        DEACTIVATE => false,
        _ => return Ok(None),
    };
    let kind = u8::try_from(alarm.alarm).map_err(|_| "an unknown alarm")?;
    Ok(
        AlarmKind::from_number(kind).map(|alarm_kind| Command::Alarm {
            raise,
            member_id: alarm.member_id,
            alarm: alarm_kind,
        }),
    )
}

fn of_auth(request: &InternalRaftRequest) -> Result<Option<AuthCommand>, &'static str> {
    if request.auth_enable.is_some() {
        return Ok(Some(AuthCommand::Enable));
    }
    if request.auth_disable.is_some() {
        return Ok(Some(AuthCommand::Disable));
    }
    if let Some(add) = &request.auth_user_add {
        let no_password = add.options.as_ref().is_some_and(|o| o.no_password);
        return Ok(Some(AuthCommand::UserAdd {
            name: add.name.clone(),
            password: if no_password {
                PasswordHash::default()
            } else {
                hash(&add.hashed_password, &add.password)?
            },
            no_password,
        }));
    }
    if let Some(change) = &request.auth_user_change_password {
        return Ok(Some(AuthCommand::UserChangePassword {
            name: change.name.clone(),
            password: hash(&change.hashed_password, &change.password)?,
        }));
    }
    if let Some(grant) = &request.auth_role_grant_permission {
        let permission = grant.perm.clone().ok_or("a permission that is none")?;
        let kind = u8::try_from(permission.perm_type).ok();
        return Ok(Some(AuthCommand::RoleGrantPermission {
            role: grant.name.clone(),
            permission: Permission {
                kind: kind
                    .and_then(PermissionKind::from_number)
                    .ok_or("a permission of an unknown kind")?,
                key: owned(&permission.key),
                range_end: owned(&permission.range_end),
            },
        }));
    }
    Ok(of_names(request))
}

/// Changes of users and roles that say names alone.
fn of_names(request: &InternalRaftRequest) -> Option<AuthCommand> {
    if let Some(delete) = &request.auth_user_delete {
        let name = delete.name.clone();
        return Some(AuthCommand::UserDelete { name });
    }
    if let Some(grant) = &request.auth_user_grant_role {
        let (user, role) = (grant.user.clone(), grant.role.clone());
        return Some(AuthCommand::UserGrantRole { user, role });
    }
    if let Some(revoke) = &request.auth_user_revoke_role {
        let (user, role) = (revoke.name.clone(), revoke.role.clone());
        return Some(AuthCommand::UserRevokeRole { user, role });
    }
    if let Some(add) = &request.auth_role_add {
        let name = add.name.clone();
        return Some(AuthCommand::RoleAdd { name });
    }
    if let Some(delete) = &request.auth_role_delete {
        let role = delete.role.clone();
        return Some(AuthCommand::RoleDelete { role });
    }
    let revoke = request.auth_role_revoke_permission.as_ref()?;
    Some(AuthCommand::RoleRevokePermission {
        role: revoke.role.clone(),
        key: owned(&revoke.key),
        range_end: owned(&revoke.range_end),
    })
}

/// A password's hash: members of 3.5 write it, older ones wrote the password itself.
fn hash(hashed: &str, password: &str) -> Result<PasswordHash, &'static str> {
    if !hashed.is_empty() || password.is_empty() {
        let bytes = BASE64_STANDARD.decode(hashed);
        return bytes
            .map(PasswordHash::from_bytes)
            .map_err(|_| "a password's hash that is no base64");
    }
    PasswordHash::of(&password.into(), password::DEFAULT_COST)
        .map_err(|_| "a password that cannot be hashed")
}

/// Bytes in memory of their own: an entry's buffer is not kept for a key.
fn owned(bytes: &Bytes) -> Bytes {
    Bytes::copy_from_slice(bytes)
}

fn put(put: &wire::PutRequest) -> rpc::PutRequest {
    rpc::PutRequest {
        key: owned(&put.key),
        value: owned(&put.value),
        lease: put.lease,
        prev_kv: put.prev_kv,
        ignore_value: put.ignore_value,
        ignore_lease: put.ignore_lease,
    }
}

fn delete_range(delete: &wire::DeleteRangeRequest) -> rpc::DeleteRangeRequest {
    rpc::DeleteRangeRequest {
        key: owned(&delete.key),
        range_end: owned(&delete.range_end),
        prev_kv: delete.prev_kv,
    }
}

fn txn(txn: &wire::TxnRequest, depth: usize) -> Result<rpc::TxnRequest, &'static str> {
    if depth >= MAX_TXN_DEPTH {
        return Err("transactions in transactions deeper than are taken");
    }
    let ops = |ops: &[wire::RequestOp]| -> Result<Vec<_>, &'static str> {
        ops.iter().map(|op| request_op(op, depth)).collect()
    };
    Ok(rpc::TxnRequest {
        compare: txn.compare.iter().map(compare).collect::<Result<_, _>>()?,
        success: ops(&txn.success)?,
        failure: ops(&txn.failure)?,
    })
}

fn request_op(op: &wire::RequestOp, depth: usize) -> Result<rpc::RequestOp, &'static str> {
    Ok(match &op.request {
        Some(WireOp::RequestRange(range)) => rpc::RequestOp::Range(self::range(range)?),
        Some(WireOp::RequestPut(put)) => rpc::RequestOp::Put(self::put(put)),
        Some(WireOp::RequestDeleteRange(delete)) => {
            rpc::RequestOp::DeleteRange(delete_range(delete))
        }
        Some(WireOp::RequestTxn(inner)) => rpc::RequestOp::Txn(txn(inner, depth + 1)?),
        None => return Err("an operation that is none"),
    })
}

/// A read in a transaction changes nothing, but one of a revision that is gone fails the whole.
fn range(range: &wire::RangeRequest) -> Result<rpc::RangeRequest, &'static str> {
    let unknown = |_| "an unknown order";
    Ok(rpc::RangeRequest {
        key: owned(&range.key),
        range_end: owned(&range.range_end),
        limit: range.limit,
        revision: range.revision,
        sort_order: match SortOrder::try_from(range.sort_order).map_err(unknown)? {
            SortOrder::None => rpc::SortOrder::None,
            SortOrder::Ascend => rpc::SortOrder::Ascend,
            SortOrder::Descend => rpc::SortOrder::Descend,
        },
        sort_target: match SortTarget::try_from(range.sort_target).map_err(unknown)? {
            SortTarget::Key => rpc::SortTarget::Key,
            SortTarget::Version => rpc::SortTarget::Version,
            SortTarget::Create => rpc::SortTarget::Create,
            SortTarget::Mod => rpc::SortTarget::Mod,
            SortTarget::Value => rpc::SortTarget::Value,
        },
        serializable: range.serializable,
        keys_only: range.keys_only,
        count_only: range.count_only,
        min_mod_revision: range.min_mod_revision,
        max_mod_revision: range.max_mod_revision,
        min_create_revision: range.min_create_revision,
        max_create_revision: range.max_create_revision,
    })
}

/// What is compared is what the target says; a value of another kind than it counts as none.
fn compare(compare: &wire::Compare) -> Result<rpc::Compare, &'static str> {
    use rpc::CompareTarget as Ours;
    let result = CompareResult::try_from(compare.result).map_err(|_| "an unknown comparison")?;
    let target = CompareTarget::try_from(compare.target).map_err(|_| "an unknown comparison")?;
    let union = compare.target_union.as_ref();
    let target = match (target, union) {
        (CompareTarget::Version, Some(TargetUnion::Version(n))) => Ours::Version(*n),
        (CompareTarget::Version, _) => Ours::Version(0),
        (CompareTarget::Create, Some(TargetUnion::CreateRevision(n))) => Ours::CreateRevision(*n),
        (CompareTarget::Create, _) => Ours::CreateRevision(0),
        (CompareTarget::Mod, Some(TargetUnion::ModRevision(n))) => Ours::ModRevision(*n),
        (CompareTarget::Mod, _) => Ours::ModRevision(0),
        (CompareTarget::Value, Some(TargetUnion::Value(value))) => Ours::Value(owned(value)),
        (CompareTarget::Value, _) => Ours::Value(Bytes::new()),
        (CompareTarget::Lease, Some(TargetUnion::Lease(id))) => Ours::Lease(*id),
        (CompareTarget::Lease, _) => Ours::Lease(0),
    };
    Ok(rpc::Compare {
        result: match result {
            CompareResult::Equal => rpc::CompareResult::Equal,
            CompareResult::Greater => rpc::CompareResult::Greater,
            CompareResult::Less => rpc::CompareResult::Less,
            CompareResult::NotEqual => rpc::CompareResult::NotEqual,
        },
        target,
        key: owned(&compare.key),
        range_end: owned(&compare.range_end),
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(request: InternalRaftRequest) -> Option<Command> {
        command(&request.encode_to_vec().into()).unwrap()
    }

    #[test]
    fn who_asked_is_known_by_name_or_is_nobody_or_the_server() {
        let header = |username: &str| {
            Some(RequestHeader {
                id: 1,
                username: username.into(),
                auth_revision: 7,
            })
        };
        let put = |username| InternalRaftRequest {
            header: header(username),
            put: Some(wire::PutRequest::default()),
            ..Default::default()
        };
        let ann = Caller::User {
            name: "ann".into(),
            revision: 7,
        };
        assert_eq!(read(put("ann")).unwrap().parts().0, &ann);
        assert_eq!(read(put("")).unwrap().parts().0, &Caller::Anonymous);
        let compaction = InternalRaftRequest {
            header: header(""),
            compaction: Some(wire::CompactionRequest {
                revision: 5,
                physical: true,
            }),
            ..Default::default()
        };
        assert_eq!(read(compaction), Some(Command::Compact { revision: 5 }));
    }

    #[test]
    fn what_changes_nothing_is_no_command() {
        let range = InternalRaftRequest {
            range: Some(wire::RangeRequest::default()),
            ..Default::default()
        };
        assert_eq!(read(range), None);
        let published = wire::Request {
            method: "PUT".into(),
            path: "/0/members/8e9e05c52164694d/attributes".into(),
            val: "{\"name\":\"default\"}".into(),
            ..Default::default()
        };
        assert_eq!(command(&published.encode_to_vec().into()), Ok(None));
    }

    proptest! {
        #![proptest_config(crate::tests::fuzz::cases(500))]
        #[test]
        fn any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
            drop(command(&bytes.into()));
        }
    }
}

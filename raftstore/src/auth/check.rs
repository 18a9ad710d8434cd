//! What each request needs, and whether its caller has it. Asked when a command is applied, and before a local read is answered.
//!
//! The order of the checks, and so which error a client sees, is etcd's.

use std::collections::BTreeMap;

use bytes::Bytes;

use super::{AuthCommand, Caller, ROOT, state::AuthState};
use crate::{
    command::{Command, Refusal},
    mvcc::space::Lease,
    rpc::*,
};

/// The leases, whose keys a put or a revocation touches.
pub type Leases = BTreeMap<i64, Lease>;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Need {
    Read,
    Write,
}

impl AuthState {
    /// Whether the caller may read a range.
    pub fn may_read(&self, caller: &Caller, key: &Bytes, range_end: &Bytes) -> Result<(), Refusal> {
        self.may(caller, key, range_end, Need::Read)
    }

    /// Whether the caller may write a range.
    pub fn may_write(
        &self,
        caller: &Caller,
        key: &Bytes,
        range_end: &Bytes,
    ) -> Result<(), Refusal> {
        self.may(caller, key, range_end, Need::Write)
    }

    fn may(
        &self,
        caller: &Caller,
        key: &Bytes,
        range_end: &Bytes,
        need: Need,
    ) -> Result<(), Refusal> {
        let (name, revision) = match caller {
            _ if !self.enabled => return Ok(()),
            Caller::Internal => return Ok(()),
            Caller::Anonymous => return Err(Refusal::UserEmpty),
            Caller::User { name, revision } => (&**name, *revision),
        };
        if revision < self.revision {
            return Err(Refusal::AuthOldRevision);
        }
        let user = self.users.get(name).ok_or(Refusal::PermissionDenied)?;
        if user.has_role(ROOT) {
            return Ok(());
        }
        let rights = self.rights(name).ok_or(Refusal::PermissionDenied)?;
        let ranges = match need {
            Need::Read => &rights.read,
            Need::Write => &rights.write,
        };
        if ranges.cover(key, range_end) {
            Ok(())
        } else {
            Err(Refusal::PermissionDenied)
        }
    }

    /// Whether the caller has the role `root`. The revision at which the caller was known does not matter, as in etcd.
    pub fn is_admin(&self, caller: &Caller) -> Result<(), Refusal> {
        let name = match caller {
            _ if !self.enabled => return Ok(()),
            Caller::Internal => return Ok(()),
            Caller::User { name, .. } if !name.is_empty() => &**name,
            Caller::Anonymous | Caller::User { .. } => return Err(Refusal::UserEmpty),
        };
        let user = self.users.get(name).ok_or(Refusal::UserNotFound)?;
        if user.has_role(ROOT) {
            Ok(())
        } else {
            Err(Refusal::PermissionDenied)
        }
    }

    /// Whether it is known who the caller is.
    pub fn is_known(&self, caller: &Caller) -> Result<(), Refusal> {
        if self.enabled && *caller == Caller::Anonymous {
            Err(Refusal::UserEmpty)
        } else {
            Ok(())
        }
    }

    /// Whether the caller was known at the revision that holds now. Asked after a local read, which may have seen a change.
    pub fn is_current(&self, caller: &Caller) -> Result<(), Refusal> {
        match caller {
            Caller::User { revision, .. } if self.enabled && *revision != self.revision => {
                Err(Refusal::AuthOldRevision)
            }
            _ => Ok(()),
        }
    }

    /// What is to be had before any alarm is looked at.
    pub fn admit_caller(&self, caller: &Caller, command: &Command) -> Result<(), Refusal> {
        match command {
            Command::Auth(AuthCommand::Authenticate { .. }) => Ok(()),
            Command::Auth(_) => self.is_admin(caller),
            _ => Ok(()),
        }
    }

    /// Whether the caller may have a command done.
    pub fn admit(
        &self,
        caller: &Caller,
        command: &Command,
        leases: &Leases,
    ) -> Result<(), Refusal> {
        if !self.enabled || *caller == Caller::Internal {
            return Ok(());
        }
        match command {
            Command::Txn(txn) => self.may_txn(caller, txn, leases),
            Command::LeaseRevoke { id } => self.may_write_lease(caller, *id, leases),
            Command::LeaseGrant { .. }
            | Command::Compact { .. }
            | Command::LeaseCheckpoint(_)
            | Command::Alarm { .. }
            | Command::Auth(_)
            | Command::Publish { .. }
            | Command::For { .. } => Ok(()),
        }
    }

    /// Whether the caller may do a transaction, whichever way its compares fall.
    pub fn may_txn(
        &self,
        caller: &Caller,
        txn: &TxnRequest,
        leases: &Leases,
    ) -> Result<(), Refusal> {
        if !self.enabled || *caller == Caller::Internal {
            return Ok(());
        }
        for compare in &txn.compare {
            self.may_read(caller, &compare.key, &compare.range_end)?;
        }
        for op in txn.success.iter().chain(&txn.failure) {
            match op {
                RequestOp::Range(range) => self.may_read(caller, &range.key, &range.range_end)?,
                RequestOp::Put(put) => self.may_put(caller, put, leases)?,
                RequestOp::DeleteRange(delete) => {
                    self.may_write(caller, &delete.key, &delete.range_end)?;
                    if delete.prev_kv {
                        self.may_read(caller, &delete.key, &delete.range_end)?;
                    }
                }
                RequestOp::Txn(nested) => self.may_txn(caller, nested, leases)?,
            }
        }
        Ok(())
    }

    fn may_put(&self, caller: &Caller, put: &PutRequest, leases: &Leases) -> Result<(), Refusal> {
        let alone = Bytes::new();
        self.may_write(caller, &put.key, &alone)?;
        // Whoever may not write every key of a lease cannot revoke it: they must not hang another key on it.
        self.may_write_lease(caller, put.lease, leases)?;
        if put.prev_kv {
            self.may_read(caller, &put.key, &alone)?;
        }
        Ok(())
    }

    /// Whether the caller may write every key that hangs on a lease.
    pub fn may_write_lease(
        &self,
        caller: &Caller,
        id: i64,
        leases: &Leases,
    ) -> Result<(), Refusal> {
        self.each_key(caller, id, leases, Need::Write)
    }

    /// Whether the caller may read every key that hangs on a lease.
    pub fn may_read_lease(&self, caller: &Caller, id: i64, leases: &Leases) -> Result<(), Refusal> {
        self.each_key(caller, id, leases, Need::Read)
    }

    fn each_key(
        &self,
        caller: &Caller,
        id: i64,
        leases: &Leases,
        need: Need,
    ) -> Result<(), Refusal> {
        let Some(lease) = leases.get(&id) else {
            return Ok(());
        };
        if self.is_admin(caller).is_ok() {
            return Ok(());
        }
        let alone = Bytes::new();
        lease
            .keys
            .iter()
            .try_for_each(|key| self.may(caller, key, &alone, need))
    }

    /// Whether the caller may see a user: `root`'s role, or the user themselves.
    pub fn may_see_user(&self, caller: &Caller, name: &str) -> Result<(), Refusal> {
        match caller {
            Caller::User { name: own, .. } if **own == *name => Ok(()),
            _ => self.is_admin(caller),
        }
    }

    /// Whether the caller may see a role: `root`'s role, or whoever has it.
    pub fn may_see_role(&self, caller: &Caller, role: &str) -> Result<(), Refusal> {
        match caller {
            Caller::User { name, .. }
                if self
                    .users
                    .get(&**name)
                    .is_some_and(|user| user.has_role(role)) =>
            {
                Ok(())
            }
            _ => self.is_admin(caller),
        }
    }
}

//! Alarms: what is wrong with a member, known to all of them. Raised and put out by commands, so every member refuses the same
//! requests; kept over restarts.
//!
//! NOSPACE refuses what takes space: puts, transactions that may put, new leases. Reads, deletes, compaction and defragmenting
//! go on, so that space can be made; afterwards an operator puts the alarm out. CORRUPT refuses everything that goes through
//! the log but users, roles and alarms. As in etcd, an alarm of one member counts for the whole cluster.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::{
    command::{Command, Refusal},
    rpc::{RequestOp, ResponseHeader, TxnRequest},
};

/// What is wrong, as `etcdserverpb.AlarmType`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum AlarmKind {
    /// The quota is used up.
    NoSpace,
    /// The member's data differs from that of others.
    Corrupt,
}

impl AlarmKind {
    /// The number in `etcdserverpb.AlarmType`.
    pub fn number(self) -> u8 {
        match self {
            AlarmKind::NoSpace => 1,
            AlarmKind::Corrupt => 2,
        }
    }

    /// The alarm of a number; `None` of 0, which is no alarm or any, and of what is unknown.
    pub fn from_number(number: u8) -> Option<AlarmKind> {
        match number {
            1 => Some(AlarmKind::NoSpace),
            2 => Some(AlarmKind::Corrupt),
            _ => None,
        }
    }

    /// etcd's name for it.
    pub fn name(self) -> &'static str {
        match self {
            AlarmKind::NoSpace => "NOSPACE",
            AlarmKind::Corrupt => "CORRUPT",
        }
    }
}

/// An alarm that is raised, as `etcdserverpb.AlarmMember`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct AlarmMember {
    /// The member that it is about.
    pub member_id: u64,
    /// What is wrong there.
    pub alarm: AlarmKind,
}

/// What to do with alarms, as `AlarmRequest.AlarmAction`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AlarmAction {
    /// List them.
    #[default]
    Get,
    /// Raise one.
    Activate,
    /// Put one out.
    Deactivate,
}

/// Lists, raises or puts out alarms, as `etcdserverpb.AlarmRequest`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AlarmRequest {
    /// What to do.
    pub action: AlarmAction,
    /// The member that it is about. A list is of all members, whatever is said here.
    pub member_id: u64,
    /// Which alarm; `None` lists all kinds, and raises or puts out nothing.
    pub alarm: Option<AlarmKind>,
}

/// Answer to an [`AlarmRequest`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AlarmResponse {
    /// Who answered, when.
    pub header: ResponseHeader,
    /// The alarms that are raised, or the one that was raised or put out.
    pub alarms: Vec<AlarmMember>,
}

/// The alarms that are raised.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Alarms {
    raised: BTreeSet<(AlarmKind, u64)>,
}

impl Alarms {
    /// Raises an alarm. Returns it, also if it was raised before.
    pub fn raise(&mut self, alarm: AlarmMember) -> AlarmMember {
        self.raised.insert((alarm.alarm, alarm.member_id));
        alarm
    }

    /// Puts an alarm out. Returns it if it was raised.
    pub fn put_out(&mut self, alarm: AlarmMember) -> Option<AlarmMember> {
        self.raised
            .remove(&(alarm.alarm, alarm.member_id))
            .then_some(alarm)
    }

    /// Whether an alarm is raised on any member.
    pub fn any(&self, kind: AlarmKind) -> bool {
        self.raised
            .range((kind, 0)..=(kind, u64::MAX))
            .next()
            .is_some()
    }

    /// Whether an alarm is raised.
    pub fn contains(&self, alarm: AlarmMember) -> bool {
        self.raised.contains(&(alarm.alarm, alarm.member_id))
    }

    /// The alarms of a kind, or all, in the order of kinds and members.
    pub fn list(&self, kind: Option<AlarmKind>) -> Vec<AlarmMember> {
        self.raised
            .iter()
            .filter(|(alarm, _)| kind.is_none_or(|kind| kind == *alarm))
            .map(|(alarm, member_id)| AlarmMember {
                member_id: *member_id,
                alarm: *alarm,
            })
            .collect()
    }

    /// Whether a command may be done in spite of what is raised.
    pub fn admit(&self, command: &Command) -> Result<(), Refusal> {
        if self.raised.is_empty() {
            return Ok(());
        }
        if self.any(AlarmKind::Corrupt) {
            match command {
                Command::Txn(_)
                | Command::LeaseGrant { .. }
                | Command::LeaseRevoke { .. }
                | Command::Compact { .. } => return Err(Refusal::Corrupt),
                Command::LeaseCheckpoint(_)
                | Command::Alarm { .. }
                | Command::Auth(_)
                | Command::Publish { .. }
                | Command::For { .. } => {}
            }
        }
        if self.any(AlarmKind::NoSpace) && cost(command) > 0 {
            return Err(Refusal::NoSpace);
        }
        Ok(())
    }
}

/// What etcd reckons a lease to take, in bytes.
const LEASE_COST: u64 = 64;
/// What etcd reckons a key to take beside its bytes.
const KEY_COST: u64 = 256;

/// The bytes that a command may take, reckoned as etcd does; 0 of what takes none.
pub fn cost(command: &Command) -> u64 {
    match command {
        Command::Txn(txn) => txn_cost(txn),
        Command::LeaseGrant { .. } => LEASE_COST,
        _ => 0,
    }
}

/// The bytes that a transaction may take: those of the branch that takes more.
pub fn txn_cost(txn: &TxnRequest) -> u64 {
    let branch = |ops: &[RequestOp]| ops.iter().map(op_cost).sum::<u64>();
    branch(&txn.success).max(branch(&txn.failure))
}

fn op_cost(op: &RequestOp) -> u64 {
    match op {
        RequestOp::Put(put) => KEY_COST + (put.key.len() + put.value.len()) as u64,
        RequestOp::Txn(txn) => txn_cost(txn),
        RequestOp::Range(_) | RequestOp::DeleteRange(_) => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rpc::{DeleteRangeRequest, PutRequest, RangeRequest};

    fn put(key: &'static str, value: &'static str) -> RequestOp {
        RequestOp::Put(PutRequest {
            key: key.into(),
            value: value.into(),
            ..Default::default()
        })
    }

    fn one(op: RequestOp) -> Command {
        Command::Txn(TxnRequest {
            success: vec![op],
            ..Default::default()
        })
    }

    #[test]
    fn a_transaction_costs_what_its_dearer_branch_puts() {
        let nested = RequestOp::Txn(TxnRequest {
            success: vec![put("a", "12"), put("b", "3")],
            failure: vec![put("c", "")],
            ..Default::default()
        });
        assert_eq!(cost(&one(nested)), 2 * 256 + 5);
        assert_eq!(cost(&one(RequestOp::Range(RangeRequest::key("a")))), 0);
        assert_eq!(cost(&Command::LeaseGrant { id: 1, ttl: 1 }), 64);
        assert_eq!(cost(&Command::LeaseRevoke { id: 1 }), 0);
    }

    #[test]
    fn without_space_what_makes_space_goes_on() {
        let mut alarms = Alarms::default();
        let delete = one(RequestOp::DeleteRange(DeleteRangeRequest::default()));
        alarms.raise(AlarmMember {
            member_id: 3,
            alarm: AlarmKind::NoSpace,
        });
        assert_eq!(alarms.admit(&one(put("a", ""))), Err(Refusal::NoSpace));
        assert_eq!(
            alarms.admit(&Command::LeaseGrant { id: 1, ttl: 1 }),
            Err(Refusal::NoSpace)
        );
        assert_eq!(alarms.admit(&delete), Ok(()));
        assert_eq!(alarms.admit(&Command::Compact { revision: 1 }), Ok(()));
        let corrupt = AlarmMember {
            member_id: 4,
            alarm: AlarmKind::Corrupt,
        };
        alarms.raise(corrupt);
        assert_eq!(alarms.admit(&delete), Err(Refusal::Corrupt));
        assert_eq!(
            alarms.admit(&Command::Compact { revision: 1 }),
            Err(Refusal::Corrupt)
        );
        assert_eq!(alarms.list(None).len(), 2);
        assert_eq!(alarms.put_out(corrupt), Some(corrupt));
        assert_eq!(alarms.put_out(corrupt), None);
        assert_eq!(alarms.admit(&delete), Ok(()));
    }
}

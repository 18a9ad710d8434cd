//! What a committed command does to everything but raft's own state: the key space, the leases' clock, users and roles, alarms.
//!
//! The order in which a command is looked at is etcd's: whether its caller may manage users, whether an alarm forbids it,
//! whether its caller may touch its keys. Each of it looks at the state as of the entry before, so every member comes to
//! the same answer.

use std::{sync::Arc, time::Instant};

use crate::{
    Error,
    alarm::{self, AlarmKind, AlarmMember},
    auth::{
        AuthCommand, Caller,
        state::{Role, User},
    },
    backend::{
        LazyReader,
        tables::{Batch, LeaseRow},
    },
    command::{Command, Login, Refusal, Reply},
    core::Core,
    mvcc::{
        Change,
        space::Space,
        txn::{self, Applied},
    },
    rpc::{RequestOp, ResponseHeader, ResponseOp, TxnResponse},
};

/// etcd's name for what a command does, in its metrics. A put, or a deletion, is a transaction of nothing else here.
fn etcds_name(command: &Command) -> &'static str {
    match command {
        Command::Txn(txn) => match (&txn.compare[..], &txn.success[..], &txn.failure[..]) {
            ([], [RequestOp::Put(_)], []) => "Put",
            ([], [RequestOp::DeleteRange(_)], []) => "DeleteRange",
            _ => "Txn",
        },
        Command::LeaseGrant { .. } => "LeaseGrant",
        Command::LeaseRevoke { .. } => "LeaseRevoke",
        Command::LeaseCheckpoint(_) => "LeaseCheckpoint",
        Command::Compact { .. } => "Compaction",
        Command::Alarm { .. } => "Alarm",
        Command::Publish { .. } => "ClusterMemberAttrSet",
        Command::Auth(auth) => match auth {
            AuthCommand::Enable => "AuthEnable",
            AuthCommand::Disable => "AuthDisable",
            AuthCommand::UserAdd { .. } => "AuthUserAdd",
            AuthCommand::UserDelete { .. } => "AuthUserDelete",
            AuthCommand::UserChangePassword { .. } => "AuthUserChangePassword",
            AuthCommand::UserGrantRole { .. } => "AuthUserGrantRole",
            AuthCommand::UserRevokeRole { .. } => "AuthUserRevokeRole",
            AuthCommand::RoleAdd { .. } => "AuthRoleAdd",
            AuthCommand::RoleDelete { .. } => "AuthRoleDelete",
            AuthCommand::RoleGrantPermission { .. } => "AuthRoleGrantPermission",
            AuthCommand::RoleRevokePermission { .. } => "AuthRoleRevokePermission",
            AuthCommand::Authenticate { .. } => "Authenticate",
        },
        Command::For { .. } => "unknown",
    }
}

/// What a command did.
#[derive(Debug)]
pub struct Effects {
    /// The answer.
    pub reply: Reply,
    /// What it changed of keys.
    pub change: Option<Arc<Change>>,
    /// What else is to be written.
    pub rows: Rows,
}

impl Default for Effects {
    fn default() -> Self {
        Effects::reply(Reply::Nothing)
    }
}

impl Effects {
    fn reply(reply: Reply) -> Self {
        Effects {
            reply,
            change: None,
            rows: Rows::default(),
        }
    }

    fn refused(command: &Command, refusal: Refusal) -> Self {
        Effects::reply(match command {
            Command::Txn(_) => Reply::Txn(Err(refusal)),
            Command::Auth(AuthCommand::Authenticate { .. }) => Reply::Login(Err(refusal)),
            _ => Reply::Done(Err(refusal)),
        })
    }
}

/// Rows to be written, keys aside.
#[derive(Debug, Default)]
pub struct Rows {
    leases: Vec<(i64, Option<LeaseRow>)>,
    auth: Option<(bool, u64)>,
    users: Vec<(String, Option<Vec<u8>>)>,
    roles: Vec<(String, Option<Vec<u8>>)>,
    alarm: Option<(AlarmMember, bool)>,
}

impl Rows {
    /// Puts them with what waits to be written.
    pub fn add_to(self, batch: &mut Batch) {
        batch.leases.extend(self.leases);
        if self.auth.is_some() {
            batch.auth = self.auth;
        }
        batch.users.extend(self.users);
        batch.roles.extend(self.roles);
        batch.alarms.extend(self.alarm);
    }
}

impl Core {
    /// Does what a committed command says.
    pub fn execute(
        &self,
        space: &mut Space,
        command: &Command,
        header: ResponseHeader,
        index: u64,
    ) -> Result<Effects, Error> {
        let (caller, command) = command.parts();
        let begun = Instant::now();
        let effects = self.admit_and_do(space, caller, command, header, index)?;
        let success = !effects.reply.is_refusal();
        let seconds = &self.metrics.apply_seconds;
        seconds.observe(etcds_name(command), success, begun.elapsed());
        Ok(effects)
    }

    fn admit_and_do(
        &self,
        space: &mut Space,
        caller: &Caller,
        command: &Command,
        header: ResponseHeader,
        index: u64,
    ) -> Result<Effects, Error> {
        let admitted = {
            let auth = self.auth.read();
            auth.admit_caller(caller, command)
                .and_then(|()| self.alarms.read().admit(command))
                .and_then(|()| auth.admit(caller, command, &space.leases))
        };
        if let Err(refusal) = admitted {
            return Ok(Effects::refused(command, refusal));
        }
        match command {
            Command::Auth(auth) => Ok(self.execute_auth(auth, space.revision, index)),
            Command::Alarm {
                raise,
                member_id,
                alarm,
            } => {
                let member_id = *member_id;
                let alarm = AlarmMember {
                    member_id,
                    alarm: *alarm,
                };
                Ok(self.execute_alarm(*raise, alarm))
            }
            command => {
                let values = LazyReader::new(&self.backend);
                let has_room = self.has_room(alarm::cost(command));
                let applied = txn::apply(space, command, &values, header)?;
                self.count(command, &applied);
                let leases = self.lease_effects(space, command, &applied.reply);
                Ok(Effects {
                    reply: if has_room {
                        applied.reply
                    } else {
                        self.without_room(applied.reply)
                    },
                    change: applied.change,
                    rows: Rows {
                        leases,
                        ..Default::default()
                    },
                })
            }
        }
    }

    /// What is answered to something that was done and does not fit into the quota: that there is no space, as in etcd. It is in
    /// the log, so it had to be done; how much room there was differs between members.
    fn without_room(&self, reply: Reply) -> Reply {
        self.short_of_space.notify_one();
        match reply {
            Reply::Txn(Ok(_)) => Reply::Txn(Err(Refusal::NoSpace)),
            Reply::Done(Ok(_)) => Reply::Done(Err(Refusal::NoSpace)),
            refused => refused,
        }
    }

    fn execute_auth(&self, command: &AuthCommand, revision: i64, index: u64) -> Effects {
        let mut auth = self.auth.write();
        let was_enabled = auth.enabled;
        let written = match auth.apply(command) {
            Ok(written) => written,
            Err(refusal) => return Effects::refused(&Command::Auth(command.clone()), refusal),
        };
        if let AuthCommand::Authenticate { name, token_prefix } = command {
            self.tokens.note(name, token_prefix, index);
            return Effects::reply(Reply::Login(Ok(Login {
                index,
                auth_revision: auth.revision,
                revision,
            })));
        }
        self.note_auth(&auth);
        if let Some(user) = &written.invalidated {
            self.tokens.invalidate(user);
        }
        if was_enabled && !auth.enabled {
            self.tokens.clear();
        }
        let mut rows = Rows {
            auth: written.head.then_some((auth.enabled, auth.revision)),
            ..Default::default()
        };
        for name in written.users {
            let row = auth.users.get(&name).map(User::row);
            rows.users.push((name, row));
        }
        for name in written.roles {
            let row = auth.roles.get(&name).map(Role::row);
            rows.roles.push((name, row));
        }
        Effects {
            rows,
            ..Effects::reply(Reply::Done(Ok(revision)))
        }
    }

    fn execute_alarm(&self, raise: bool, alarm: AlarmMember) -> Effects {
        let mut alarms = self.alarms.write();
        let changed = if raise {
            Some(alarms.raise(alarm))
        } else {
            alarms.put_out(alarm)
        };
        if changed.is_some() {
            let (member, kind) = (format!("{:x}", alarm.member_id), alarm.alarm.name());
            if raise {
                tracing::warn!(member, kind, "an alarm is raised");
            } else {
                tracing::info!(member, kind, "an alarm is put out");
            }
        }
        self.metrics
            .no_space_alarms
            .set(alarms.list(Some(AlarmKind::NoSpace)).len() as i64);
        Effects {
            rows: Rows {
                alarm: changed.map(|alarm| (alarm, raise)),
                ..Default::default()
            },
            ..Effects::reply(Reply::Alarm(changed.into_iter().collect()))
        }
    }

    fn count(&self, command: &Command, applied: &Applied) {
        let metrics = &self.metrics;
        match (command, &applied.reply) {
            (Command::Txn(_), Reply::Txn(Ok(response))) => self.count_operations(response),
            (Command::LeaseGrant { ttl, .. }, Reply::Done(Ok(_))) => {
                metrics.lease_granted.inc();
                metrics.lease_ttl_seconds.observe(*ttl as f64);
            }
            (Command::LeaseRevoke { .. }, Reply::Done(Ok(_))) => {
                metrics.lease_revoked.inc();
                let deleted = applied
                    .change
                    .as_ref()
                    .map_or(0, |change| change.events.len());
                metrics.delete.inc_by(deleted as u64);
            }
            _ => {}
        }
    }

    /// Counts what a transaction did, each operation as one and the transaction if it had more than one, as etcd does.
    pub fn count_operations(&self, response: &TxnResponse) {
        let metrics = &self.metrics;
        if self.count_each(response) > 1 {
            metrics.txn.inc();
        }
    }

    fn count_each(&self, response: &TxnResponse) -> usize {
        let metrics = &self.metrics;
        let each = response.responses.iter().map(|response| {
            let counter = match response {
                ResponseOp::Range(_) => &metrics.range,
                ResponseOp::Put(_) => &metrics.put,
                ResponseOp::DeleteRange(_) => &metrics.delete,
                ResponseOp::Txn(nested) => return self.count_each(nested),
            };
            counter.inc();
            1
        });
        each.sum()
    }

    /// Starts and stops the clocks of leases, and compaction. Returns what is to be written of leases.
    fn lease_effects(
        &self,
        space: &Space,
        command: &Command,
        reply: &Reply,
    ) -> Vec<(i64, Option<LeaseRow>)> {
        let Reply::Done(Ok(_)) = reply else {
            return Vec::new();
        };
        match command {
            Command::LeaseGrant { id, ttl } => {
                self.leases.start(*id, *ttl);
                let (ttl, remaining) = (*ttl, 0);
                vec![(*id, Some(LeaseRow { ttl, remaining }))]
            }
            Command::LeaseRevoke { id } => {
                self.leases.stop(*id);
                vec![(*id, None)]
            }
            Command::LeaseCheckpoint(checkpoints) => checkpoints
                .iter()
                .filter_map(|checkpoint| {
                    let lease = space.leases.get(&checkpoint.id)?;
                    self.leases.note_checkpoint(checkpoint.id, lease.remaining);
                    let (ttl, remaining) = (lease.ttl, lease.remaining);
                    Some((checkpoint.id, Some(LeaseRow { ttl, remaining })))
                })
                .collect(),
            Command::Compact { .. } => {
                self.pending.compact();
                Vec::new()
            }
            _ => Vec::new(),
        }
    }
}

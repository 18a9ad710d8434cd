//! Between [`Facts`] and what our state file keeps: one way for an export, the other for a new data directory.

use hydrofoil_etcd_wire::files;

use super::{SnapshotError, facts::Facts, schema};
use crate::{
    Error,
    alarm::{AlarmKind, AlarmMember},
    auth::{
        PasswordHash, Permission, PermissionKind,
        state::{Role, User},
    },
    backend::{
        Image,
        tables::{Batch, LeaseRow, State},
    },
};

impl Facts {
    /// What an image says.
    pub fn of(state: &State, image: &Image) -> Result<Facts, Error> {
        let auth = image.auth()?;
        let leases = image.leases()?;
        let alarms = image.alarms()?.list(None);
        Ok(Facts {
            index: state.applied.map_or(0, |id| id.index),
            term: state.applied.map_or(0, |id| *id.leader_id),
            compacted: state.compacted,
            leases: leases
                .iter()
                .map(|(id, row)| (*id, lease(*id, row)))
                .collect(),
            alarms: alarms.iter().map(alarm).collect(),
            auth_enabled: auth.enabled,
            auth_revision: auth.revision,
            users: auth
                .users
                .iter()
                .map(|(name, user)| self::user(name, user))
                .collect(),
            roles: auth
                .roles
                .iter()
                .map(|(name, role)| self::role(name, role))
                .collect(),
            members: state
                .roster
                .members(&state.membership)
                .into_iter()
                .map(|member| (member.id, member))
                .collect(),
            removed: state.roster.removed.clone(),
        })
    }

    /// What makes a state file say so.
    ///
    /// # Errors
    /// Something that etcd would not have written.
    pub fn batch(&self, state: State) -> Result<Batch, SnapshotError> {
        let leases = self.leases.values().map(|lease| {
            let row = LeaseRow {
                ttl: lease.ttl,
                remaining: lease.remaining_ttl,
            };
            (lease.id, Some(row))
        });
        let mut batch = Batch {
            leases: leases.collect(),
            auth: (self.auth_revision > 0).then_some((self.auth_enabled, self.auth_revision)),
            state,
            ..Default::default()
        };
        for user in &self.users {
            let (name, user) = stored_user(user)?;
            batch.users.insert(name, Some(user.row()));
        }
        for role in &self.roles {
            let (name, role) = stored_role(role)?;
            batch.roles.insert(name, Some(role.row()));
        }
        for alarm in &self.alarms {
            // Kinds that are not known here, and "none", mean nothing here.
            let kind = u8::try_from(alarm.alarm)
                .ok()
                .and_then(AlarmKind::from_number);
            if let Some(kind) = kind {
                let member = AlarmMember {
                    member_id: alarm.member_id,
                    alarm: kind,
                };
                batch.alarms.insert(member, true);
            }
        }
        Ok(batch)
    }
}

fn lease(id: i64, row: &LeaseRow) -> files::Lease {
    files::Lease {
        id,
        ttl: row.ttl,
        remaining_ttl: row.remaining,
    }
}

fn alarm(alarm: &AlarmMember) -> files::AlarmMember {
    files::AlarmMember {
        member_id: alarm.member_id,
        alarm: alarm.alarm.number().into(),
    }
}

fn user(name: &str, user: &User) -> files::User {
    files::User {
        name: name.to_owned().into(),
        password: user.password.as_bytes().to_vec().into(),
        roles: user.roles.clone(),
        options: Some(files::UserAddOptions {
            no_password: user.no_password,
        }),
    }
}

fn role(name: &str, role: &Role) -> files::Role {
    let permission = |permission: &Permission| files::Permission {
        perm_type: permission.kind.number().into(),
        key: permission.key.clone(),
        range_end: permission.range_end.clone(),
    };
    files::Role {
        name: name.to_owned().into(),
        key_permission: role.permissions.iter().map(permission).collect(),
    }
}

fn name(bucket: &'static str, bytes: &[u8]) -> Result<String, SnapshotError> {
    String::from_utf8(bytes.to_vec())
        .map_err(|_| SnapshotError::damaged(bucket, bytes, "its name is not UTF-8"))
}

fn stored_user(user: &files::User) -> Result<(String, User), SnapshotError> {
    let mut roles = user.roles.clone();
    roles.sort_unstable();
    let stored = User {
        password: PasswordHash::from_bytes(user.password.to_vec()),
        no_password: user
            .options
            .as_ref()
            .is_some_and(|options| options.no_password),
        roles,
    };
    Ok((name(schema::AUTH_USERS, &user.name)?, stored))
}

fn stored_role(role: &files::Role) -> Result<(String, Role), SnapshotError> {
    let permissions = role.key_permission.iter().map(|permission| {
        let kind = u8::try_from(permission.perm_type).ok();
        let kind = kind.and_then(PermissionKind::from_number).ok_or_else(|| {
            let what = "a permission of an unknown kind";
            SnapshotError::damaged(schema::AUTH_ROLES, &role.name, what)
        })?;
        Ok(Permission {
            kind,
            key: permission.key.clone(),
            range_end: permission.range_end.clone(),
        })
    });
    let stored = Role {
        permissions: permissions.collect::<Result<_, SnapshotError>>()?,
    };
    Ok((name(schema::AUTH_ROLES, &role.name)?, stored))
}

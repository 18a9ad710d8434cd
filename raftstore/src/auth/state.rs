//! Users and roles, and what each command does to them. Pure: the same commands make the same state on every member.

use std::collections::BTreeMap;

use super::{
    AuthCommand, PasswordHash, Permission, ROOT,
    command::{decode_permission, encode_permission},
    permission::Rights,
};
use crate::{
    codec::{Malformed, Reader, put_bytes, put_varint},
    command::Refusal,
};

/// The auth revision before anything was changed, as in etcd.
pub const FIRST_REVISION: u64 = 1;

/// A user.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct User {
    /// The password's hash.
    pub password: PasswordHash,
    /// The user cannot log in by password.
    pub no_password: bool,
    /// Names of roles, ascending. A role of the name `root` need not exist.
    pub roles: Vec<String>,
}

impl User {
    /// Whether the user has a role.
    pub fn has_role(&self, role: &str) -> bool {
        self.roles
            .binary_search_by(|have| have.as_str().cmp(role))
            .is_ok()
    }

    /// The row of a user.
    pub fn row(&self) -> Vec<u8> {
        let mut row = Vec::new();
        put_bytes(&mut row, self.password.as_bytes());
        row.push(u8::from(self.no_password));
        put_varint(&mut row, self.roles.len() as u64);
        for role in &self.roles {
            put_bytes(&mut row, role.as_bytes());
        }
        row
    }

    /// Reads the row of a user.
    pub fn decode(row: &[u8]) -> Result<User, Malformed> {
        let mut reader = Reader::new(row);
        let user = User {
            password: PasswordHash::from_bytes(reader.slice()?.to_vec()),
            no_password: reader.u8()? != 0,
            roles: (0..reader.length()?)
                .map(|_| reader.str().map(str::to_owned))
                .collect::<Result<_, _>>()?,
        };
        reader.end()?;
        Ok(user)
    }
}

/// A role: permissions by their first key.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Role {
    /// The permissions.
    pub permissions: Vec<Permission>,
}

impl Role {
    /// The row of a role.
    pub fn row(&self) -> Vec<u8> {
        let mut row = Vec::new();
        put_varint(&mut row, self.permissions.len() as u64);
        for permission in &self.permissions {
            encode_permission(permission, &mut row);
        }
        row
    }

    /// Reads the row of a role.
    pub fn decode(row: &[u8]) -> Result<Role, Malformed> {
        let mut reader = Reader::new(row);
        let permissions = (0..reader.length()?)
            .map(|_| decode_permission(&mut reader))
            .collect::<Result<_, _>>()?;
        reader.end()?;
        Ok(Role { permissions })
    }
}

/// See the module header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuthState {
    /// Whether callers are checked.
    pub enabled: bool,
    /// Grows with every change.
    pub revision: u64,
    /// The users by name.
    pub users: BTreeMap<String, User>,
    /// The roles by name.
    pub roles: BTreeMap<String, Role>,
    /// What each user may do, made anew with every change.
    rights: BTreeMap<String, Rights>,
}

impl Default for AuthState {
    fn default() -> Self {
        AuthState {
            enabled: false,
            revision: FIRST_REVISION,
            users: BTreeMap::new(),
            roles: BTreeMap::new(),
            rights: BTreeMap::new(),
        }
    }
}

/// What a command wrote, for whoever keeps the state on disk and for tokens.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Written {
    /// Users that changed.
    pub users: Vec<String>,
    /// Roles that changed.
    pub roles: Vec<String>,
    /// A user whose tokens count no more.
    pub invalidated: Option<String>,
    /// Whether the revision, or whether auth is enabled, changed.
    pub head: bool,
}

impl AuthState {
    /// A state that was read.
    pub fn load(
        enabled: bool,
        revision: u64,
        users: BTreeMap<String, User>,
        roles: BTreeMap<String, Role>,
    ) -> Self {
        let mut state = AuthState {
            enabled,
            revision: revision.max(FIRST_REVISION),
            users,
            roles,
            rights: BTreeMap::new(),
        };
        state.refresh();
        state
    }

    /// What a user may do, `root`'s role aside.
    pub fn rights(&self, user: &str) -> Option<&Rights> {
        self.rights.get(user)
    }

    fn refresh(&mut self) {
        let rights_of = |user: &User| {
            let mut rights = Rights::default();
            let roles = user.roles.iter().filter_map(|role| self.roles.get(role));
            for permission in roles.flat_map(|role| &role.permissions) {
                rights.add(permission);
            }
            rights
        };
        self.rights = self
            .users
            .iter()
            .map(|(name, user)| (name.clone(), rights_of(user)))
            .collect();
    }

    /// Does a command. A login changes nothing here; it is only checked.
    pub fn apply(&mut self, command: &AuthCommand) -> Result<Written, Refusal> {
        let written = match command {
            AuthCommand::Enable => self.enable()?,
            AuthCommand::Disable => self.disable(),
            AuthCommand::UserAdd {
                name,
                password,
                no_password,
            } => self.user_add(name, password, *no_password)?,
            AuthCommand::UserDelete { name } => self.user_delete(name)?,
            AuthCommand::UserChangePassword { name, password } => {
                self.user_change_password(name, password)?
            }
            AuthCommand::UserGrantRole { user, role } => self.user_grant_role(user, role)?,
            AuthCommand::UserRevokeRole { user, role } => self.user_revoke_role(user, role)?,
            AuthCommand::RoleAdd { name } => self.role_add(name)?,
            AuthCommand::RoleDelete { role } => self.role_delete(role)?,
            AuthCommand::RoleGrantPermission { role, permission } => {
                self.role_grant_permission(role, permission)?
            }
            AuthCommand::RoleRevokePermission {
                role,
                key,
                range_end,
            } => self.role_revoke_permission(role, key, range_end)?,
            AuthCommand::Authenticate { name, .. } => {
                self.check_login(name)?;
                return Ok(Written::default());
            }
        };
        if written.head {
            self.refresh();
        }
        Ok(written)
    }

    fn enable(&mut self) -> Result<Written, Refusal> {
        if self.enabled {
            return Ok(Written::default());
        }
        let root = self.users.get(ROOT).ok_or(Refusal::RootUserNotExist)?;
        if !root.has_role(ROOT) {
            return Err(Refusal::RootRoleNotExist);
        }
        self.enabled = true;
        Ok(Written {
            head: true,
            ..Default::default()
        })
    }

    fn disable(&mut self) -> Written {
        if !self.enabled {
            return Written::default();
        }
        self.enabled = false;
        self.revision += 1;
        Written {
            head: true,
            ..Default::default()
        }
    }

    fn user_add(
        &mut self,
        name: &str,
        password: &PasswordHash,
        no_password: bool,
    ) -> Result<Written, Refusal> {
        if name.is_empty() {
            return Err(Refusal::UserEmpty);
        }
        if self.users.contains_key(name) {
            return Err(Refusal::UserAlreadyExist);
        }
        let user = User {
            password: password.clone(),
            no_password,
            roles: Vec::new(),
        };
        self.users.insert(name.to_owned(), user);
        Ok(self.user_written(name))
    }

    fn user_delete(&mut self, name: &str) -> Result<Written, Refusal> {
        if self.enabled && name == ROOT {
            return Err(Refusal::InvalidAuthMgmt);
        }
        self.users.remove(name).ok_or(Refusal::UserNotFound)?;
        Ok(Written {
            invalidated: Some(name.to_owned()),
            ..self.user_written(name)
        })
    }

    fn user_change_password(
        &mut self,
        name: &str,
        password: &PasswordHash,
    ) -> Result<Written, Refusal> {
        let user = self.users.get_mut(name).ok_or(Refusal::UserNotFound)?;
        user.password = if user.no_password {
            PasswordHash::default()
        } else {
            password.clone()
        };
        Ok(Written {
            invalidated: Some(name.to_owned()),
            ..self.user_written(name)
        })
    }

    fn user_grant_role(&mut self, name: &str, role: &str) -> Result<Written, Refusal> {
        let user = self.users.get_mut(name).ok_or(Refusal::UserNotFound)?;
        if role != ROOT && !self.roles.contains_key(role) {
            return Err(Refusal::RoleNotFound);
        }
        let Err(place) = user.roles.binary_search_by(|have| have.as_str().cmp(role)) else {
            // Granted before: nothing changes, the revision neither.
            return Ok(Written::default());
        };
        user.roles.insert(place, role.to_owned());
        Ok(self.user_written(name))
    }

    fn user_revoke_role(&mut self, name: &str, role: &str) -> Result<Written, Refusal> {
        if self.enabled && name == ROOT && role == ROOT {
            return Err(Refusal::InvalidAuthMgmt);
        }
        let user = self.users.get_mut(name).ok_or(Refusal::UserNotFound)?;
        let place = user
            .roles
            .binary_search_by(|have| have.as_str().cmp(role))
            .map_err(|_| Refusal::RoleNotGranted)?;
        user.roles.remove(place);
        Ok(self.user_written(name))
    }

    fn role_add(&mut self, name: &str) -> Result<Written, Refusal> {
        if name.is_empty() {
            return Err(Refusal::RoleEmpty);
        }
        if self.roles.contains_key(name) {
            return Err(Refusal::RoleAlreadyExist);
        }
        self.roles.insert(name.to_owned(), Role::default());
        Ok(self.role_written(name))
    }

    fn role_delete(&mut self, name: &str) -> Result<Written, Refusal> {
        if self.enabled && name == ROOT {
            return Err(Refusal::InvalidAuthMgmt);
        }
        self.roles.remove(name).ok_or(Refusal::RoleNotFound)?;
        let mut written = self.role_written(name);
        for (user_name, user) in &mut self.users {
            if user.has_role(name) {
                user.roles.retain(|role| role != name);
                written.users.push(user_name.clone());
            }
        }
        Ok(written)
    }

    fn role_grant_permission(
        &mut self,
        name: &str,
        permission: &Permission,
    ) -> Result<Written, Refusal> {
        if !permission.is_valid() {
            return Err(Refusal::InvalidAuthMgmt);
        }
        let role = self.roles.get_mut(name).ok_or(Refusal::RoleNotFound)?;
        let same = role
            .permissions
            .iter_mut()
            .find(|have| have.key == permission.key && have.range_end == permission.range_end);
        match same {
            Some(have) => have.kind = permission.kind,
            None => {
                let place = role
                    .permissions
                    .partition_point(|have| have.key <= permission.key);
                role.permissions.insert(place, permission.clone());
            }
        }
        Ok(self.role_written(name))
    }

    fn role_revoke_permission(
        &mut self,
        name: &str,
        key: &[u8],
        range_end: &[u8],
    ) -> Result<Written, Refusal> {
        let role = self.roles.get_mut(name).ok_or(Refusal::RoleNotFound)?;
        let before = role.permissions.len();
        role.permissions
            .retain(|have| have.key != key || have.range_end != range_end);
        if role.permissions.len() == before {
            return Err(Refusal::PermissionNotGranted);
        }
        Ok(self.role_written(name))
    }

    /// Whether a user whose password was checked may have a token.
    fn check_login(&self, name: &str) -> Result<(), Refusal> {
        if !self.enabled {
            return Err(Refusal::AuthNotEnabled);
        }
        match self.users.get(name) {
            Some(user) if !user.no_password => Ok(()),
            _ => Err(Refusal::AuthFailed),
        }
    }

    fn user_written(&mut self, name: &str) -> Written {
        self.revision += 1;
        Written {
            users: vec![name.to_owned()],
            head: true,
            ..Default::default()
        }
    }

    fn role_written(&mut self, name: &str) -> Written {
        self.revision += 1;
        Written {
            roles: vec![name.to_owned()],
            head: true,
            ..Default::default()
        }
    }
}

//! What is replicated of auth, and its form in the log. Passwords are here as hashes alone.

use serde::{Deserialize, Serialize};

use super::{PasswordHash, Permission, PermissionKind, Secret};
use crate::codec::{Malformed, Reader, put_bytes};

/// A change of users, roles and permissions, or a login.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum AuthCommand {
    /// Callers are checked from now on.
    Enable,
    /// Callers are not checked any more.
    Disable,
    /// A new user.
    UserAdd {
        /// The name.
        name: String,
        /// The password's hash.
        password: PasswordHash,
        /// The user has no password.
        no_password: bool,
    },
    /// The end of a user.
    UserDelete {
        /// The name.
        name: String,
    },
    /// A new password.
    UserChangePassword {
        /// The user.
        name: String,
        /// The password's hash.
        password: PasswordHash,
    },
    /// A user gets a role.
    UserGrantRole {
        /// The user.
        user: String,
        /// The role.
        role: String,
    },
    /// A user loses a role.
    UserRevokeRole {
        /// The user.
        user: String,
        /// The role.
        role: String,
    },
    /// A new role.
    RoleAdd {
        /// The name.
        name: String,
    },
    /// The end of a role, for every user that has it.
    RoleDelete {
        /// The name.
        role: String,
    },
    /// A role gets a permission.
    RoleGrantPermission {
        /// The role.
        role: String,
        /// The permission.
        permission: Permission,
    },
    /// A role loses the permission of exactly a range.
    RoleRevokePermission {
        /// The role.
        role: String,
        /// The range's first key.
        key: bytes::Bytes,
        /// The range's end.
        range_end: bytes::Bytes,
    },
    /// A user whose password was checked gets a token.
    Authenticate {
        /// The user.
        name: String,
        /// What a simple token begins with; the entry's index is put after it. Empty where tokens are of another kind.
        token_prefix: TokenPrefix,
    },
}

/// What a simple token begins with. A secret like the token itself.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenPrefix(pub String);

impl std::fmt::Debug for TokenPrefix {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("…")
    }
}

impl TokenPrefix {
    /// The token that a login at this index makes.
    pub fn token(&self, index: u64) -> Secret {
        format!("{}.{index}", self.0).into()
    }
}

const ENABLE: u8 = 1;
const DISABLE: u8 = 2;
const USER_ADD: u8 = 3;
const USER_DELETE: u8 = 4;
const USER_CHANGE_PASSWORD: u8 = 5;
const USER_GRANT_ROLE: u8 = 6;
const USER_REVOKE_ROLE: u8 = 7;
const ROLE_ADD: u8 = 8;
const ROLE_DELETE: u8 = 9;
const ROLE_GRANT_PERMISSION: u8 = 10;
const ROLE_REVOKE_PERMISSION: u8 = 11;
const AUTHENTICATE: u8 = 12;

impl AuthCommand {
    /// What logs call it.
    pub fn name(&self) -> &'static str {
        match self {
            AuthCommand::Enable => "auth enable",
            AuthCommand::Disable => "auth disable",
            AuthCommand::UserAdd { .. } => "user add",
            AuthCommand::UserDelete { .. } => "user delete",
            AuthCommand::UserChangePassword { .. } => "user change password",
            AuthCommand::UserGrantRole { .. } => "user grant role",
            AuthCommand::UserRevokeRole { .. } => "user revoke role",
            AuthCommand::RoleAdd { .. } => "role add",
            AuthCommand::RoleDelete { .. } => "role delete",
            AuthCommand::RoleGrantPermission { .. } => "role grant permission",
            AuthCommand::RoleRevokePermission { .. } => "role revoke permission",
            AuthCommand::Authenticate { .. } => "authenticate",
        }
    }

    /// Appends the command's form in the log.
    pub fn encode(&self, out: &mut Vec<u8>) {
        let mut put = |kind: u8, texts: &[&[u8]]| {
            out.push(kind);
            for text in texts {
                put_bytes(out, text);
            }
        };
        match self {
            AuthCommand::Enable => put(ENABLE, &[]),
            AuthCommand::Disable => put(DISABLE, &[]),
            AuthCommand::UserAdd {
                name,
                password,
                no_password,
            } => {
                put(USER_ADD, &[name.as_bytes(), password.as_bytes()]);
                out.push(u8::from(*no_password));
            }
            AuthCommand::UserDelete { name } => put(USER_DELETE, &[name.as_bytes()]),
            AuthCommand::UserChangePassword { name, password } => put(
                USER_CHANGE_PASSWORD,
                &[name.as_bytes(), password.as_bytes()],
            ),
            AuthCommand::UserGrantRole { user, role } => {
                put(USER_GRANT_ROLE, &[user.as_bytes(), role.as_bytes()]);
            }
            AuthCommand::UserRevokeRole { user, role } => {
                put(USER_REVOKE_ROLE, &[user.as_bytes(), role.as_bytes()]);
            }
            AuthCommand::RoleAdd { name } => put(ROLE_ADD, &[name.as_bytes()]),
            AuthCommand::RoleDelete { role } => put(ROLE_DELETE, &[role.as_bytes()]),
            AuthCommand::RoleGrantPermission { role, permission } => {
                put(ROLE_GRANT_PERMISSION, &[role.as_bytes()]);
                encode_permission(permission, out);
            }
            AuthCommand::RoleRevokePermission {
                role,
                key,
                range_end,
            } => put(ROLE_REVOKE_PERMISSION, &[role.as_bytes(), key, range_end]),
            AuthCommand::Authenticate { name, token_prefix } => {
                put(AUTHENTICATE, &[name.as_bytes(), token_prefix.0.as_bytes()]);
            }
        }
    }

    /// Reads what [`AuthCommand::encode`] wrote.
    pub fn decode(reader: &mut Reader<'_>) -> Result<AuthCommand, Malformed> {
        let kind = reader.u8()?;
        let mut text = || reader.str().map(str::to_owned);
        Ok(match kind {
            ENABLE => AuthCommand::Enable,
            DISABLE => AuthCommand::Disable,
            USER_ADD => AuthCommand::UserAdd {
                name: text()?,
                password: decode_hash(reader)?,
                no_password: reader.u8()? != 0,
            },
            USER_DELETE => AuthCommand::UserDelete { name: text()? },
            USER_CHANGE_PASSWORD => AuthCommand::UserChangePassword {
                name: text()?,
                password: decode_hash(reader)?,
            },
            USER_GRANT_ROLE => AuthCommand::UserGrantRole {
                user: text()?,
                role: text()?,
            },
            USER_REVOKE_ROLE => AuthCommand::UserRevokeRole {
                user: text()?,
                role: text()?,
            },
            ROLE_ADD => AuthCommand::RoleAdd { name: text()? },
            ROLE_DELETE => AuthCommand::RoleDelete { role: text()? },
            ROLE_GRANT_PERMISSION => AuthCommand::RoleGrantPermission {
                role: text()?,
                permission: decode_permission(reader)?,
            },
            ROLE_REVOKE_PERMISSION => AuthCommand::RoleRevokePermission {
                role: text()?,
                key: reader.bytes()?,
                range_end: reader.bytes()?,
            },
            AUTHENTICATE => AuthCommand::Authenticate {
                name: text()?,
                token_prefix: TokenPrefix(text()?),
            },
            _ => return Err(Malformed("unknown auth command")),
        })
    }
}

fn decode_hash(reader: &mut Reader<'_>) -> Result<PasswordHash, Malformed> {
    Ok(PasswordHash::from_bytes(reader.slice()?.to_vec()))
}

/// Appends a permission.
pub fn encode_permission(permission: &Permission, out: &mut Vec<u8>) {
    out.push(permission.kind.number());
    put_bytes(out, &permission.key);
    put_bytes(out, &permission.range_end);
}

/// Reads what [`encode_permission`] wrote.
pub fn decode_permission(reader: &mut Reader<'_>) -> Result<Permission, Malformed> {
    Ok(Permission {
        kind: PermissionKind::from_number(reader.u8()?)
            .ok_or(Malformed("unknown kind of permission"))?,
        key: reader.bytes()?,
        range_end: reader.bytes()?,
    })
}

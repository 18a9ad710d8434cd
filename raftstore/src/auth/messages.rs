//! The messages of etcd's Auth service as plain values. A field that etcd's message has and that is not here means nothing there.

use super::{Permission, Secret};
use crate::rpc::ResponseHeader;

/// Whether auth is enabled, as `AuthStatusResponse`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AuthStatusResponse {
    /// Who answered, when.
    pub header: ResponseHeader,
    /// Whether callers are checked.
    pub enabled: bool,
    /// Grows with every change of users and roles.
    pub auth_revision: u64,
}

/// A login, as `AuthenticateRequest`.
#[derive(Clone, Debug)]
pub struct AuthenticateRequest {
    /// The user.
    pub name: String,
    /// The password.
    pub password: Secret,
}

/// Answer to a login, as `AuthenticateResponse`.
#[derive(Clone, Debug)]
pub struct AuthenticateResponse {
    /// Who answered, when.
    pub header: ResponseHeader,
    /// The token to send with requests.
    pub token: Secret,
}

/// A new user, as `AuthUserAddRequest`. The `hashedPassword` of etcd's message is not listened to, as in etcd.
#[derive(Clone, Debug)]
pub struct UserAddRequest {
    /// The name.
    pub name: String,
    /// The password.
    pub password: Secret,
    /// The user cannot log in by password, only by certificate.
    pub no_password: bool,
}

/// A new password, as `AuthUserChangePasswordRequest`.
#[derive(Clone, Debug)]
pub struct UserChangePasswordRequest {
    /// The user.
    pub name: String,
    /// The password; empty to give a hash.
    pub password: Secret,
    /// A bcrypt hash in base64. Counts if `password` is empty.
    pub hashed_password: Secret,
}

/// A user's roles, as `AuthUserGetResponse`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UserGetResponse {
    /// Who answered, when.
    pub header: ResponseHeader,
    /// Names of roles, ascending.
    pub roles: Vec<String>,
}

/// The users, as `AuthUserListResponse`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UserListResponse {
    /// Who answered, when.
    pub header: ResponseHeader,
    /// Names, ascending.
    pub users: Vec<String>,
}

/// A role's permissions, as `AuthRoleGetResponse`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RoleGetResponse {
    /// Who answered, when.
    pub header: ResponseHeader,
    /// Permissions by their first key.
    pub permissions: Vec<Permission>,
}

/// The roles, as `AuthRoleListResponse`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RoleListResponse {
    /// Who answered, when.
    pub header: ResponseHeader,
    /// Names, ascending.
    pub roles: Vec<String>,
}

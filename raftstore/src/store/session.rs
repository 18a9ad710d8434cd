//! The requests of one caller.

use std::{fmt, sync::Arc};

use super::{Inner, Status, Store};
use crate::{
    Error, Watcher,
    alarm::{AlarmRequest, AlarmResponse},
    auth::*,
    hash::{HashKvResponse, HashResponse},
    rpc::*,
};

/// The store as one caller may use it. Cheap to make, one for each request. What a method does and which errors it has is
/// said at the method of [`Store`] of the same name; while auth is enabled each may answer in addition
/// [`Error::UserEmpty`] to whoever is anonymous, [`Error::PermissionDenied`], and [`Error::AuthOldRevision`] to whoever
/// became known before users or roles last changed.
#[derive(Clone)]
pub struct Session {
    inner: Arc<Inner>,
    caller: Caller,
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("caller", &self.caller)
            .finish_non_exhaustive()
    }
}

#[allow(missing_docs, reason = "said at Store")]
impl Session {
    pub(super) fn new(inner: Arc<Inner>, caller: Caller) -> Self {
        Session { inner, caller }
    }

    /// Who asks.
    pub fn caller(&self) -> &Caller {
        &self.caller
    }

    pub async fn range(&self, request: RangeRequest) -> Result<RangeResponse, Error> {
        self.inner.range(&self.caller, request).await
    }

    pub async fn put(&self, request: PutRequest) -> Result<PutResponse, Error> {
        self.inner.put(&self.caller, request).await
    }

    pub async fn delete_range(
        &self,
        request: DeleteRangeRequest,
    ) -> Result<DeleteRangeResponse, Error> {
        self.inner.delete_range(&self.caller, request).await
    }

    pub async fn txn(&self, request: TxnRequest) -> Result<TxnResponse, Error> {
        self.inner.txn(&self.caller, request).await
    }

    pub async fn compact(&self, revision: i64) -> Result<CompactionResponse, Error> {
        self.inner.compact_as(&self.caller, revision).await
    }

    pub async fn compact_physical(&self, revision: i64) -> Result<CompactionResponse, Error> {
        self.inner.compact_physical(&self.caller, revision).await
    }

    /// Takes the role `root`.
    pub async fn defragment(&self) -> Result<(), Error> {
        self.check_admin()?;
        self.store().defragment().await
    }

    /// Takes the role `root`.
    pub async fn hash(&self) -> Result<HashResponse, Error> {
        self.check_admin()?;
        self.store().hash().await
    }

    /// Takes the role `root`.
    pub async fn hash_kv(&self, revision: i64) -> Result<HashKvResponse, Error> {
        self.check_admin()?;
        self.store().hash_kv(revision).await
    }

    pub fn watch(&self, request: WatchRequest) -> Result<Watcher, Error> {
        self.inner.watch(&self.caller, request)
    }

    pub async fn lease_grant(&self, ttl: i64, id: i64) -> Result<LeaseGrantResponse, Error> {
        self.inner.lease_grant(&self.caller, ttl, id).await
    }

    pub async fn lease_revoke(&self, id: i64) -> Result<LeaseRevokeResponse, Error> {
        self.inner.lease_revoke(&self.caller, id).await
    }

    pub async fn lease_keep_alive(&self, id: i64) -> Result<LeaseKeepAliveResponse, Error> {
        self.inner.lease_keep_alive(&self.caller, id).await
    }

    pub async fn lease_time_to_live(
        &self,
        id: i64,
        keys: bool,
    ) -> Result<LeaseTimeToLiveResponse, Error> {
        self.inner.lease_time_to_live(&self.caller, id, keys).await
    }

    pub async fn leases(&self) -> Result<LeaseLeasesResponse, Error> {
        self.inner.leases(&self.caller).await
    }

    /// Lists alarms, which everybody may who is known, or raises or puts out one, which takes the role `root`.
    pub async fn alarm(&self, request: AlarmRequest) -> Result<AlarmResponse, Error> {
        self.inner.alarm(&self.caller, request).await
    }

    pub fn status(&self) -> Result<Status, Error> {
        self.check_known()?;
        Ok(self.store().status())
    }

    /// The store itself, with all rights.
    fn store(&self) -> Store {
        Store {
            inner: Arc::clone(&self.inner),
        }
    }

    /// Whether the caller has the role `root`, which snapshots, defragmenting, hashes, changes of members and moving the
    /// leadership take.
    ///
    /// # Errors
    /// [`Error::UserEmpty`], [`Error::UserNotFound`], [`Error::PermissionDenied`].
    pub fn check_admin(&self) -> Result<(), Error> {
        self.inner.check_admin(&self.caller)
    }

    /// Whether it is known who the caller is.
    ///
    /// # Errors
    /// [`Error::UserEmpty`].
    pub fn check_known(&self) -> Result<(), Error> {
        self.inner.check_known(&self.caller)
    }

    /// Lets callers be checked from now on. Takes a user `root` with the role `root`.
    ///
    /// # Errors
    /// [`Error::RootUserNotExist`], [`Error::RootRoleNotExist`].
    pub async fn auth_enable(&self) -> Result<ResponseHeader, Error> {
        self.inner.auth(&self.caller, AuthCommand::Enable).await
    }

    /// Ends that callers are checked.
    ///
    /// # Errors
    /// Those of every request.
    pub async fn auth_disable(&self) -> Result<ResponseHeader, Error> {
        self.inner.auth(&self.caller, AuthCommand::Disable).await
    }

    /// Whether callers are checked, which takes the role `root` while they are.
    ///
    /// # Errors
    /// Those of every request, [`Error::Stopped`].
    pub async fn auth_status(&self) -> Result<AuthStatusResponse, Error> {
        self.inner.auth_status(&self.caller).await
    }

    /// Checks a password and gives a token.
    ///
    /// # Errors
    /// [`Error::AuthNotEnabled`], [`Error::AuthFailed`], [`Error::NoPasswordUser`].
    pub async fn authenticate(
        &self,
        request: AuthenticateRequest,
    ) -> Result<AuthenticateResponse, Error> {
        self.inner.authenticate(request).await
    }

    /// Adds a user.
    ///
    /// # Errors
    /// [`Error::UserEmpty`], [`Error::UserAlreadyExist`], [`Error::PasswordTooLong`].
    pub async fn user_add(&self, request: UserAddRequest) -> Result<ResponseHeader, Error> {
        self.inner.user_add(&self.caller, request).await
    }

    /// A user's roles. A user may ask for their own.
    ///
    /// # Errors
    /// [`Error::UserNotFound`].
    pub async fn user_get(&self, name: &str) -> Result<UserGetResponse, Error> {
        self.inner.user_get(&self.caller, name).await
    }

    /// The users.
    ///
    /// # Errors
    /// Those of every request.
    pub async fn user_list(&self) -> Result<UserListResponse, Error> {
        self.inner.user_list(&self.caller).await
    }

    /// Deletes a user.
    ///
    /// # Errors
    /// [`Error::UserNotFound`], [`Error::InvalidAuthMgmt`] for `root` while auth is enabled.
    pub async fn user_delete(&self, name: String) -> Result<ResponseHeader, Error> {
        let command = AuthCommand::UserDelete { name };
        self.inner.auth(&self.caller, command).await
    }

    /// Changes a user's password.
    ///
    /// # Errors
    /// [`Error::UserNotFound`], [`Error::NoPasswordUser`] for a hash that is no base64, [`Error::PasswordTooLong`].
    pub async fn user_change_password(
        &self,
        request: UserChangePasswordRequest,
    ) -> Result<ResponseHeader, Error> {
        self.inner.user_change_password(&self.caller, request).await
    }

    /// Gives a role to a user.
    ///
    /// # Errors
    /// [`Error::UserNotFound`], [`Error::RoleNotFound`].
    pub async fn user_grant_role(
        &self,
        user: String,
        role: String,
    ) -> Result<ResponseHeader, Error> {
        let command = AuthCommand::UserGrantRole { user, role };
        self.inner.auth(&self.caller, command).await
    }

    /// Takes a role from a user.
    ///
    /// # Errors
    /// [`Error::UserNotFound`], [`Error::RoleNotGranted`], [`Error::InvalidAuthMgmt`] for `root` while auth is enabled.
    pub async fn user_revoke_role(
        &self,
        user: String,
        role: String,
    ) -> Result<ResponseHeader, Error> {
        let command = AuthCommand::UserRevokeRole { user, role };
        self.inner.auth(&self.caller, command).await
    }

    /// Adds a role.
    ///
    /// # Errors
    /// [`Error::RoleEmpty`], [`Error::RoleAlreadyExist`].
    pub async fn role_add(&self, name: String) -> Result<ResponseHeader, Error> {
        let command = AuthCommand::RoleAdd { name };
        self.inner.auth(&self.caller, command).await
    }

    /// A role's permissions. Whoever has the role may ask.
    ///
    /// # Errors
    /// [`Error::RoleNotFound`].
    pub async fn role_get(&self, role: &str) -> Result<RoleGetResponse, Error> {
        self.inner.role_get(&self.caller, role).await
    }

    /// The roles.
    ///
    /// # Errors
    /// Those of every request.
    pub async fn role_list(&self) -> Result<RoleListResponse, Error> {
        self.inner.role_list(&self.caller).await
    }

    /// Deletes a role, also from every user.
    ///
    /// # Errors
    /// [`Error::RoleNotFound`], [`Error::InvalidAuthMgmt`] for `root` while auth is enabled.
    pub async fn role_delete(&self, role: String) -> Result<ResponseHeader, Error> {
        let command = AuthCommand::RoleDelete { role };
        self.inner.auth(&self.caller, command).await
    }

    /// Gives a permission to a role. `None` is what a client sends that sends none.
    ///
    /// # Errors
    /// [`Error::PermissionNotGiven`], [`Error::RoleNotFound`], [`Error::InvalidAuthMgmt`] for a range that holds nothing.
    pub async fn role_grant_permission(
        &self,
        role: String,
        permission: Option<Permission>,
    ) -> Result<ResponseHeader, Error> {
        let permission = permission.ok_or(Error::PermissionNotGiven)?;
        let command = AuthCommand::RoleGrantPermission { role, permission };
        self.inner.auth(&self.caller, command).await
    }

    /// Takes the permission of exactly this range from a role.
    ///
    /// # Errors
    /// [`Error::RoleNotFound`], [`Error::PermissionNotGranted`].
    pub async fn role_revoke_permission(
        &self,
        role: String,
        key: bytes::Bytes,
        range_end: bytes::Bytes,
    ) -> Result<ResponseHeader, Error> {
        let command = AuthCommand::RoleRevokePermission {
            role,
            key,
            range_end,
        };
        self.inner.auth(&self.caller, command).await
    }
}

//! The Auth service. Passwords and tokens pass through as secrets, and no log has them.

use hydrofoil_etcd_wire::{authpb, etcdserverpb::auth_server::Auth, etcdserverpb::*};
use hydrofoil_raftstore::{
    Error, ResponseHeader as Header, Store,
    auth::{self, Permission, PermissionKind},
};
use tonic::{Request, Response, Status, async_trait};

use super::{caller::session, convert, errors::status};

/// The Auth service of one store.
#[derive(Clone, Debug)]
pub struct AuthService {
    store: Store,
}

impl AuthService {
    /// The service of a store.
    pub fn new(store: Store) -> Self {
        AuthService { store }
    }
}

/// The answer that has nothing but a header.
macro_rules! only_header {
    ($response:ident, $result:expr) => {{
        let header: Header = $result.map_err(|e: Error| status(&e))?;
        Ok(Response::new($response {
            header: convert::header(header),
        }))
    }};
}

fn permission(permission: authpb::Permission) -> Result<Permission, Status> {
    let kind = u8::try_from(permission.perm_type)
        .ok()
        .and_then(PermissionKind::from_number)
        .ok_or_else(|| status(&Error::InvalidAuthMgmt))?;
    Ok(Permission {
        kind,
        key: bytes::Bytes::copy_from_slice(&permission.key),
        range_end: bytes::Bytes::copy_from_slice(&permission.range_end),
    })
}

#[async_trait]
impl Auth for AuthService {
    async fn auth_enable(
        &self,
        request: Request<AuthEnableRequest>,
    ) -> Result<Response<AuthEnableResponse>, Status> {
        let session = session(&self.store, &request).await?;
        only_header!(AuthEnableResponse, session.auth_enable().await)
    }

    async fn auth_disable(
        &self,
        request: Request<AuthDisableRequest>,
    ) -> Result<Response<AuthDisableResponse>, Status> {
        let session = session(&self.store, &request).await?;
        only_header!(AuthDisableResponse, session.auth_disable().await)
    }

    async fn auth_status(
        &self,
        request: Request<AuthStatusRequest>,
    ) -> Result<Response<AuthStatusResponse>, Status> {
        let session = session(&self.store, &request).await?;
        let response = session.auth_status().await.map_err(|e| status(&e))?;
        Ok(Response::new(AuthStatusResponse {
            header: convert::header(response.header),
            enabled: response.enabled,
            auth_revision: response.auth_revision,
        }))
    }

    /// A login. Whoever logs in again with a token that is over is not refused for that token.
    async fn authenticate(
        &self,
        request: Request<AuthenticateRequest>,
    ) -> Result<Response<AuthenticateResponse>, Status> {
        let AuthenticateRequest { name, password } = request.into_inner();
        let login = auth::AuthenticateRequest {
            name,
            password: password.into(),
        };
        let session = self.store.session(auth::Caller::Anonymous);
        let response = session.authenticate(login).await.map_err(|e| status(&e))?;
        Ok(Response::new(AuthenticateResponse {
            header: convert::header(response.header),
            token: response.token.reveal().into(),
        }))
    }

    async fn user_add(
        &self,
        request: Request<AuthUserAddRequest>,
    ) -> Result<Response<AuthUserAddResponse>, Status> {
        let session = session(&self.store, &request).await?;
        let request = request.into_inner();
        let user = auth::UserAddRequest {
            name: request.name,
            password: request.password.into(),
            no_password: request.options.is_some_and(|options| options.no_password),
        };
        only_header!(AuthUserAddResponse, session.user_add(user).await)
    }

    async fn user_get(
        &self,
        request: Request<AuthUserGetRequest>,
    ) -> Result<Response<AuthUserGetResponse>, Status> {
        let session = session(&self.store, &request).await?;
        let response = session.user_get(&request.get_ref().name).await;
        let response = response.map_err(|e| status(&e))?;
        Ok(Response::new(AuthUserGetResponse {
            header: convert::header(response.header),
            roles: response.roles,
        }))
    }

    async fn user_list(
        &self,
        request: Request<AuthUserListRequest>,
    ) -> Result<Response<AuthUserListResponse>, Status> {
        let session = session(&self.store, &request).await?;
        let response = session.user_list().await.map_err(|e| status(&e))?;
        Ok(Response::new(AuthUserListResponse {
            header: convert::header(response.header),
            users: response.users,
        }))
    }

    async fn user_delete(
        &self,
        request: Request<AuthUserDeleteRequest>,
    ) -> Result<Response<AuthUserDeleteResponse>, Status> {
        let session = session(&self.store, &request).await?;
        let name = request.into_inner().name;
        only_header!(AuthUserDeleteResponse, session.user_delete(name).await)
    }

    async fn user_change_password(
        &self,
        request: Request<AuthUserChangePasswordRequest>,
    ) -> Result<Response<AuthUserChangePasswordResponse>, Status> {
        let session = session(&self.store, &request).await?;
        let request = request.into_inner();
        let change = auth::UserChangePasswordRequest {
            name: request.name,
            password: request.password.into(),
            hashed_password: request.hashed_password.into(),
        };
        let changed = session.user_change_password(change).await;
        only_header!(AuthUserChangePasswordResponse, changed)
    }

    async fn user_grant_role(
        &self,
        request: Request<AuthUserGrantRoleRequest>,
    ) -> Result<Response<AuthUserGrantRoleResponse>, Status> {
        let session = session(&self.store, &request).await?;
        let AuthUserGrantRoleRequest { user, role } = request.into_inner();
        let granted = session.user_grant_role(user, role).await;
        only_header!(AuthUserGrantRoleResponse, granted)
    }

    async fn user_revoke_role(
        &self,
        request: Request<AuthUserRevokeRoleRequest>,
    ) -> Result<Response<AuthUserRevokeRoleResponse>, Status> {
        let session = session(&self.store, &request).await?;
        let AuthUserRevokeRoleRequest { name, role } = request.into_inner();
        let revoked = session.user_revoke_role(name, role).await;
        only_header!(AuthUserRevokeRoleResponse, revoked)
    }

    async fn role_add(
        &self,
        request: Request<AuthRoleAddRequest>,
    ) -> Result<Response<AuthRoleAddResponse>, Status> {
        let session = session(&self.store, &request).await?;
        let name = request.into_inner().name;
        only_header!(AuthRoleAddResponse, session.role_add(name).await)
    }

    async fn role_get(
        &self,
        request: Request<AuthRoleGetRequest>,
    ) -> Result<Response<AuthRoleGetResponse>, Status> {
        let session = session(&self.store, &request).await?;
        let response = session.role_get(&request.get_ref().role).await;
        let response = response.map_err(|e| status(&e))?;
        let permissions = response.permissions.into_iter();
        Ok(Response::new(AuthRoleGetResponse {
            header: convert::header(response.header),
            perm: permissions
                .map(|permission| authpb::Permission {
                    perm_type: permission.kind.number().into(),
                    key: permission.key,
                    range_end: permission.range_end,
                })
                .collect(),
        }))
    }

    async fn role_list(
        &self,
        request: Request<AuthRoleListRequest>,
    ) -> Result<Response<AuthRoleListResponse>, Status> {
        let session = session(&self.store, &request).await?;
        let response = session.role_list().await.map_err(|e| status(&e))?;
        Ok(Response::new(AuthRoleListResponse {
            header: convert::header(response.header),
            roles: response.roles,
        }))
    }

    async fn role_delete(
        &self,
        request: Request<AuthRoleDeleteRequest>,
    ) -> Result<Response<AuthRoleDeleteResponse>, Status> {
        let session = session(&self.store, &request).await?;
        let role = request.into_inner().role;
        only_header!(AuthRoleDeleteResponse, session.role_delete(role).await)
    }

    async fn role_grant_permission(
        &self,
        request: Request<AuthRoleGrantPermissionRequest>,
    ) -> Result<Response<AuthRoleGrantPermissionResponse>, Status> {
        let session = session(&self.store, &request).await?;
        let AuthRoleGrantPermissionRequest { name, perm } = request.into_inner();
        let permission = perm.map(permission).transpose()?;
        let granted = session.role_grant_permission(name, permission).await;
        only_header!(AuthRoleGrantPermissionResponse, granted)
    }

    async fn role_revoke_permission(
        &self,
        request: Request<AuthRoleRevokePermissionRequest>,
    ) -> Result<Response<AuthRoleRevokePermissionResponse>, Status> {
        let session = session(&self.store, &request).await?;
        let AuthRoleRevokePermissionRequest {
            role,
            key,
            range_end,
        } = request.into_inner();
        let revoked = session.role_revoke_permission(role, key, range_end).await;
        only_header!(AuthRoleRevokePermissionResponse, revoked)
    }
}

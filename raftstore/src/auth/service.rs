//! The requests of etcd's Auth service.

use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use tokio::sync::Semaphore;

use super::{
    AuthCommand, AuthStatusResponse, AuthenticateRequest, AuthenticateResponse, Caller,
    PasswordHash, RoleGetResponse, RoleListResponse, Secret, UserAddRequest,
    UserChangePasswordRequest, UserGetResponse, UserListResponse,
    password::{self, MAX_HASHERS},
};
use crate::{
    Error,
    command::{Command, Refusal, Reply},
    rpc::ResponseHeader,
    store::Inner,
};

/// Attempts of a login while users and roles change under it.
const MAX_LOGIN_ATTEMPTS: usize = 8;
/// Bounds how much of the machine passwords take.
static HASHERS: Semaphore = Semaphore::const_new(MAX_HASHERS);

/// Does what is slow on purpose where it blocks nobody.
async fn slowly<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Error> {
    let internal = |e: &dyn std::fmt::Display| Error::Internal(e.to_string());
    let _place = HASHERS.acquire().await.map_err(|e| internal(&e))?;
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|e| internal(&e))
}

impl Inner {
    /// Proposes a change of users and roles.
    pub(crate) async fn auth(
        &self,
        caller: &Caller,
        command: AuthCommand,
    ) -> Result<ResponseHeader, Error> {
        let command = Command::Auth(command).on_behalf_of(caller);
        let revision = self.propose(command).await?;
        Ok(self.core().header(revision))
    }

    async fn hash(&self, password: Secret) -> Result<PasswordHash, Error> {
        let cost = password::cost(self.config().bcrypt_cost);
        slowly(move || PasswordHash::of(&password, cost)).await?
    }

    pub(crate) async fn user_add(
        &self,
        caller: &Caller,
        request: UserAddRequest,
    ) -> Result<ResponseHeader, Error> {
        // Checked here as well, so that nobody can have us hash passwords for nothing.
        self.core().auth.read().is_admin(caller)?;
        let password = if request.no_password {
            PasswordHash::default()
        } else {
            self.hash(request.password).await?
        };
        let command = AuthCommand::UserAdd {
            name: request.name,
            password,
            no_password: request.no_password,
        };
        self.auth(caller, command).await
    }

    pub(crate) async fn user_change_password(
        &self,
        caller: &Caller,
        request: UserChangePasswordRequest,
    ) -> Result<ResponseHeader, Error> {
        self.core().auth.read().is_admin(caller)?;
        let password = if request.password.is_empty() {
            let hash = BASE64.decode(request.hashed_password.reveal());
            PasswordHash::from_bytes(hash.map_err(|_| Error::NoPasswordUser)?)
        } else {
            self.hash(request.password).await?
        };
        let command = AuthCommand::UserChangePassword {
            name: request.name,
            password,
        };
        self.auth(caller, command).await
    }

    pub(crate) async fn auth_status(&self, caller: &Caller) -> Result<AuthStatusResponse, Error> {
        self.linearize().await?;
        let core = self.core();
        let auth = core.auth.read();
        auth.is_admin(caller)?;
        Ok(AuthStatusResponse {
            header: core.header(core.revision()),
            enabled: auth.enabled,
            auth_revision: auth.revision,
        })
    }

    pub(crate) async fn user_get(
        &self,
        caller: &Caller,
        name: &str,
    ) -> Result<UserGetResponse, Error> {
        self.linearize().await?;
        let core = self.core();
        let auth = core.auth.read();
        auth.may_see_user(caller, name)?;
        let user = auth.users.get(name).ok_or(Error::UserNotFound)?;
        Ok(UserGetResponse {
            header: core.header(core.revision()),
            roles: user.roles.clone(),
        })
    }

    pub(crate) async fn user_list(&self, caller: &Caller) -> Result<UserListResponse, Error> {
        self.linearize().await?;
        let core = self.core();
        let auth = core.auth.read();
        auth.is_admin(caller)?;
        Ok(UserListResponse {
            header: core.header(core.revision()),
            users: auth.users.keys().cloned().collect(),
        })
    }

    pub(crate) async fn role_get(
        &self,
        caller: &Caller,
        name: &str,
    ) -> Result<RoleGetResponse, Error> {
        self.linearize().await?;
        let core = self.core();
        let auth = core.auth.read();
        auth.may_see_role(caller, name)?;
        let role = auth.roles.get(name).ok_or(Error::RoleNotFound)?;
        // Of `root`, too: what it may do beyond what it was granted is not shown.
        Ok(RoleGetResponse {
            header: core.header(core.revision()),
            permissions: role.permissions.clone(),
        })
    }

    pub(crate) async fn role_list(&self, caller: &Caller) -> Result<RoleListResponse, Error> {
        self.linearize().await?;
        let core = self.core();
        let auth = core.auth.read();
        auth.is_admin(caller)?;
        Ok(RoleListResponse {
            header: core.header(core.revision()),
            roles: auth.roles.keys().cloned().collect(),
        })
    }

    /// The hash of a user's password, with the auth revision at which it is theirs.
    fn password_of(&self, name: &str) -> Result<(PasswordHash, u64), Error> {
        let auth = self.core().auth.read();
        if !auth.enabled {
            return Err(Error::AuthNotEnabled);
        }
        let user = auth.users.get(name).ok_or(Error::AuthFailed)?;
        if user.no_password {
            return Err(Error::NoPasswordUser);
        }
        Ok((user.password.clone(), auth.revision))
    }

    pub(crate) async fn authenticate(
        &self,
        request: AuthenticateRequest,
    ) -> Result<AuthenticateResponse, Error> {
        self.linearize().await?;
        let AuthenticateRequest { name, password } = request;
        for _ in 0..MAX_LOGIN_ATTEMPTS {
            let (hash, checked_at) = self.password_of(&name)?;
            let given = password.clone();
            if !slowly(move || hash.fits(&given)).await? {
                tracing::warn!(user = name, "a login with a wrong password");
                return Err(Error::AuthFailed);
            }
            let token_prefix = self.core().tokens.prefix();
            let command = AuthCommand::Authenticate {
                name: name.clone(),
                token_prefix: token_prefix.clone(),
            };
            let login = match self.propose_sized(Command::Auth(command), 0).await? {
                Reply::Login(login) => login?,
                _ => return Err(Error::Internal("a login without its answer".into())),
            };
            // If users changed between the check and the login, the password may have, too.
            if login.auth_revision == checked_at {
                let token = self.core().tokens.issue(&name, &token_prefix, &login)?;
                return Ok(AuthenticateResponse {
                    header: self.core().header(login.revision),
                    token,
                });
            }
        }
        Err(Refusal::AuthOldRevision.into())
    }

    pub(crate) async fn caller_of_token(&self, token: &str) -> Result<Caller, Error> {
        let core = self.core();
        let find = || {
            let auth = core.auth.read();
            if !auth.enabled {
                return Some(Caller::Anonymous);
            }
            core.tokens.find(token, auth.revision)
        };
        if let Some(caller) = find() {
            return Ok(caller);
        }
        // Another member may have given the token, at an entry that is still to be applied here.
        if let Some(index) = core.tokens.index(token)
            && self.wait_applied(index).await
            && let Some(caller) = find()
        {
            return Ok(caller);
        }
        Err(Error::InvalidAuthToken)
    }

    pub(crate) fn caller_of_certificate(&self, common_name: &str) -> Caller {
        let auth = self.core().auth.read();
        if auth.enabled {
            Caller::User {
                name: common_name.into(),
                revision: auth.revision,
            }
        } else {
            Caller::Anonymous
        }
    }
}

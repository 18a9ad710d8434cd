//! Users, roles and permissions, as etcd has them.
//!
//! What is replicated is `state`: users with the hashes of their passwords, roles with the ranges they may read and write, whether
//! any of it counts, and a revision that grows with every change. A request carries its [`Caller`], who was known at some auth
//! revision; when the request is applied its caller is checked against users and roles as they are then, and a caller known at
//! an older revision is refused. So a permission that was taken away is gone for every request that is applied later, on
//! whichever member it came in.
//!
//! The one confusing thing: a token is not a permission but a name. Tokens live in `token`, on each member by itself, and say
//! which [`Caller`] a client is. They are not part of the replicated state, but logins are commands, so every member comes to
//! know a simple token.
//!
//! - `messages`: what is asked and answered, as `etcdserverpb` has it.
//! - `command`: what is replicated, and its form in the log.
//! - `state`: users and roles, and what each command does to them.
//! - `permission`: ranges of keys and whether they cover what is asked.
//! - `check`: what each request needs.
//! - `password`: hashing and checking, which is slow on purpose.
//! - `token`: simple tokens and JWT.
//! - `service`: the requests.

pub mod check;
pub mod command;
pub mod messages;
pub mod password;
pub mod permission;
pub mod service;
pub mod state;
pub mod token;

use std::{fmt, sync::Arc};

use serde::{Deserialize, Serialize};

pub use command::AuthCommand;
pub use messages::*;
pub use password::{PasswordHash, Secret};
pub use permission::{Permission, PermissionKind};
pub use token::TokenConfig;

/// The user, and the role, that may do everything.
pub const ROOT: &str = "root";

/// Who asks.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Caller {
    /// This process: may do everything, also while auth is enabled.
    Internal,
    /// Nobody said who they are. While auth is disabled that is everybody.
    Anonymous,
    /// A user, known by a token or a certificate.
    User {
        /// The name.
        name: Arc<str>,
        /// The auth revision at which the name was known.
        revision: u64,
    },
}

impl fmt::Debug for Caller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Caller::Internal => f.write_str("internal"),
            Caller::Anonymous => f.write_str("anonymous"),
            Caller::User { name, revision } => write!(f, "{name}@{revision}"),
        }
    }
}

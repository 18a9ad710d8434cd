//! `Debug` of the messages that carry passwords, their hashes and tokens: everything but those.

use std::fmt;

use crate::{
    authpb::User,
    etcdserverpb::{
        AuthUserAddRequest, AuthUserChangePasswordRequest, AuthenticateRequest,
        AuthenticateResponse, InternalAuthenticateRequest,
    },
};

macro_rules! debug_without_secrets {
    ($($message:ident { $($shown:ident),* })*) => {$(
        impl fmt::Debug for $message {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct(stringify!($message))
                    $(.field(stringify!($shown), &self.$shown))*
                    .finish_non_exhaustive()
            }
        }
    )*};
}

debug_without_secrets! {
    User { name, roles, options }
    AuthUserAddRequest { name, options }
    AuthUserChangePasswordRequest { name }
    AuthenticateRequest { name }
    AuthenticateResponse { header }
    InternalAuthenticateRequest { name }
}

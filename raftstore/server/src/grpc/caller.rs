//! Who asks: by a token in the request's metadata, or by the client certificate's common name.
//!
//! As in etcd a token counts before a certificate, a certificate counts only where client certificates are asked for, and while
//! auth is disabled nothing counts.

use std::sync::Arc;

use http::Extensions;
use hydrofoil_raftstore::{Caller, Error, Session, Store};
use tonic::{Request, Status, metadata::MetadataMap};

use super::errors;

/// The name in a client's verified certificate. Whoever ends TLS puts it into a request's extensions; the JSON gateway, whose
/// requests come with the server's own certificate, must not.
#[derive(Clone, Debug)]
pub struct ClientCertificate {
    /// The subject's common name.
    pub common_name: Arc<str>,
}

/// What a request says of who sent it. Secret: no `Debug`.
#[derive(Clone, Default)]
pub struct Credentials {
    token: Option<Box<str>>,
    common_name: Option<Arc<str>>,
}

impl Credentials {
    /// Those of a request.
    pub fn of(metadata: &MetadataMap, extensions: &Extensions) -> Self {
        let headers = metadata.as_ref();
        let token = headers
            .get("token")
            .or_else(|| headers.get(http::header::AUTHORIZATION))
            .and_then(|value| value.to_str().ok());
        Credentials {
            token: token.map(Into::into),
            common_name: extensions
                .get::<ClientCertificate>()
                .map(|certificate| Arc::clone(&certificate.common_name)),
        }
    }

    /// The store as who sent these may use it.
    pub async fn session(&self, store: &Store) -> Result<Session, Error> {
        let caller = match (&self.token, &self.common_name) {
            (Some(token), _) => store.caller_of_token(token).await?,
            (None, Some(name)) => store.caller_of_certificate(name),
            (None, None) => Caller::Anonymous,
        };
        Ok(store.session(caller))
    }
}

/// The store as the sender of a request may use it.
pub async fn session<T>(store: &Store, request: &Request<T>) -> Result<Session, Status> {
    let credentials = Credentials::of(request.metadata(), request.extensions());
    let session = credentials.session(store).await;
    session.map_err(|error| errors::status(&error))
}

/// Whether the sender of a request may do everything, which changes of members, snapshots and the like take.
pub async fn admin<T>(store: &Store, request: &Request<T>) -> Result<(), Status> {
    session(store, request)
        .await?
        .check_admin()
        .map_err(|error| errors::status(&error))
}

/// [`admin`] for those methods of Maintenance whose refusals etcd passes on as they come from its auth: clients see `Unknown`
/// and other words than anywhere else.
pub async fn admin_in_auths_words<T>(store: &Store, request: &Request<T>) -> Result<(), Status> {
    let credentials = Credentials::of(request.metadata(), request.extensions());
    let session = credentials.session(store).await;
    session
        .and_then(|session| session.check_admin())
        .map_err(|error| errors::in_auths_words(&error))
}

/// Whether it is known who sent a request, while auth is enabled.
pub async fn known<T>(store: &Store, request: &Request<T>) -> Result<(), Status> {
    session(store, request)
        .await?
        .check_known()
        .map_err(|error| errors::status(&error))
}

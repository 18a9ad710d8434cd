//! Elections and locks (`v3electionpb`, `v3lockpb`), as etcd's server has them: over its own key space, by what any client could do.
//!
//! A candidate puts `prefix/lease` (the lease in hexadecimal digits) if it does not exist, and leads when no key under the prefix is
//! older by create revision. A lock is the same with an empty value. Each waits for the deletion of the key just before its own, so
//! that one deletion wakes one.
//!
//! Every step is a call of gRPC inside the process with the caller's token and certificate: what its role may not do, an election of
//! its may not either.
//!
//! The one confusing thing: whatever fails in here has the code `Unknown`, since etcd's client, which etcd uses here, strips codes.

pub mod election;
pub mod keys;
pub mod lock;
#[cfg(test)]
mod tests;

use axum::Router;
use hydrofoil_etcd_wire::{
    v3electionpb::election_server::ElectionServer, v3lockpb::lock_server::LockServer,
};
use tonic::{
    Code, Request, Status, codec::CompressionEncoding, metadata::MetadataMap, server::NamedService,
};

use crate::listen::{ClientCertificate, Connection};

/// Time to live of the lease of who brings none, in seconds.
const SESSION_TTL_SECONDS: i64 = 60;

/// The services that elections and locks are made of, and the services themselves.
#[derive(Clone, Debug)]
pub struct Coordination {
    grpc: Router,
}

impl Coordination {
    /// Over the services of `grpc`, which must hold `etcdserverpb`'s KV, Watch and Lease.
    pub fn new(grpc: Router) -> Coordination {
        Coordination { grpc }
    }

    /// The two services as routes, without an answer to any other path.
    pub fn routes(&self) -> Router {
        let under = |service: &str| format!("/{service}/{{*method}}");
        Router::new()
            .route_service(
                &under(ElectionServer::<Coordination>::NAME),
                ElectionServer::new(self.clone())
                    .accept_compressed(CompressionEncoding::Gzip)
                    .send_compressed(CompressionEncoding::Gzip),
            )
            .route_service(
                &under(LockServer::<Coordination>::NAME),
                LockServer::new(self.clone())
                    .accept_compressed(CompressionEncoding::Gzip)
                    .send_compressed(CompressionEncoding::Gzip),
            )
    }
}

/// What of a caller goes along with each call on its behalf.
#[derive(Clone, Debug)]
struct Caller {
    metadata: MetadataMap,
    identity: Option<ClientCertificate>,
    connection: Option<Connection>,
}

impl Caller {
    fn of<T>(request: &Request<T>) -> Caller {
        let mut metadata = MetadataMap::new();
        for name in ["token", "authorization", "hasleader"] {
            if let Some(value) = request.metadata().get(name) {
                metadata.insert(name, value.clone());
            }
        }
        Caller {
            metadata,
            identity: request.extensions().get().cloned(),
            connection: request.extensions().get().copied(),
        }
    }

    /// A request on the caller's behalf.
    fn request<T>(&self, message: T) -> Request<T> {
        let mut request = Request::new(message);
        *request.metadata_mut() = self.metadata.clone();
        if let Some(identity) = &self.identity {
            request.extensions_mut().insert(identity.clone());
        }
        if let Some(connection) = self.connection {
            request.extensions_mut().insert(connection);
        }
        request
    }
}

/// An error as etcd tells it: its words, without its code.
fn unknown(error: &Status) -> Status {
    Status::new(Code::Unknown, error.message())
}

//! The Lease service.

use std::pin::Pin;

use futures::{Stream, stream};
use hydrofoil_etcd_wire::etcdserverpb::{lease_server::Lease, *};
use hydrofoil_raftstore::{Error, Store};
use tonic::{Request, Response, Status, Streaming, async_trait};

use super::{
    caller::{Credentials, session},
    convert,
    errors::status,
};

/// The Lease service of one store.
#[derive(Clone, Debug)]
pub struct LeaseService {
    store: Store,
}

impl LeaseService {
    /// The service of a store.
    pub fn new(store: Store) -> Self {
        LeaseService { store }
    }

    /// Starts a lease's time anew. A lease that does not exist is answered with a time of 0, as in etcd.
    ///
    /// # Errors
    /// etcd's.
    pub async fn keep_alive(
        &self,
        credentials: &Credentials,
        request: LeaseKeepAliveRequest,
    ) -> Result<LeaseKeepAliveResponse, Status> {
        let answer = async {
            let session = credentials.session(&self.store).await?;
            session.lease_keep_alive(request.id).await
        };
        match answer.await {
            Ok(response) => Ok(LeaseKeepAliveResponse {
                header: convert::header(response.header),
                id: response.id,
                ttl: response.ttl,
            }),
            Err(Error::LeaseNotFound) => Ok(LeaseKeepAliveResponse {
                header: convert::header(self.store.status().header),
                id: request.id,
                ttl: 0,
            }),
            Err(error) => Err(status(&error)),
        }
    }
}

#[async_trait]
impl Lease for LeaseService {
    async fn lease_grant(
        &self,
        request: Request<LeaseGrantRequest>,
    ) -> Result<Response<LeaseGrantResponse>, Status> {
        let session = session(&self.store, &request).await?;
        let LeaseGrantRequest { ttl, id } = request.into_inner();
        let response = session.lease_grant(ttl, id).await.map_err(|e| status(&e))?;
        Ok(Response::new(LeaseGrantResponse {
            header: convert::header(response.header),
            id: response.id,
            ttl: response.ttl,
            error: String::new(),
        }))
    }

    async fn lease_revoke(
        &self,
        request: Request<LeaseRevokeRequest>,
    ) -> Result<Response<LeaseRevokeResponse>, Status> {
        let session = session(&self.store, &request).await?;
        let id = request.get_ref().id;
        let response = session.lease_revoke(id).await.map_err(|e| status(&e))?;
        Ok(Response::new(LeaseRevokeResponse {
            header: convert::header(response.header),
        }))
    }

    type LeaseKeepAliveStream =
        Pin<Box<dyn Stream<Item = Result<LeaseKeepAliveResponse, Status>> + Send>>;

    async fn lease_keep_alive(
        &self,
        request: Request<Streaming<LeaseKeepAliveRequest>>,
    ) -> Result<Response<Self::LeaseKeepAliveStream>, Status> {
        let credentials = Credentials::of(request.metadata(), request.extensions());
        let state = (self.clone(), credentials, request.into_inner());
        // One request is answered before the next is read: a client that does not read its answers is not read either.
        let answers = stream::try_unfold(state, |(service, credentials, mut requests)| async {
            let Some(request) = requests.message().await? else {
                return Ok(None);
            };
            let response = service.keep_alive(&credentials, request).await?;
            Ok(Some((response, (service, credentials, requests))))
        });
        Ok(Response::new(Box::pin(answers)))
    }

    async fn lease_time_to_live(
        &self,
        request: Request<LeaseTimeToLiveRequest>,
    ) -> Result<Response<LeaseTimeToLiveResponse>, Status> {
        let session = session(&self.store, &request).await?;
        let LeaseTimeToLiveRequest { id, keys } = request.into_inner();
        let response = session.lease_time_to_live(id, keys).await;
        let response = response.map_err(|e| status(&e))?;
        Ok(Response::new(LeaseTimeToLiveResponse {
            header: convert::header(response.header),
            id: response.id,
            ttl: response.ttl,
            granted_ttl: response.granted_ttl,
            keys: response.keys,
        }))
    }

    async fn lease_leases(
        &self,
        request: Request<LeaseLeasesRequest>,
    ) -> Result<Response<LeaseLeasesResponse>, Status> {
        let session = session(&self.store, &request).await?;
        let response = session.leases().await.map_err(|e| status(&e))?;
        Ok(Response::new(LeaseLeasesResponse {
            header: convert::header(response.header),
            leases: response
                .leases
                .into_iter()
                .map(|id| LeaseStatus { id })
                .collect(),
        }))
    }
}

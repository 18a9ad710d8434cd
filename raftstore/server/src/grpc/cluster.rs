//! The Cluster service.

use hydrofoil_etcd_wire::etcdserverpb::{cluster_server::Cluster, *};
use hydrofoil_raftstore::{self as store, Store};
use tonic::{Request, Response, Status, async_trait};

use super::{
    caller::{admin, known},
    convert,
    errors::status,
};

/// The Cluster service of one store.
#[derive(Clone, Debug)]
pub struct ClusterService {
    store: Store,
}

impl ClusterService {
    /// The service of a store.
    pub fn new(store: Store) -> Self {
        ClusterService { store }
    }
}

/// etcd's Cluster service tells no revision.
fn header(header: store::ResponseHeader) -> Option<ResponseHeader> {
    convert::header(store::ResponseHeader {
        revision: 0,
        ..header
    })
}

#[async_trait]
impl Cluster for ClusterService {
    async fn member_add(
        &self,
        request: Request<MemberAddRequest>,
    ) -> Result<Response<MemberAddResponse>, Status> {
        admin(&self.store, &request).await?;
        let MemberAddRequest {
            peer_urls,
            is_learner,
        } = request.into_inner();
        let response = self.store.member_add(peer_urls, is_learner).await;
        let response = response.map_err(|e| status(&e))?;
        Ok(Response::new(MemberAddResponse {
            header: header(response.header),
            member: Some(convert::member(response.member)),
            members: convert::members(response.members),
        }))
    }

    async fn member_remove(
        &self,
        request: Request<MemberRemoveRequest>,
    ) -> Result<Response<MemberRemoveResponse>, Status> {
        admin(&self.store, &request).await?;
        let response = self.store.member_remove(request.get_ref().id).await;
        let response = response.map_err(|e| status(&e))?;
        Ok(Response::new(MemberRemoveResponse {
            header: header(response.header),
            members: convert::members(response.members),
        }))
    }

    async fn member_update(
        &self,
        request: Request<MemberUpdateRequest>,
    ) -> Result<Response<MemberUpdateResponse>, Status> {
        admin(&self.store, &request).await?;
        let MemberUpdateRequest { id, peer_urls } = request.into_inner();
        let response = self.store.member_update(id, peer_urls).await;
        let response = response.map_err(|e| status(&e))?;
        Ok(Response::new(MemberUpdateResponse {
            header: header(response.header),
            members: convert::members(response.members),
        }))
    }

    async fn member_list(
        &self,
        request: Request<MemberListRequest>,
    ) -> Result<Response<MemberListResponse>, Status> {
        known(&self.store, &request).await?;
        let response = self.store.members(request.get_ref().linearizable).await;
        let response = response.map_err(|e| status(&e))?;
        Ok(Response::new(MemberListResponse {
            header: header(response.header),
            members: convert::members(response.members),
        }))
    }

    async fn member_promote(
        &self,
        request: Request<MemberPromoteRequest>,
    ) -> Result<Response<MemberPromoteResponse>, Status> {
        admin(&self.store, &request).await?;
        let response = self.store.member_promote(request.get_ref().id).await;
        let response = response.map_err(|e| status(&e))?;
        Ok(Response::new(MemberPromoteResponse {
            header: header(response.header),
            members: convert::members(response.members),
        }))
    }
}

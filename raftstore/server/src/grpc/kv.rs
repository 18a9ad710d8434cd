//! The KV service.

use hydrofoil_etcd_wire::etcdserverpb::{kv_server::Kv, *};
use hydrofoil_raftstore::Store;
use tonic::{Request, Response, Status, async_trait};

use super::{caller::session, convert, errors::status};

/// The KV service of one store.
#[derive(Clone, Debug)]
pub struct KvService {
    store: Store,
}

impl KvService {
    /// The service of a store.
    pub fn new(store: Store) -> Self {
        KvService { store }
    }

    /// Reads keys.
    ///
    /// # Errors
    /// etcd's.
    pub async fn range(
        &self,
        request: Request<RangeRequest>,
    ) -> Result<Response<RangeResponse>, Status> {
        let session = session(&self.store, &request).await?;
        let request = convert::range(request.into_inner())?;
        let response = session.range(request).await.map_err(|e| status(&e))?;
        Ok(Response::new(convert::range_response(response)))
    }

    /// Sets a key.
    ///
    /// # Errors
    /// etcd's.
    pub async fn put(&self, request: Request<PutRequest>) -> Result<Response<PutResponse>, Status> {
        let session = session(&self.store, &request).await?;
        let request = convert::put(request.get_ref());
        let response = session.put(request).await.map_err(|e| status(&e))?;
        Ok(Response::new(convert::put_response(response)))
    }

    /// Deletes keys.
    ///
    /// # Errors
    /// etcd's.
    pub async fn delete_range(
        &self,
        request: Request<DeleteRangeRequest>,
    ) -> Result<Response<DeleteRangeResponse>, Status> {
        let session = session(&self.store, &request).await?;
        let request = convert::delete_range(request.into_inner());
        let response = session
            .delete_range(request)
            .await
            .map_err(|e| status(&e))?;
        Ok(Response::new(convert::delete_range_response(response)))
    }

    /// Does a transaction.
    ///
    /// # Errors
    /// etcd's.
    pub async fn txn(&self, request: Request<TxnRequest>) -> Result<Response<TxnResponse>, Status> {
        let session = session(&self.store, &request).await?;
        let request = convert::txn(request.into_inner())?;
        let response = session.txn(request).await.map_err(|e| status(&e))?;
        Ok(Response::new(convert::txn_response(response)))
    }

    /// Forgets history, which takes the role `root` while auth is enabled.
    ///
    /// # Errors
    /// etcd's.
    pub async fn compact(
        &self,
        request: Request<CompactionRequest>,
    ) -> Result<Response<CompactionResponse>, Status> {
        let session = session(&self.store, &request).await?;
        // etcd checks this in front of the store, too.
        session.check_admin().map_err(|e| status(&e))?;
        let CompactionRequest { revision, physical } = request.into_inner();
        let response = if physical {
            session.compact_physical(revision).await
        } else {
            session.compact(revision).await
        };
        let response = response.map_err(|e| status(&e))?;
        Ok(Response::new(CompactionResponse {
            header: convert::header(response.header),
        }))
    }
}

#[async_trait]
impl Kv for KvService {
    async fn range(
        &self,
        request: Request<RangeRequest>,
    ) -> Result<Response<RangeResponse>, Status> {
        KvService::range(self, request).await
    }

    async fn put(&self, request: Request<PutRequest>) -> Result<Response<PutResponse>, Status> {
        KvService::put(self, request).await
    }

    async fn delete_range(
        &self,
        request: Request<DeleteRangeRequest>,
    ) -> Result<Response<DeleteRangeResponse>, Status> {
        KvService::delete_range(self, request).await
    }

    async fn txn(&self, request: Request<TxnRequest>) -> Result<Response<TxnResponse>, Status> {
        KvService::txn(self, request).await
    }

    async fn compact(
        &self,
        request: Request<CompactionRequest>,
    ) -> Result<Response<CompactionResponse>, Status> {
        KvService::compact(self, request).await
    }
}

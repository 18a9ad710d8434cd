//! `v3lockpb.Lock`.

use bytes::Bytes;
use hydrofoil_etcd_wire::{
    etcdserverpb::TxnRequest,
    v3lockpb::{LockRequest, LockResponse, UnlockRequest, UnlockResponse, lock_server::Lock},
};
use tonic::{Request, Response, Status, async_trait};

use super::{
    Caller, Coordination,
    keys::{created_at, first_created, get, one, put, read},
};

#[async_trait]
impl Lock for Coordination {
    /// Waits for the lock. Who goes away while it waits leaves nothing behind.
    async fn lock(&self, request: Request<LockRequest>) -> Result<Response<LockResponse>, Status> {
        let caller = Caller::of(&request);
        let LockRequest { name, lease } = request.into_inner();
        let session = self.session(caller, lease).await?;
        let prefix = [&name[..], b"/"].concat();
        let key = session.key(&prefix);
        let asked = TxnRequest {
            compare: vec![created_at(key.clone(), 0)],
            success: vec![
                put(key.clone(), Bytes::new(), session.lease),
                get(first_created(&prefix)),
            ],
            failure: vec![get(one(key.clone())), get(first_created(&prefix))],
        };
        let answer = session.txn(asked).await?;
        let created = if answer.succeeded {
            answer.header.as_ref().map_or(0, |header| header.revision)
        } else {
            read(&answer, 0).first().map_or(0, |kv| kv.create_revision)
        };
        let owner = read(&answer, 1).first();
        if owner.is_none_or(|owner| owner.create_revision == created) {
            return Ok(Response::new(LockResponse {
                header: answer.header,
                key,
            }));
        }
        let waiting = session.withdraw_unless_kept(key.clone(), created);
        session.wait_for_older(&prefix, created).await?;
        // The lease may have ended while others had the lock.
        let mine = session.range(one(key.clone())).await?;
        if mine.kvs.is_empty() {
            return Err(Status::unknown("mutex: session is expired"));
        }
        waiting.keep();
        Ok(Response::new(LockResponse {
            header: mine.header,
            key,
        }))
    }

    async fn unlock(
        &self,
        request: Request<UnlockRequest>,
    ) -> Result<Response<UnlockResponse>, Status> {
        let session = self.session(Caller::of(&request), -1).await?;
        let header = session.delete(request.into_inner().key).await?;
        Ok(Response::new(UnlockResponse {
            header: Some(header),
        }))
    }
}

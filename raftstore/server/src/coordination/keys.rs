//! Steps that elections and locks share.

use axum::Router;
use bytes::Bytes;
use hydrofoil_etcd_wire::{
    etcdserverpb::{
        Compare, DeleteRangeRequest, LeaseGrantRequest, PutRequest, RangeRequest, RangeResponse,
        RequestOp, ResponseHeader, TxnRequest, TxnResponse, WatchCreateRequest, WatchRequest,
        WatchResponse,
        compare::{CompareResult, CompareTarget, TargetUnion},
        kv_client::KvClient,
        lease_client::LeaseClient,
        range_request::{SortOrder, SortTarget},
        request_op, response_op,
        watch_client::WatchClient,
        watch_request::RequestUnion,
    },
    mvccpb::{KeyValue, event::EventType},
};
use hydrofoil_raftstore::prefix_end;
use tokio_stream::StreamExt;
use tonic::{Status, Streaming};

use super::{Caller, Coordination, SESSION_TTL_SECONDS, unknown};

/// A caller's way to the key space.
#[derive(Clone, Debug)]
pub struct Session {
    grpc: Router,
    caller: Caller,
    /// The lease that its keys hang on.
    pub lease: i64,
}

/// What deletes a waiting key when its caller goes away before it had its turn.
#[derive(Debug)]
pub struct Withdraw {
    session: Option<Session>,
    key: Bytes,
    created: i64,
}

impl Coordination {
    /// The way of a caller with a lease; without one a lease is granted.
    pub(super) async fn session(&self, caller: Caller, lease: i64) -> Result<Session, Status> {
        let mut session = Session {
            grpc: self.grpc.clone(),
            caller,
            lease,
        };
        if lease == 0 {
            let request = LeaseGrantRequest {
                ttl: SESSION_TTL_SECONDS,
                id: 0,
            };
            let request = session.caller.request(request);
            let granted = LeaseClient::new(session.grpc.clone())
                .lease_grant(request)
                .await;
            session.lease = granted.map_err(|error| unknown(&error))?.into_inner().id;
        }
        Ok(session)
    }
}

impl Session {
    /// The key of this session's lease under a prefix.
    pub fn key(&self, prefix: &[u8]) -> Bytes {
        [prefix, format!("{:x}", self.lease).as_bytes()]
            .concat()
            .into()
    }

    fn kv(&self) -> KvClient<Router> {
        KvClient::new(self.grpc.clone()).max_decoding_message_size(usize::MAX)
    }

    /// A transaction.
    pub async fn txn(&self, request: TxnRequest) -> Result<TxnResponse, Status> {
        let answer = self.kv().txn(self.caller.request(request)).await;
        Ok(answer.map_err(|error| unknown(&error))?.into_inner())
    }

    /// A range.
    pub async fn range(&self, request: RangeRequest) -> Result<RangeResponse, Status> {
        let answer = self.kv().range(self.caller.request(request)).await;
        Ok(answer.map_err(|error| unknown(&error))?.into_inner())
    }

    /// Deletes a key.
    pub async fn delete(&self, key: Bytes) -> Result<ResponseHeader, Status> {
        let request = DeleteRangeRequest {
            key,
            ..Default::default()
        };
        let answer = self.kv().delete_range(self.caller.request(request)).await;
        Ok(answer
            .map_err(|error| unknown(&error))?
            .into_inner()
            .header
            .unwrap_or_default())
    }

    /// Watches keys from a revision on.
    pub async fn watch(
        &self,
        key: Bytes,
        range_end: Bytes,
        start_revision: i64,
    ) -> Result<Watch, Status> {
        let create = WatchCreateRequest {
            key,
            range_end,
            start_revision,
            ..Default::default()
        };
        let create = WatchRequest {
            request_union: Some(RequestUnion::CreateRequest(create)),
        };
        // The stream of requests stays open for as long as the watch is wanted.
        let requests = tokio_stream::once(create).chain(tokio_stream::pending());
        let mut client = WatchClient::new(self.grpc.clone()).max_decoding_message_size(usize::MAX);
        let answer = client.watch(self.caller.request(requests)).await;
        Ok(Watch(answer.map_err(|error| unknown(&error))?.into_inner()))
    }

    /// Waits until no key under the prefix is older than `before`, by create revision.
    pub async fn wait_for_older(&self, prefix: &[u8], before: i64) -> Result<(), Status> {
        loop {
            let found = self.range(last_created(prefix, before - 1)).await?;
            let Some(kv) = found.kvs.into_iter().next() else {
                return Ok(());
            };
            let from = found.header.map_or(0, |header| header.revision);
            self.wait_deleted(kv.key, from).await?;
        }
    }

    async fn wait_deleted(&self, key: Bytes, from: i64) -> Result<(), Status> {
        let mut watch = self.watch(key, Bytes::new(), from).await?;
        loop {
            let answer = watch.next().await?;
            if answer
                .events
                .iter()
                .any(|event| event.r#type() == EventType::Delete)
            {
                return Ok(());
            }
        }
    }

    /// Deletes `key` when this is dropped before [`Withdraw::keep`], if it is still the one created then.
    pub fn withdraw_unless_kept(&self, key: Bytes, created: i64) -> Withdraw {
        Withdraw {
            session: Some(self.clone()),
            key,
            created,
        }
    }
}

impl Withdraw {
    /// The key has had its turn.
    pub fn keep(mut self) {
        self.session = None;
    }
}

impl Drop for Withdraw {
    fn drop(&mut self) {
        let Some(session) = self.session.take() else {
            return;
        };
        let Ok(runtime) = tokio::runtime::Handle::try_current() else {
            return;
        };
        let request = TxnRequest {
            compare: vec![created_at(self.key.clone(), self.created)],
            success: vec![delete(self.key.clone())],
            failure: Vec::new(),
        };
        runtime.spawn(async move {
            if let Err(error) = session.txn(request).await {
                tracing::debug!(%error, "a caller went away, and its key stays until its lease ends");
            }
        });
    }
}

/// A watch of one range.
#[derive(Debug)]
pub struct Watch(Streaming<WatchResponse>);

impl Watch {
    /// The next answer with events or none; an end is an error.
    pub async fn next(&mut self) -> Result<WatchResponse, Status> {
        let answer = self.0.message().await.map_err(|error| unknown(&error))?;
        let answer = answer.ok_or_else(|| Status::unknown("lost watcher waiting for delete"))?;
        if answer.compact_revision != 0 {
            return Err(Status::unknown(
                "etcdserver: mvcc: required revision has been compacted",
            ));
        }
        if answer.canceled {
            return Err(Status::unknown(answer.cancel_reason));
        }
        Ok(answer)
    }
}

/// True if the key was created at `revision`; 0 says that it does not exist.
pub fn created_at(key: Bytes, revision: i64) -> Compare {
    Compare {
        result: CompareResult::Equal.into(),
        target: CompareTarget::Create.into(),
        key,
        target_union: Some(TargetUnion::CreateRevision(revision)),
        ..Default::default()
    }
}

/// A put on a lease.
pub fn put(key: Bytes, value: Bytes, lease: i64) -> RequestOp {
    let put = PutRequest {
        key,
        value,
        lease,
        ..Default::default()
    };
    RequestOp {
        request: Some(request_op::Request::RequestPut(put)),
    }
}

/// A deletion.
pub fn delete(key: Bytes) -> RequestOp {
    let delete = DeleteRangeRequest {
        key,
        ..Default::default()
    };
    RequestOp {
        request: Some(request_op::Request::RequestDeleteRange(delete)),
    }
}

/// A read inside a transaction.
pub fn get(range: RangeRequest) -> RequestOp {
    RequestOp {
        request: Some(request_op::Request::RequestRange(range)),
    }
}

/// One key.
pub fn one(key: Bytes) -> RangeRequest {
    RangeRequest {
        key,
        ..Default::default()
    }
}

/// The key under a prefix that was created first.
pub fn first_created(prefix: &[u8]) -> RangeRequest {
    RangeRequest {
        sort_order: SortOrder::Ascend.into(),
        ..created(prefix)
    }
}

/// The key under a prefix that was created last, at `until` at the latest.
fn last_created(prefix: &[u8], until: i64) -> RangeRequest {
    RangeRequest {
        sort_order: SortOrder::Descend.into(),
        max_create_revision: until,
        ..created(prefix)
    }
}

fn created(prefix: &[u8]) -> RangeRequest {
    RangeRequest {
        key: Bytes::copy_from_slice(prefix),
        range_end: prefix_end(prefix),
        sort_target: SortTarget::Create.into(),
        limit: 1,
        ..Default::default()
    }
}

/// The keys that the nth operation of a transaction read.
pub fn read(answer: &TxnResponse, nth: usize) -> &[KeyValue] {
    match answer
        .responses
        .get(nth)
        .and_then(|op| op.response.as_ref())
    {
        Some(response_op::Response::ResponseRange(range)) => &range.kvs,
        _ => &[],
    }
}

//! Between the wire's messages and the store's.
//!
//! Nothing is copied on the way out: a value's bytes go from the store's memory into the response's buffer once. On the way in
//! what may be kept (keys and values of puts) is copied out of the buffer it was received in, because a small value that points
//! into a large buffer keeps all of it in memory.

use std::sync::Arc;

use bytes::Bytes;
use hydrofoil_etcd_wire::{etcdserverpb as wire, mvccpb};
use hydrofoil_raftstore as store;
use tonic::{Code, Status};
use wire::{
    compare::{CompareResult, CompareTarget, TargetUnion},
    range_request::{SortOrder, SortTarget},
    request_op::Request as WireRequest,
    response_op::Response as WireResponse,
    watch_create_request::FilterType,
};

use super::errors;

/// Transactions inside transactions, more than which is refused before anything recurses.
const MAX_TXN_DEPTH: usize = 64;

/// Bytes in memory of their own.
fn owned(bytes: &Bytes) -> Bytes {
    Bytes::copy_from_slice(bytes)
}

/// A header.
pub fn header(header: store::ResponseHeader) -> Option<wire::ResponseHeader> {
    Some(wire::ResponseHeader {
        cluster_id: header.cluster_id,
        member_id: header.member_id,
        revision: header.revision,
        raft_term: header.raft_term,
    })
}

/// A version of a key.
pub fn key_value(kv: &store::KeyValue) -> mvccpb::KeyValue {
    mvccpb::KeyValue {
        key: kv.key.clone(),
        create_revision: kv.create_revision,
        mod_revision: kv.mod_revision,
        version: kv.version,
        value: kv.value.clone(),
        lease: kv.lease,
    }
}

fn key_values(kvs: Vec<Arc<store::KeyValue>>) -> Vec<mvccpb::KeyValue> {
    kvs.iter().map(|kv| key_value(kv)).collect()
}

/// An event.
pub fn event(event: &store::Event) -> mvccpb::Event {
    mvccpb::Event {
        r#type: match event.kind {
            store::EventKind::Put => 0,
            store::EventKind::Delete => 1,
        },
        kv: Some(key_value(&event.kv)),
        prev_kv: event.prev_kv.as_deref().map(key_value),
    }
}

/// A range.
pub fn range(request: wire::RangeRequest) -> Result<store::RangeRequest, Status> {
    // etcd sorts by nothing in an order that it does not know, and breaks down over such a target.
    let (sort_order, unsorted) = match SortOrder::try_from(request.sort_order) {
        Ok(SortOrder::None) => (store::SortOrder::None, false),
        Ok(SortOrder::Ascend) => (store::SortOrder::Ascend, false),
        Ok(SortOrder::Descend) => (store::SortOrder::Descend, false),
        Err(_) => (store::SortOrder::None, true),
    };
    let unknown = |_| errors::of(errors::INVALID_SORT_OPTION);
    let sort_target = match SortTarget::try_from(request.sort_target).map_err(unknown)? {
        _ if unsorted => store::SortTarget::Key,
        SortTarget::Key => store::SortTarget::Key,
        SortTarget::Version => store::SortTarget::Version,
        SortTarget::Create => store::SortTarget::Create,
        SortTarget::Mod => store::SortTarget::Mod,
        SortTarget::Value => store::SortTarget::Value,
    };
    Ok(store::RangeRequest {
        key: request.key,
        range_end: request.range_end,
        limit: request.limit,
        revision: request.revision,
        sort_order,
        sort_target,
        serializable: request.serializable,
        keys_only: request.keys_only,
        count_only: request.count_only,
        min_mod_revision: request.min_mod_revision,
        max_mod_revision: request.max_mod_revision,
        min_create_revision: request.min_create_revision,
        max_create_revision: request.max_create_revision,
    })
}

/// Answer to a range.
pub fn range_response(response: store::RangeResponse) -> wire::RangeResponse {
    wire::RangeResponse {
        header: header(response.header),
        kvs: key_values(response.kvs),
        more: response.more,
        count: response.count,
    }
}

/// A put.
pub fn put(request: &wire::PutRequest) -> store::PutRequest {
    store::PutRequest {
        key: owned(&request.key),
        value: owned(&request.value),
        lease: request.lease,
        prev_kv: request.prev_kv,
        ignore_value: request.ignore_value,
        ignore_lease: request.ignore_lease,
    }
}

/// Answer to a put.
pub fn put_response(response: store::PutResponse) -> wire::PutResponse {
    wire::PutResponse {
        header: header(response.header),
        prev_kv: response.prev_kv.as_deref().map(key_value),
    }
}

/// A delete.
pub fn delete_range(request: wire::DeleteRangeRequest) -> store::DeleteRangeRequest {
    store::DeleteRangeRequest {
        key: request.key,
        range_end: request.range_end,
        prev_kv: request.prev_kv,
    }
}

/// Answer to a delete.
pub fn delete_range_response(response: store::DeleteRangeResponse) -> wire::DeleteRangeResponse {
    wire::DeleteRangeResponse {
        header: header(response.header),
        deleted: response.deleted,
        prev_kvs: key_values(response.prev_kvs),
    }
}

/// A transaction, with everything inside.
pub fn txn(request: wire::TxnRequest) -> Result<store::TxnRequest, Status> {
    txn_at(request, 0)
}

fn txn_at(request: wire::TxnRequest, depth: usize) -> Result<store::TxnRequest, Status> {
    if depth >= MAX_TXN_DEPTH {
        return Err(errors::status(&store::Error::TooManyOps));
    }
    let ops = |ops: Vec<wire::RequestOp>| -> Result<Vec<store::RequestOp>, Status> {
        ops.into_iter().map(|op| request_op(op, depth)).collect()
    };
    Ok(store::TxnRequest {
        compare: request
            .compare
            .into_iter()
            .map(compare)
            .collect::<Result<_, _>>()?,
        success: ops(request.success)?,
        failure: ops(request.failure)?,
    })
}

fn request_op(op: wire::RequestOp, depth: usize) -> Result<store::RequestOp, Status> {
    Ok(match op.request {
        Some(WireRequest::RequestRange(request)) => store::RequestOp::Range(range(request)?),
        Some(WireRequest::RequestPut(request)) => store::RequestOp::Put(put(&request)),
        Some(WireRequest::RequestDeleteRange(request)) => {
            store::RequestOp::DeleteRange(delete_range(request))
        }
        Some(WireRequest::RequestTxn(request)) => {
            store::RequestOp::Txn(txn_at(request, depth + 1)?)
        }
        None => return Err(errors::of(errors::EMPTY_OPERATION)),
    })
}

/// A compare. As in etcd `target` says what is compared; a value of another kind than it counts as none.
fn compare(compare: wire::Compare) -> Result<store::Compare, Status> {
    let unknown =
        |field: &str| Status::new(Code::InvalidArgument, format!("unknown compare {field}"));
    let result = match CompareResult::try_from(compare.result).map_err(|_| unknown("result"))? {
        CompareResult::Equal => store::CompareResult::Equal,
        CompareResult::Greater => store::CompareResult::Greater,
        CompareResult::Less => store::CompareResult::Less,
        CompareResult::NotEqual => store::CompareResult::NotEqual,
    };
    let union = compare.target_union;
    let target = match CompareTarget::try_from(compare.target).map_err(|_| unknown("target"))? {
        CompareTarget::Version => store::CompareTarget::Version(match union {
            Some(TargetUnion::Version(version)) => version,
            _ => 0,
        }),
        CompareTarget::Create => store::CompareTarget::CreateRevision(match union {
            Some(TargetUnion::CreateRevision(revision)) => revision,
            _ => 0,
        }),
        CompareTarget::Mod => store::CompareTarget::ModRevision(match union {
            Some(TargetUnion::ModRevision(revision)) => revision,
            _ => 0,
        }),
        CompareTarget::Value => store::CompareTarget::Value(match union {
            Some(TargetUnion::Value(value)) => value,
            _ => Bytes::new(),
        }),
        CompareTarget::Lease => store::CompareTarget::Lease(match union {
            Some(TargetUnion::Lease(lease)) => lease,
            _ => 0,
        }),
    };
    Ok(store::Compare {
        result,
        target,
        key: compare.key,
        range_end: compare.range_end,
    })
}

/// Answer to a transaction.
pub fn txn_response(response: store::TxnResponse) -> wire::TxnResponse {
    wire::TxnResponse {
        header: header(response.header),
        succeeded: response.succeeded,
        responses: response.responses.into_iter().map(response_op).collect(),
    }
}

fn response_op(response: store::ResponseOp) -> wire::ResponseOp {
    wire::ResponseOp {
        response: Some(match response {
            store::ResponseOp::Range(response) => {
                WireResponse::ResponseRange(range_response(response))
            }
            store::ResponseOp::Put(response) => WireResponse::ResponsePut(put_response(response)),
            store::ResponseOp::DeleteRange(response) => {
                WireResponse::ResponseDeleteRange(delete_range_response(response))
            }
            store::ResponseOp::Txn(response) => WireResponse::ResponseTxn(txn_response(response)),
        }),
    }
}

/// A watch. An empty key is the smallest one there can be, as in etcd.
pub fn watch(request: wire::WatchCreateRequest) -> store::WatchRequest {
    let mut filters = store::WatchFilters::default();
    for filter in &request.filters {
        match FilterType::try_from(*filter) {
            Ok(FilterType::Noput) => filters.no_put = true,
            Ok(FilterType::Nodelete) => filters.no_delete = true,
            Err(_) => {}
        }
    }
    store::WatchRequest {
        key: if request.key.is_empty() {
            Bytes::from_static(&[0])
        } else {
            owned(&request.key)
        },
        range_end: owned(&request.range_end),
        start_revision: request.start_revision,
        progress_notify: request.progress_notify,
        filters,
        prev_kv: request.prev_kv,
    }
}

/// What a watcher got, for the watch of this id on its stream.
pub fn watch_response(watch_id: i64, response: &store::WatchResponse) -> wire::WatchResponse {
    wire::WatchResponse {
        header: header(response.header),
        watch_id,
        canceled: response.canceled,
        compact_revision: response.compact_revision,
        events: response.events.iter().map(event).collect(),
        ..Default::default()
    }
}

/// A member.
pub fn member(member: store::Member) -> wire::Member {
    wire::Member {
        id: member.id,
        name: member.name,
        peer_urls: member.peer_urls,
        client_urls: member.client_urls,
        is_learner: member.is_learner,
    }
}

/// Members.
pub fn members(members: Vec<store::Member>) -> Vec<wire::Member> {
    members.into_iter().map(member).collect()
}

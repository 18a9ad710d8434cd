//! Between the store's words and etcd's messages, and between `/registry` and the prefix that keys have over there.

use std::sync::Arc;

use bytes::Bytes;
use hydrofoil_etcd_wire::etcdserverpb as pb;
use hydrofoil_etcd_wire::mvccpb;
use hydrofoil_raftstore::{
    Compare, CompareResult, CompareTarget, DeleteRangeRequest, DeleteRangeResponse, Event,
    EventKind, KeyValue, PutRequest, PutResponse, RangeRequest, RangeResponse, RequestOp,
    ResponseHeader, ResponseOp, SortOrder, SortTarget, TxnRequest, TxnResponse, WatchRequest,
};

/// What keys begin with here.
const HERE: &str = "/registry";

/// What keys begin with over there, instead of `/registry`.
#[derive(Clone, Debug)]
pub struct Prefix {
    /// `None` when it is the same.
    there: Option<Arc<str>>,
}

impl Prefix {
    /// Reads `--etcd-prefix`: slashes at its ends make no difference, as upstream.
    pub fn new(prefix: &str) -> Prefix {
        let parts: Vec<&str> = prefix.split('/').filter(|part| !part.is_empty()).collect();
        let there = format!("/{}", parts.join("/"));
        let there = there.strip_suffix('/').unwrap_or(&there);
        Prefix {
            there: (there != HERE).then(|| there.into()),
        }
    }

    fn swap(key: Bytes, from: &str, to: &str) -> Bytes {
        match key.strip_prefix(from.as_bytes()) {
            Some(rest) => [to.as_bytes(), rest].concat().into(),
            None => key,
        }
    }

    /// A key, or the end of a range, as it is over there.
    pub fn out(&self, key: Bytes) -> Bytes {
        match &self.there {
            Some(there) => Self::swap(key, HERE, there),
            None => key,
        }
    }

    /// A key as it is here.
    pub fn back(&self, key: Bytes) -> Bytes {
        match &self.there {
            Some(there) => Self::swap(key, there, HERE),
            None => key,
        }
    }

    pub fn range(&self, request: RangeRequest) -> pb::RangeRequest {
        use pb::range_request::{SortOrder as Order, SortTarget as Target};
        let order = match request.sort_order {
            SortOrder::None => Order::None,
            SortOrder::Ascend => Order::Ascend,
            SortOrder::Descend => Order::Descend,
        };
        let target = match request.sort_target {
            SortTarget::Key => Target::Key,
            SortTarget::Version => Target::Version,
            SortTarget::Create => Target::Create,
            SortTarget::Mod => Target::Mod,
            SortTarget::Value => Target::Value,
        };
        pb::RangeRequest {
            key: self.out(request.key),
            range_end: self.out(request.range_end),
            limit: request.limit,
            revision: request.revision,
            sort_order: order.into(),
            sort_target: target.into(),
            serializable: request.serializable,
            keys_only: request.keys_only,
            count_only: request.count_only,
            min_mod_revision: request.min_mod_revision,
            max_mod_revision: request.max_mod_revision,
            min_create_revision: request.min_create_revision,
            max_create_revision: request.max_create_revision,
        }
    }

    fn put(&self, request: PutRequest) -> pb::PutRequest {
        pb::PutRequest {
            key: self.out(request.key),
            value: request.value,
            lease: request.lease,
            prev_kv: request.prev_kv,
            ignore_value: request.ignore_value,
            ignore_lease: request.ignore_lease,
        }
    }

    fn delete_range(&self, request: DeleteRangeRequest) -> pb::DeleteRangeRequest {
        pb::DeleteRangeRequest {
            key: self.out(request.key),
            range_end: self.out(request.range_end),
            prev_kv: request.prev_kv,
        }
    }

    fn compare(&self, compare: Compare) -> pb::Compare {
        use pb::compare::{CompareResult as Result, CompareTarget as Target, TargetUnion as Given};
        let result = match compare.result {
            CompareResult::Equal => Result::Equal,
            CompareResult::Greater => Result::Greater,
            CompareResult::Less => Result::Less,
            CompareResult::NotEqual => Result::NotEqual,
        };
        let (target, given) = match compare.target {
            CompareTarget::Version(version) => (Target::Version, Given::Version(version)),
            CompareTarget::CreateRevision(at) => (Target::Create, Given::CreateRevision(at)),
            CompareTarget::ModRevision(at) => (Target::Mod, Given::ModRevision(at)),
            CompareTarget::Value(value) => (Target::Value, Given::Value(value)),
            CompareTarget::Lease(lease) => (Target::Lease, Given::Lease(lease)),
        };
        pb::Compare {
            result: result.into(),
            target: target.into(),
            key: self.out(compare.key),
            range_end: self.out(compare.range_end),
            target_union: Some(given),
        }
    }

    fn ops(&self, ops: Vec<RequestOp>) -> Vec<pb::RequestOp> {
        use pb::request_op::Request;
        let one = |op| match op {
            RequestOp::Range(range) => Request::RequestRange(self.range(range)),
            RequestOp::Put(put) => Request::RequestPut(self.put(put)),
            RequestOp::DeleteRange(delete) => {
                Request::RequestDeleteRange(self.delete_range(delete))
            }
            RequestOp::Txn(txn) => Request::RequestTxn(self.txn(txn)),
        };
        ops.into_iter()
            .map(|op| pb::RequestOp {
                request: Some(one(op)),
            })
            .collect()
    }

    pub fn txn(&self, request: TxnRequest) -> pb::TxnRequest {
        let compare = request.compare.into_iter();
        pb::TxnRequest {
            compare: compare.map(|compare| self.compare(compare)).collect(),
            success: self.ops(request.success),
            failure: self.ops(request.failure),
        }
    }

    /// Asks for the watch; it begins at `start_revision`, whatever the request says.
    pub fn watch(&self, request: &WatchRequest, start_revision: i64) -> pb::WatchCreateRequest {
        use pb::watch_create_request::FilterType;
        let mut filters: Vec<i32> = Vec::new();
        filters.extend(request.filters.no_put.then_some(FilterType::Noput as i32));
        filters.extend(
            request
                .filters
                .no_delete
                .then_some(FilterType::Nodelete as i32),
        );
        pb::WatchCreateRequest {
            key: self.out(request.key.clone()),
            range_end: self.out(request.range_end.clone()),
            start_revision,
            progress_notify: true,
            filters,
            prev_kv: request.prev_kv,
            ..pb::WatchCreateRequest::default()
        }
    }

    fn kv(&self, kv: mvccpb::KeyValue) -> Arc<KeyValue> {
        Arc::new(KeyValue {
            key: self.back(kv.key),
            value: kv.value,
            create_revision: kv.create_revision,
            mod_revision: kv.mod_revision,
            version: kv.version,
            lease: kv.lease,
        })
    }

    pub fn range_response(&self, response: pb::RangeResponse) -> RangeResponse {
        RangeResponse {
            header: header(response.header),
            kvs: response.kvs.into_iter().map(|kv| self.kv(kv)).collect(),
            more: response.more,
            count: response.count,
        }
    }

    fn answer(&self, response: pb::ResponseOp) -> Option<ResponseOp> {
        use pb::response_op::Response;
        Some(match response.response? {
            Response::ResponseRange(range) => ResponseOp::Range(self.range_response(range)),
            Response::ResponsePut(put) => ResponseOp::Put(PutResponse {
                header: header(put.header),
                prev_kv: put.prev_kv.map(|kv| self.kv(kv)),
            }),
            Response::ResponseDeleteRange(delete) => ResponseOp::DeleteRange(DeleteRangeResponse {
                header: header(delete.header),
                deleted: delete.deleted,
                prev_kvs: delete.prev_kvs.into_iter().map(|kv| self.kv(kv)).collect(),
            }),
            Response::ResponseTxn(txn) => ResponseOp::Txn(self.txn_response(txn)),
        })
    }

    pub fn txn_response(&self, response: pb::TxnResponse) -> TxnResponse {
        let answers = response.responses.into_iter();
        TxnResponse {
            header: header(response.header),
            succeeded: response.succeeded,
            responses: answers.filter_map(|answer| self.answer(answer)).collect(),
        }
    }

    /// A change. `None` for an event without a key, which etcd does not send.
    pub fn event(&self, event: mvccpb::Event) -> Option<Event> {
        let kind = match event.r#type() {
            mvccpb::event::EventType::Put => EventKind::Put,
            mvccpb::event::EventType::Delete => EventKind::Delete,
        };
        Some(Event {
            kind,
            kv: self.kv(event.kv?),
            prev_kv: event.prev_kv.map(|kv| self.kv(kv)),
        })
    }
}

/// Who answered, when.
pub fn header(header: Option<pb::ResponseHeader>) -> ResponseHeader {
    let header = header.unwrap_or_default();
    ResponseHeader {
        cluster_id: header.cluster_id,
        member_id: header.member_id,
        revision: header.revision,
        raft_term: header.raft_term,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_is_put_on_and_taken_off() {
        for same in ["/registry", "registry", "/registry/"] {
            let key = Bytes::from_static(b"/registry/pods/a/b");
            assert_eq!(Prefix::new(same).out(key.clone()), key);
        }
        let other = Prefix::new("/a/b/");
        let there = other.out(Bytes::from_static(b"/registry/pods/a/b"));
        assert_eq!(there, "/a/b/pods/a/b");
        assert_eq!(other.back(there), "/registry/pods/a/b");
        assert_eq!(other.out(Bytes::from_static(b"/registry0")), "/a/b0");
        // What is not ours stays as it is.
        let clock = Bytes::from_static(b"compact_rev_key");
        assert_eq!(other.out(clock.clone()), clock);
        let root = Prefix::new("/");
        assert_eq!(root.out(Bytes::from_static(b"/registry/pods/a")), "/pods/a");
    }

    #[test]
    fn a_transaction_crosses_over() {
        let request = TxnRequest {
            compare: vec![Compare::mod_revision("/registry/a", 7)],
            success: vec![RequestOp::Put(PutRequest {
                key: "/registry/a".into(),
                lease: 3,
                ..PutRequest::default()
            })],
            failure: vec![RequestOp::Range(RangeRequest::key("/registry/a"))],
        };
        let wire = Prefix::new("/x").txn(request);
        assert_eq!(wire.compare[0].key, "/x/a");
        assert_eq!(wire.compare[0].target(), pb::compare::CompareTarget::Mod);
        let Some(pb::request_op::Request::RequestPut(put)) = &wire.success[0].request else {
            panic!("{wire:?}");
        };
        assert_eq!((put.key.as_ref(), put.lease), (b"/x/a".as_ref(), 3));
    }
}

//! The KV service: etcd's answers and etcd's errors.

use bytes::Bytes;
use hydrofoil_etcd_wire::etcdserverpb::{
    compare::{CompareResult, CompareTarget, TargetUnion},
    range_request::{SortOrder, SortTarget},
    request_op::Request as Op,
    response_op::Response as Answer,
    *,
};
use tonic::{Code, Request, metadata::MetadataValue};

use crate::{Server, assert_status, get, put, range};

fn keys(response: &RangeResponse) -> Vec<&str> {
    response
        .kvs
        .iter()
        .map(|kv| std::str::from_utf8(&kv.key).unwrap())
        .collect()
}

fn op(request: Op) -> RequestOp {
    RequestOp {
        request: Some(request),
    }
}

#[tokio::test]
async fn a_put_is_read_with_its_revisions() {
    let server = Server::start().await;
    let first = server.put("a", "1").await.header.unwrap();
    assert_ne!((first.cluster_id, first.member_id), (0, 0));
    let second = server
        .kv()
        .put(PutRequest {
            prev_kv: true,
            ..put("a", "2")
        })
        .await
        .unwrap()
        .into_inner();
    assert_eq!(second.prev_kv.unwrap().value, "1");
    let read = server.kv().range(get("a")).await.unwrap().into_inner();
    let header = read.header.unwrap();
    assert_eq!(header.revision, first.revision + 1);
    assert!(header.raft_term > 0);
    let kv = &read.kvs[0];
    assert_eq!((&kv.value[..], kv.version, kv.lease), (&b"2"[..], 2, 0));
    assert_eq!(
        (kv.create_revision, kv.mod_revision),
        (first.revision, first.revision + 1)
    );
    assert_eq!((read.count, read.more), (1, false));
    let old = RangeRequest {
        revision: first.revision,
        ..get("a")
    };
    let old = server.kv().range(old).await.unwrap().into_inner();
    assert_eq!(old.kvs[0].value, "1");
}

#[tokio::test]
async fn ranges_limit_sort_filter_and_count() {
    let server = Server::start().await;
    // Versions: a 1, b 3, c 2.
    for (key, value) in [
        ("a", "z"),
        ("b", "1"),
        ("c", "y"),
        ("b", "2"),
        ("c", "x"),
        ("b", "3"),
    ] {
        server.put(key, value).await;
    }
    let mut kv = server.kv();
    let all = || range("a", "d");
    let limited = RangeRequest { limit: 2, ..all() };
    let answer = kv.range(limited).await.unwrap().into_inner();
    assert_eq!(
        (keys(&answer), answer.count, answer.more),
        (vec!["a", "b"], 3, true)
    );
    let sorted = |order: SortOrder, target: SortTarget| RangeRequest {
        sort_order: order.into(),
        sort_target: target.into(),
        ..all()
    };
    for (order, target, expected) in [
        (SortOrder::Descend, SortTarget::Key, ["c", "b", "a"]),
        (SortOrder::Ascend, SortTarget::Version, ["a", "c", "b"]),
        (SortOrder::Descend, SortTarget::Create, ["c", "b", "a"]),
        (SortOrder::Ascend, SortTarget::Mod, ["a", "c", "b"]),
        (SortOrder::Ascend, SortTarget::Value, ["b", "c", "a"]),
        (SortOrder::None, SortTarget::Value, ["b", "c", "a"]),
    ] {
        let answer = kv.range(sorted(order, target)).await.unwrap().into_inner();
        assert_eq!(keys(&answer), expected, "{order:?} {target:?}");
    }
    let first_by_version = RangeRequest {
        limit: 1,
        ..sorted(SortOrder::Descend, SortTarget::Version)
    };
    let answer = kv.range(first_by_version).await.unwrap().into_inner();
    assert_eq!(
        (keys(&answer), answer.more, answer.count),
        (vec!["b"], true, 3)
    );
    let counted = RangeRequest {
        count_only: true,
        ..all()
    };
    let answer = kv.range(counted).await.unwrap().into_inner();
    assert_eq!((answer.kvs.len(), answer.count, answer.more), (0, 3, false));
    let names = RangeRequest {
        keys_only: true,
        ..all()
    };
    let answer = kv.range(names).await.unwrap().into_inner();
    assert!(
        answer
            .kvs
            .iter()
            .all(|kv| kv.value.is_empty() && kv.version > 0)
    );
    let created = kv.range(get("c")).await.unwrap().into_inner().kvs[0].create_revision;
    let since = RangeRequest {
        min_create_revision: created,
        ..all()
    };
    let answer = kv.range(since).await.unwrap().into_inner();
    assert_eq!((keys(&answer), answer.count), (vec!["c"], 3));
    let until = RangeRequest {
        max_mod_revision: created,
        ..all()
    };
    assert_eq!(keys(&kv.range(until).await.unwrap().into_inner()), ["a"]);
    let from = kv.range(range("b", "\0")).await.unwrap().into_inner();
    assert_eq!(keys(&from), ["b", "c"]);
}

#[tokio::test]
async fn refusals_have_etcds_codes_and_words() {
    let server = Server::start().await;
    let mut kv = server.kv();
    let now = server.revision_of_put("a", "1").await;
    let empty = "etcdserver: key is not provided";
    assert_status(
        kv.range(RangeRequest::default()).await,
        Code::InvalidArgument,
        empty,
    );
    assert_status(
        kv.put(PutRequest::default()).await,
        Code::InvalidArgument,
        empty,
    );
    let delete = DeleteRangeRequest::default();
    assert_status(kv.delete_range(delete).await, Code::InvalidArgument, empty);
    let unsortable = RangeRequest {
        sort_target: 7,
        ..get("a")
    };
    assert_status(
        kv.range(unsortable).await,
        Code::InvalidArgument,
        "etcdserver: invalid sort option",
    );
    let future = RangeRequest {
        revision: now + 1,
        ..get("a")
    };
    assert_status(
        kv.range(future).await,
        Code::OutOfRange,
        "etcdserver: mvcc: required revision is a future revision",
    );
    for (request, words) in [
        (
            PutRequest {
                ignore_value: true,
                ..put("a", "x")
            },
            "etcdserver: value is provided",
        ),
        (
            PutRequest {
                ignore_lease: true,
                lease: 5,
                ..put("a", "x")
            },
            "etcdserver: lease is provided",
        ),
        (
            PutRequest {
                ignore_value: true,
                ..put("missing", "")
            },
            "etcdserver: key not found",
        ),
    ] {
        assert_status(kv.put(request).await, Code::InvalidArgument, words);
    }
    let unleased = PutRequest {
        lease: 5,
        ..put("a", "x")
    };
    assert_status(
        kv.put(unleased).await,
        Code::NotFound,
        "etcdserver: requested lease not found",
    );
    let large = put("a", vec![0; (3 << 19) + 1]);
    assert_status(
        kv.put(large).await,
        Code::InvalidArgument,
        "etcdserver: request is too large",
    );
    let larger = put("a", vec![0; 3 << 20]);
    let message = kv.put(larger).await.unwrap_err();
    assert_eq!(message.code(), Code::ResourceExhausted);
    assert_eq!(
        message.message(),
        "grpc: received message larger than max (3145736 vs. 2097152)"
    );
    assert_eq!(server.store.revision(), now, "nothing was stored");
}

#[tokio::test]
async fn history_is_compacted() {
    let server = Server::start().await;
    let mut kv = server.kv();
    let first = server.revision_of_put("a", "1").await;
    let second = server.revision_of_put("a", "2").await;
    let compact = |revision| CompactionRequest {
        revision,
        physical: true,
    };
    assert_status(
        kv.compact(compact(second + 1)).await,
        Code::OutOfRange,
        "etcdserver: mvcc: required revision is a future revision",
    );
    kv.compact(compact(second)).await.unwrap();
    let compacted = "etcdserver: mvcc: required revision has been compacted";
    assert_status(
        kv.compact(compact(second)).await,
        Code::OutOfRange,
        compacted,
    );
    let old = RangeRequest {
        revision: first,
        ..get("a")
    };
    assert_status(kv.range(old).await, Code::OutOfRange, compacted);
}

#[tokio::test]
async fn transactions_compare_nest_and_are_checked() {
    let server = Server::start().await;
    let mut kv = server.kv();
    let now = server.revision_of_put("a", "1").await;
    let compare = |target: CompareTarget, union| Compare {
        result: CompareResult::Equal.into(),
        target: target.into(),
        key: "a".into(),
        target_union: union,
        ..Default::default()
    };
    let inner = TxnRequest {
        compare: vec![compare(
            CompareTarget::Value,
            Some(TargetUnion::Value("1".into())),
        )],
        success: vec![op(Op::RequestPut(put("b", "inner")))],
        failure: vec![],
    };
    let request = TxnRequest {
        compare: vec![compare(
            CompareTarget::Mod,
            Some(TargetUnion::ModRevision(now)),
        )],
        success: vec![
            op(Op::RequestPut(put("a", "2"))),
            op(Op::RequestTxn(inner)),
            op(Op::RequestRange(range("a", "z"))),
            op(Op::RequestDeleteRange(DeleteRangeRequest {
                key: "missing".into(),
                prev_kv: true,
                ..Default::default()
            })),
        ],
        failure: vec![],
    };
    let answer = kv.txn(request.clone()).await.unwrap().into_inner();
    assert!(answer.succeeded);
    assert_eq!(answer.header.unwrap().revision, now + 1);
    let answers: Vec<_> = answer
        .responses
        .into_iter()
        .map(|r| r.response.unwrap())
        .collect();
    assert!(matches!(&answers[1], Answer::ResponseTxn(txn) if txn.succeeded));
    let Answer::ResponseRange(seen) = &answers[2] else {
        panic!("{:?}", answers[2]);
    };
    assert_eq!(keys(seen), ["a", "b"]);
    assert!(seen.kvs.iter().all(|kv| kv.mod_revision == now + 1));
    assert!(matches!(&answers[3], Answer::ResponseDeleteRange(d) if d.deleted == 0));
    let again = kv.txn(request).await.unwrap().into_inner();
    assert!(!again.succeeded && again.responses.is_empty());
    assert_eq!(
        again.header.unwrap().revision,
        now + 1,
        "nothing was written"
    );

    // A compare whose value is of another kind than its target compares with nothing.
    let create_of_nothing = TxnRequest {
        compare: vec![Compare {
            key: "nothing".into(),
            ..compare(CompareTarget::Create, Some(TargetUnion::Version(9)))
        }],
        ..Default::default()
    };
    assert!(
        kv.txn(create_of_nothing)
            .await
            .unwrap()
            .into_inner()
            .succeeded
    );

    let twice = TxnRequest {
        success: vec![
            op(Op::RequestPut(put("a", "1"))),
            op(Op::RequestPut(put("a", "2"))),
        ],
        ..Default::default()
    };
    assert_status(
        kv.txn(twice).await,
        Code::InvalidArgument,
        "etcdserver: duplicate key given in txn request",
    );
    let many = TxnRequest {
        success: (0..129)
            .map(|n| op(Op::RequestPut(put(&n.to_string(), ""))))
            .collect(),
        ..Default::default()
    };
    assert_status(
        kv.txn(many).await,
        Code::InvalidArgument,
        "etcdserver: too many operations in txn request",
    );
    let hollow = TxnRequest {
        success: vec![RequestOp { request: None }],
        ..Default::default()
    };
    assert_status(
        kv.txn(hollow).await,
        Code::InvalidArgument,
        "etcdserver: key not found",
    );
}

#[tokio::test]
async fn a_client_that_wants_a_leader_is_served_by_one_and_an_unknown_method_is_said_to_be_so() {
    let server = Server::start().await;
    let mut request = Request::new(get("a"));
    request
        .metadata_mut()
        .insert("hasleader", MetadataValue::from_static("true"));
    server.kv().range(request).await.unwrap();

    let mut client = tonic::client::Grpc::new(server.channel.clone());
    for (path, words) in [
        (
            "/etcdserverpb.KV/Bogus",
            "unknown method Bogus for service etcdserverpb.KV",
        ),
        ("/nowhere.None/Bogus", "unknown service nowhere.None"),
    ] {
        client.ready().await.unwrap();
        let codec = tonic_prost::ProstCodec::<RangeRequest, RangeResponse>::default();
        let path = http::uri::PathAndQuery::from_static(path);
        let answer = client.unary(Request::new(get("a")), path, codec).await;
        assert_status(answer, Code::Unimplemented, words);
    }
}

#[tokio::test]
async fn what_is_kept_does_not_hold_the_request_it_came_in() {
    // A large delete range's end travels with a small put; the put's bytes must be memory of their own.
    let server = Server::start().await;
    let padding = Bytes::from(vec![b'p'; 1 << 20]);
    let request = TxnRequest {
        success: vec![
            op(Op::RequestPut(put("small", "value"))),
            op(Op::RequestRange(RangeRequest {
                key: padding,
                ..Default::default()
            })),
        ],
        ..Default::default()
    };
    server.kv().txn(request).await.unwrap();
    let found = server
        .store
        .range(hydrofoil_raftstore::RangeRequest::key("small"))
        .await
        .unwrap();
    let kv = &found.kvs[0];
    // Within one buffer the value would follow its key at a distance of its field's header.
    assert_ne!(
        kv.key.as_ptr().wrapping_add(kv.key.len() + 2),
        kv.value.as_ptr()
    );
}

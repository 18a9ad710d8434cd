//! The shapes in which a stock kube-apiserver speaks to etcd.

use bytes::Bytes;
use hydrofoil_etcd_wire::etcdserverpb::{
    compare::{CompareResult, CompareTarget, TargetUnion},
    request_op::Request as Op,
    response_op::Response as Answer,
    *,
};
use tonic::{Request, metadata::MetadataValue};

use crate::{Server, get, put, watch::Stream};

/// If the key was last modified at `revision` (0: is not there) do `then`, else get it.
fn optimistic(key: &str, revision: i64, then: Op, otherwise_get: bool) -> TxnRequest {
    let op = |request| RequestOp {
        request: Some(request),
    };
    TxnRequest {
        compare: vec![Compare {
            result: CompareResult::Equal.into(),
            target: CompareTarget::Mod.into(),
            key: Bytes::copy_from_slice(key.as_bytes()),
            target_union: Some(TargetUnion::ModRevision(revision)),
            ..Default::default()
        }],
        success: vec![op(then)],
        failure: if otherwise_get {
            vec![op(Op::RequestRange(get(key)))]
        } else {
            vec![]
        },
    }
}

#[tokio::test]
async fn objects_are_created_updated_and_deleted_optimistically() {
    let server = Server::start().await;
    let mut kv = server.kv();
    let key = "/registry/pods/default/a";
    let create = optimistic(key, 0, Op::RequestPut(put(key, "v1")), false);
    let created = kv.txn(create.clone()).await.unwrap().into_inner();
    assert!(created.succeeded);
    let revision = created.header.unwrap().revision;
    assert!(!kv.txn(create).await.unwrap().into_inner().succeeded);

    let update = |revision| optimistic(key, revision, Op::RequestPut(put(key, "v2")), true);
    let lost = kv.txn(update(revision - 1)).await.unwrap().into_inner();
    assert!(!lost.succeeded);
    let Some(Answer::ResponseRange(now)) = &lost.responses[0].response else {
        panic!("{lost:?}");
    };
    assert_eq!(
        (now.kvs[0].mod_revision, &now.kvs[0].value[..]),
        (revision, &b"v1"[..])
    );
    let won = kv.txn(update(revision)).await.unwrap().into_inner();
    assert!(won.succeeded);
    let revision = won.header.unwrap().revision;

    let delete = Op::RequestDeleteRange(DeleteRangeRequest {
        key: key.into(),
        ..Default::default()
    });
    let deleted = kv
        .txn(optimistic(key, revision, delete, true))
        .await
        .unwrap()
        .into_inner();
    assert!(deleted.succeeded);
    assert_eq!(kv.range(get(key)).await.unwrap().into_inner().count, 0);
}

#[tokio::test]
async fn the_compactor_takes_turns_by_a_key() {
    let server = Server::start().await;
    let mut kv = server.kv();
    let key = "compact_rev_key";
    let turn = |version: i64, revision: String| TxnRequest {
        compare: vec![Compare {
            result: CompareResult::Equal.into(),
            target: CompareTarget::Version.into(),
            key: key.into(),
            target_union: Some(TargetUnion::Version(version)),
            ..Default::default()
        }],
        success: vec![RequestOp {
            request: Some(Op::RequestPut(put(key, revision))),
        }],
        failure: vec![RequestOp {
            request: Some(Op::RequestRange(get(key))),
        }],
    };
    let first = kv.txn(turn(0, "0".into())).await.unwrap().into_inner();
    assert!(first.succeeded);
    let revision = server.revision_of_put("x", "1").await;
    let other = kv.txn(turn(0, "0".into())).await.unwrap().into_inner();
    assert!(!other.succeeded);
    let Some(Answer::ResponseRange(seen)) = &other.responses[0].response else {
        panic!("{other:?}");
    };
    assert_eq!(seen.kvs[0].version, 1);
    assert!(
        kv.txn(turn(1, revision.to_string()))
            .await
            .unwrap()
            .into_inner()
            .succeeded
    );
    let compact = CompactionRequest {
        revision,
        physical: false,
    };
    kv.compact(compact).await.unwrap();
    assert_eq!(server.store.compact_revision(), revision);
}

#[tokio::test]
async fn a_cache_watches_a_prefix_and_asks_how_far_it_is() {
    let server = Server::start().await;
    let listed = server.revision_of_put("/registry/pods/a", "1").await;
    let mut stream = Stream::with(&server, |request: &mut Request<_>| {
        let yes = MetadataValue::from_static("true");
        request.metadata_mut().insert("hasleader", yes);
    })
    .await;
    let id = stream
        .create(WatchCreateRequest {
            key: "/registry/pods/".into(),
            range_end: "/registry/pods0".into(),
            start_revision: listed + 1,
            prev_kv: true,
            progress_notify: true,
            ..Default::default()
        })
        .await;
    let changed = server.revision_of_put("/registry/pods/a", "2").await;
    let response = stream.next().await;
    assert_eq!(response.watch_id, id);
    let event = &response.events[0];
    assert_eq!(event.kv.as_ref().unwrap().mod_revision, changed);
    assert_eq!(event.prev_kv.as_ref().unwrap().value, "1");
    // Nothing of this is in the range; still the cache learns that it is as far.
    let elsewhere = server.revision_of_put("/registry/leases/a", "1").await;
    stream.progress().await;
    let response = stream.next().await;
    assert_eq!((response.watch_id, response.events.len()), (-1, 0));
    assert_eq!(response.header.unwrap().revision, elsewhere);
}

#[tokio::test]
async fn the_status_has_a_version_that_is_accepted_and_a_size() {
    let server = Server::start().await;
    server.put("a", "1").await;
    let status = server
        .maintenance()
        .status(StatusRequest {})
        .await
        .unwrap()
        .into_inner();
    let numbers: Vec<u32> = status
        .version
        .split('.')
        .map(|n| n.parse().unwrap())
        .collect();
    assert!(numbers.as_slice() >= &[3, 5, 13][..], "{}", status.version);
    assert!(status.db_size > 0);
    assert_eq!(status.leader, status.header.unwrap().member_id);
    assert!(status.raft_applied_index > 0 && status.raft_index >= status.raft_applied_index);
    assert!(status.raft_term > 0 && !status.is_learner);
    assert!(status.errors.is_empty(), "{:?}", status.errors);
    let members = server
        .cluster()
        .member_list(MemberListRequest { linearizable: true })
        .await
        .unwrap()
        .into_inner();
    assert_eq!(members.members.len(), 1);
    assert_eq!(members.members[0].id, status.leader);
}

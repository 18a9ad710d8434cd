//! The Maintenance service beyond the status.

use hydrofoil_etcd_wire::etcdserverpb::{
    alarm_request::AlarmAction, downgrade_request::DowngradeAction, *,
};
use sha2::{Digest, Sha256};
use tonic::Code;

use crate::{Server, assert_status, put};

#[tokio::test]
async fn a_snapshot_is_a_database_with_its_hash_behind_it() {
    let server = Server::start().await;
    for n in 0..200 {
        server.put(&format!("k{n}"), vec![n; 512]).await;
    }
    let mut chunks = server
        .maintenance()
        .snapshot(SnapshotRequest {})
        .await
        .unwrap()
        .into_inner();
    let (mut file, mut left) = (Vec::new(), u64::MAX);
    while let Some(chunk) = chunks.message().await.unwrap() {
        assert!(chunk.remaining_bytes <= left);
        left = chunk.remaining_bytes;
        file.extend_from_slice(&chunk.blob);
    }
    assert_eq!((left, file.len() % 512), (0, 32));
    let (database, hash) = file.split_at(file.len() - 32);
    assert_eq!(Sha256::digest(database).as_slice(), hash);
}

#[tokio::test]
async fn an_alarm_is_raised_listed_told_in_the_status_and_put_out() {
    let server = Server::start().await;
    let mut maintenance = server.maintenance();
    let alarm = |action: AlarmAction, alarm: AlarmType| AlarmRequest {
        action: action.into(),
        member_id: 5,
        alarm: alarm.into(),
    };
    let raised = alarm(AlarmAction::Activate, AlarmType::Nospace);
    let raised = maintenance.alarm(raised).await.unwrap().into_inner();
    assert_eq!(raised.alarms.len(), 1);
    let listed = alarm(AlarmAction::Get, AlarmType::None);
    let listed = maintenance.alarm(listed).await.unwrap().into_inner();
    assert_eq!(
        (listed.alarms[0].member_id, listed.alarms[0].alarm()),
        (5, AlarmType::Nospace)
    );
    assert_status(
        server.kv().put(put("a", "1")).await,
        Code::ResourceExhausted,
        "etcdserver: mvcc: database space exceeded",
    );
    let status = maintenance
        .status(StatusRequest {})
        .await
        .unwrap()
        .into_inner();
    assert_eq!(status.errors, ["memberID:5 alarm:NOSPACE "]);
    let out = alarm(AlarmAction::Deactivate, AlarmType::Nospace);
    maintenance.alarm(out).await.unwrap();
    server.put("a", "1").await;
}

#[tokio::test]
async fn hashes_are_of_what_is_stored_and_defragmenting_changes_nothing() {
    let server = Server::start().await;
    let mut maintenance = server.maintenance();
    let put = server.put("a", "1").await;
    let revision = put.header.unwrap().revision;
    let hash = |revision| HashKvRequest { revision };
    let first = maintenance.hash_kv(hash(0)).await.unwrap().into_inner();
    assert_eq!(first.hash_revision, 0, "a field of 3.6");
    server.put("a", "2").await;
    let second = maintenance.hash_kv(hash(0)).await.unwrap().into_inner();
    assert_ne!(first.hash, second.hash);
    let again = maintenance
        .hash_kv(hash(revision))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(again.hash, first.hash);
    maintenance.hash(HashRequest {}).await.unwrap();
    maintenance.defragment(DefragmentRequest {}).await.unwrap();
    let after = maintenance.hash_kv(hash(0)).await.unwrap().into_inner();
    assert_eq!(after.hash, second.hash);
    assert_status(
        maintenance.hash_kv(hash(100)).await,
        Code::OutOfRange,
        "etcdserver: mvcc: required revision is a future revision",
    );
}

#[tokio::test]
async fn the_leadership_goes_to_members_only_and_versions_stay() {
    let server = Server::start().await;
    let mut maintenance = server.maintenance();
    assert_status(
        maintenance
            .move_leader(MoveLeaderRequest { target_id: 99 })
            .await,
        Code::FailedPrecondition,
        "etcdserver: bad leader transferee",
    );
    let downgrade = |action: DowngradeAction, version: &str| DowngradeRequest {
        action: action.into(),
        version: version.into(),
    };
    for (action, version, code, words) in [
        (
            DowngradeAction::Validate,
            "x",
            Code::InvalidArgument,
            "etcdserver: wrong downgrade target version format",
        ),
        (
            DowngradeAction::Enable,
            "3.3.0",
            Code::InvalidArgument,
            "etcdserver: invalid downgrade target version",
        ),
        (
            DowngradeAction::Cancel,
            "",
            Code::FailedPrecondition,
            "etcdserver: no inflight downgrade job",
        ),
    ] {
        assert_status(
            maintenance.downgrade(downgrade(action, version)).await,
            code,
            words,
        );
    }
}

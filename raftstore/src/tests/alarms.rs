//! Alarms and the quota: what is refused, what goes on, and what survives a restart.

use std::time::Duration;

use super::{config, delete, get, put, set};
use crate::{Config, Error, Store, alarm::*, auth::Caller, rpc::*};

fn small(dir: &std::path::Path) -> Config {
    Config {
        quota_backend_bytes: 4 << 20,
        write_behind_interval: Duration::from_millis(5),
        ..config(dir)
    }
}

fn deactivate(member_id: u64, alarm: AlarmKind) -> AlarmRequest {
    AlarmRequest {
        action: AlarmAction::Deactivate,
        member_id,
        alarm: Some(alarm),
    }
}

async fn raised(store: &Store) -> Vec<AlarmMember> {
    let session = store.session(Caller::Anonymous);
    session.alarm(AlarmRequest::default()).await.unwrap().alarms
}

/// Puts until it is refused. Returns how many puts were done.
async fn fill(store: &Store) -> usize {
    let value = "v".repeat(100_000);
    for n in 0..200 {
        match store.put(put(&format!("fill/{n}"), &value)).await {
            Ok(_) => {}
            Err(Error::NoSpace) => return n,
            Err(error) => panic!("{error}"),
        }
    }
    panic!("the quota is never used up");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_space_nothing_is_put_until_space_was_made_and_the_alarm_put_out() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(small(dir.path())).await.unwrap();
    let session = store.session(Caller::Anonymous);
    let before = store.lease_grant(600, 0).await.unwrap().id;
    let done = fill(&store).await;
    assert!((10..45).contains(&done), "{done} puts of 100 kB into 4 MiB");
    let no_space = AlarmMember {
        member_id: 1,
        alarm: AlarmKind::NoSpace,
    };
    assert_eq!(raised(&store).await, [no_space]);
    assert_eq!(store.status().alarms, [no_space]);
    // What takes space is refused, however little.
    assert!(matches!(
        store.put(put("a", "1")).await,
        Err(Error::NoSpace)
    ));
    assert!(matches!(
        store.lease_grant(60, 0).await,
        Err(Error::NoSpace)
    ));
    let either = TxnRequest {
        compare: vec![Compare::mod_revision("a", 7)],
        success: vec![RequestOp::Put(put("a", "1"))],
        failure: vec![RequestOp::Range(RangeRequest::key("a"))],
    };
    assert!(matches!(store.txn(either).await, Err(Error::NoSpace)));
    // What makes space, and what reads, goes on.
    assert!(get(&store, "fill/0", 0).await.unwrap().is_some());
    assert_eq!(
        store.delete_range(delete("fill/0")).await.unwrap().deleted,
        1
    );
    store.lease_revoke(before).await.unwrap();
    // The alarm outlives a restart.
    drop(session);
    store.shutdown().await;
    let store = Store::open(small(dir.path())).await.unwrap();
    let session = store.session(Caller::Anonymous);
    assert_eq!(raised(&store).await, [no_space]);
    assert!(matches!(
        store.put(put("a", "1")).await,
        Err(Error::NoSpace)
    ));
    // Put out without more space than before, it is soon back.
    let answer = session
        .alarm(deactivate(1, AlarmKind::NoSpace))
        .await
        .unwrap();
    assert_eq!(answer.alarms, [no_space]);
    assert!(fill(&store).await < 20);
    assert_eq!(raised(&store).await, [no_space]);
    drop(session);
    store.shutdown().await;
}

/// Puts that all found room when they were asked for, and not all of them when they were applied: in etcd those are answered
/// that there is no space, and nobody is told so before the alarm is raised.
#[tokio::test(flavor = "multi_thread")]
async fn what_finds_no_room_when_it_is_applied_is_answered_so() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(small(dir.path())).await.unwrap();
    let value = "v".repeat(100_000);
    let mut puts = tokio::task::JoinSet::new();
    for n in 0..120 {
        let (store, request) = (store.clone(), put(&format!("fill/{n}"), &value));
        puts.spawn(async move { store.put(request).await.map(drop) });
    }
    let (mut done, mut refused) = (0, 0);
    while let Some(put) = puts.join_next().await {
        match put.unwrap() {
            Ok(()) => done += 1,
            Err(Error::NoSpace) => refused += 1,
            Err(error) => panic!("{error}"),
        }
    }
    assert_eq!(done + refused, 120);
    assert!((10..45).contains(&done), "{done} puts of 100 kB into 4 MiB");
    assert_eq!(raised(&store).await.len(), 1);
    store.shutdown().await;
}

/// The put that uses the last of the quota is done, and nothing is raised before the next one is asked for.
#[tokio::test(flavor = "multi_thread")]
async fn an_alarm_comes_with_a_refusal_and_not_before() {
    let dir = tempfile::tempdir().unwrap();
    let tiny = Config {
        quota_backend_bytes: 8_000,
        write_behind_interval: Duration::from_secs(3_600),
        ..config(dir.path())
    };
    let store = Store::open(tiny).await.unwrap();
    set(&store, "a", "1").await;
    // What is written is committed behind, and the file grows by pages.
    store.flush().await.unwrap();
    assert!(store.status().db_size > 8_000);
    assert!(raised(&store).await.is_empty());
    let refused = store.put(put("a", "1")).await;
    assert!(matches!(refused, Err(Error::NoSpace)), "{refused:?}");
    assert_eq!(raised(&store).await.len(), 1);
    store.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_quota_there_is_no_alarm() {
    let dir = tempfile::tempdir().unwrap();
    let unbounded = Config {
        quota_backend_bytes: -1,
        ..small(dir.path())
    };
    let store = Store::open(unbounded).await.unwrap();
    let value = "v".repeat(200_000);
    for n in 0..40 {
        set(&store, &format!("k{n}"), &value).await;
    }
    let status = store.status();
    assert!(status.db_size > 8_000_000, "{}", status.db_size);
    assert!(status.db_size_in_use > 8_000_000 && status.db_size_in_use <= status.db_size);
    assert!(status.alarms.is_empty());
    store.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_corrupt_cluster_is_read_and_nothing_else() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(config(dir.path())).await.unwrap();
    let session = store.session(Caller::Anonymous);
    let revision = set(&store, "a", "1").await;
    let raise = AlarmRequest {
        action: AlarmAction::Activate,
        member_id: 77,
        alarm: Some(AlarmKind::Corrupt),
    };
    session.alarm(raise).await.unwrap();
    let corrupt = |error| matches!(error, Error::CorruptCluster);
    assert!(corrupt(store.put(put("a", "2")).await.unwrap_err()));
    assert!(corrupt(store.delete_range(delete("a")).await.unwrap_err()));
    assert!(corrupt(store.compact(revision).await.unwrap_err()));
    assert!(corrupt(store.lease_grant(60, 0).await.unwrap_err()));
    assert!(corrupt(store.lease_revoke(1).await.unwrap_err()));
    assert_eq!(get(&store, "a", 0).await.unwrap().as_deref(), Some("1"));
    // An alarm of another member, or of another kind, is not this one.
    for other in [
        deactivate(1, AlarmKind::Corrupt),
        deactivate(77, AlarmKind::NoSpace),
    ] {
        assert!(session.alarm(other).await.unwrap().alarms.is_empty());
    }
    session
        .alarm(deactivate(77, AlarmKind::Corrupt))
        .await
        .unwrap();
    set(&store, "a", "2").await;
    let nothing = AlarmRequest {
        action: AlarmAction::Activate,
        ..Default::default()
    };
    assert!(session.alarm(nothing).await.unwrap().alarms.is_empty());
    assert!(raised(&store).await.is_empty());
    drop(session);
    store.shutdown().await;
}

//! Leases: keys live as long as their lease, on the monotonic clock, across restarts.

use std::time::Duration;

use super::{config, get, put, set};
use crate::{Error, Store, rpc::*};

#[tokio::test(flavor = "multi_thread")]
async fn revoking_a_lease_deletes_its_keys_at_one_revision() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(config(dir.path())).await.unwrap();
    let lease = store.lease_grant(60, 0).await.unwrap();
    assert!(lease.id > 0 && lease.ttl == 60);
    for key in ["a", "b", "c"] {
        store
            .put(PutRequest {
                lease: lease.id,
                ..put(key, "1")
            })
            .await
            .unwrap();
    }
    // Taken off the lease, "b" outlives it.
    set(&store, "b", "2").await;
    let asked = store.lease_time_to_live(lease.id, true).await.unwrap();
    assert_eq!(asked.keys, ["a", "c"]);
    assert!(asked.ttl > 50 && asked.granted_ttl == 60);
    assert_eq!(store.leases().await.unwrap().leases, [lease.id]);
    let before = store.revision();
    store.lease_revoke(lease.id).await.unwrap();
    assert_eq!(store.revision(), before + 1);
    assert_eq!(get(&store, "a", 0).await.unwrap(), None);
    assert_eq!(get(&store, "b", 0).await.unwrap().as_deref(), Some("2"));
    assert!(matches!(
        store.lease_revoke(lease.id).await,
        Err(Error::LeaseNotFound)
    ));
    assert_eq!(
        store.lease_time_to_live(lease.id, false).await.unwrap().ttl,
        -1
    );
    assert_eq!(store.lease_keep_alive(lease.id).await.unwrap().ttl, 0);
    assert!(matches!(
        store.lease_grant(i64::MAX, 0).await,
        Err(Error::LeaseTtlTooLarge)
    ));
    store.lease_grant(60, 5).await.unwrap();
    assert!(matches!(
        store.lease_grant(60, 5).await,
        Err(Error::LeaseExist)
    ));
    store.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lease_that_nobody_renews_ends_and_watchers_see_it() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(config(dir.path())).await.unwrap();
    let short = store.lease_grant(1, 0).await.unwrap();
    let long = store.lease_grant(1, 0).await.unwrap();
    store
        .put(PutRequest {
            lease: short.id,
            ..put("short", "1")
        })
        .await
        .unwrap();
    store
        .put(PutRequest {
            lease: long.id,
            ..put("long", "1")
        })
        .await
        .unwrap();
    let mut watcher = store
        .watch(WatchRequest::prefix("", store.revision() + 1))
        .unwrap();
    let renewing = async {
        loop {
            assert_eq!(store.lease_keep_alive(long.id).await.unwrap().ttl, long.ttl);
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    let response = tokio::select! {
        response = tokio::time::timeout(Duration::from_secs(30), watcher.recv()) => response.unwrap(),
        () = renewing => unreachable!(),
    };
    let gone = response.events.iter();
    let gone: Vec<_> = gone.map(|event| (event.kind, &event.kv.key[..])).collect();
    assert_eq!(gone, [(EventKind::Delete, &b"short"[..])]);
    assert_eq!(get(&store, "long", 0).await.unwrap().as_deref(), Some("1"));
    assert_eq!(store.leases().await.unwrap().leases, [long.id]);
    store.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lease_survives_a_restart_and_is_not_shortened() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(config(dir.path())).await.unwrap();
    store.lease_grant(100, 7).await.unwrap();
    store
        .put(PutRequest {
            lease: 7,
            ..put("a", "1")
        })
        .await
        .unwrap();
    store.shutdown().await;
    let store = Store::open(config(dir.path())).await.unwrap();
    let asked = store.lease_time_to_live(7, true).await.unwrap();
    assert!(asked.ttl >= 99, "{}", asked.ttl);
    assert_eq!(asked.keys, ["a"]);
    store.lease_revoke(7).await.unwrap();
    assert_eq!(get(&store, "a", 0).await.unwrap(), None);
    store.shutdown().await;
}

//! A cluster of several members from one snapshot.

use super::{cluster::Members, config, get, set};
use crate::{HashCheck, Restore, Store, restore};

#[tokio::test(flavor = "multi_thread")]
async fn members_restored_from_one_snapshot_are_one_cluster() {
    let dir = tempfile::tempdir().unwrap();
    let old = Store::open(config(&dir.path().join("old"))).await.unwrap();
    for n in 0..50 {
        set(&old, &format!("key{}", n % 7), &n.to_string()).await;
    }
    let revision = old.revision();
    let mut file = Vec::new();
    let mut stream = old.snapshot().await.unwrap();
    while let Some(chunk) = stream.next().await {
        file.extend_from_slice(&chunk.unwrap().blob);
    }
    old.shutdown().await;
    let snapshot = dir.path().join("snapshot.db");
    std::fs::write(&snapshot, file).unwrap();

    let mut members = Members::start_with(3, |config| {
        let own = config.initial_cluster.iter();
        let own = own.filter(|(name, _)| *name == config.name);
        let request = Restore {
            snapshot: snapshot.clone(),
            data_dir: config.data_dir.clone(),
            wal_dir: None,
            name: config.name.clone(),
            initial_cluster: config.initial_cluster.clone(),
            initial_cluster_token: config.initial_cluster_token.clone(),
            initial_advertise_peer_urls: own.flat_map(|(_, urls)| urls.clone()).collect(),
            hash_check: HashCheck::Required,
            bump_revision: 0,
        };
        restore(&request).unwrap();
    })
    .await;
    for running in members.running.values() {
        assert_eq!(running.store.revision(), revision);
        let value = get(&running.store, "key0", 0).await.unwrap();
        assert_eq!(value.as_deref(), Some("49"));
    }
    let follower = members.follower().await;
    let after = set(members.store(&follower), "new", "1").await;
    assert_eq!(after, revision + 1);
    // It outlives the loss of any member, the leader too.
    let leader = members.leader().await;
    members.take(&leader).kill().await;
    members.leader().await;
    assert_eq!(
        set(members.store(&follower), "new", "2").await,
        revision + 2
    );
    members.restart(&leader).await;
    members.ready().await;
    for running in members.running.values() {
        let value = get(&running.store, "new", 0).await.unwrap();
        assert_eq!(value.as_deref(), Some("2"));
    }
    members.stop().await;
}

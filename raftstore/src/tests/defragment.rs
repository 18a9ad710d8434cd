//! Defragmenting: space comes back, nothing is lost, whoever reads goes on, and the power may go off at any point.

use std::{sync::Arc, time::Duration};

use super::{config, delete, disk::Forgetful, get, put, set};
use crate::{Config, Store, rpc::*, wal::disk::Disk};

#[tokio::test(flavor = "multi_thread")]
async fn space_comes_back_and_everything_is_there() {
    let dir = tempfile::tempdir().unwrap();
    let quick = || Config {
        write_behind_interval: Duration::from_millis(5),
        value_cache_bytes: 1_000,
        ..config(dir.path())
    };
    let store = Store::open(quick()).await.unwrap();
    let value = "v".repeat(50_000);
    for n in 0..100 {
        set(&store, &format!("gone/{n}"), &value).await;
    }
    set(&store, "kept", "1").await;
    let all = DeleteRangeRequest {
        key: "gone/".into(),
        range_end: "gone0".into(),
        prev_kv: false,
    };
    let last = store.delete_range(all).await.unwrap().header.revision;
    set(&store, "kept", "2").await;
    let last_compaction = || store.metrics().compaction_last.get();
    store.hash_kv(0).await.unwrap();
    store.defragment().await.unwrap();
    assert_eq!(last_compaction(), 0, "nothing was compacted yet");
    store.compact_physical(last).await.unwrap();
    assert!(last_compaction() > 0);
    let before = store.status();
    assert!(before.db_size > 5_000_000, "{}", before.db_size);
    assert!(before.db_size_in_use < 100_000, "{}", before.db_size_in_use);
    // Writers go on meanwhile.
    let writer = {
        let store = store.clone();
        tokio::spawn(async move {
            for n in 0..200 {
                set(&store, &format!("during/{n}"), "x").await;
            }
        })
    };
    for _ in 0..3 {
        store.defragment().await.unwrap();
    }
    writer.await.unwrap();
    store.defragment().await.unwrap();
    let after = store.status();
    assert!(
        after.db_size < before.db_size / 2,
        "{} of {}",
        after.db_size,
        before.db_size
    );
    let check = async |store: &Store| {
        assert_eq!(get(store, "kept", 0).await.unwrap().as_deref(), Some("2"));
        assert_eq!(
            get(store, "kept", last).await.unwrap().as_deref(),
            Some("1")
        );
        let during = store.range(RangeRequest::prefix("during/")).await.unwrap();
        assert_eq!(during.count, 200);
        assert!(during.kvs.iter().all(|kv| &kv.value[..] == b"x"));
        assert_eq!(get(store, "gone/1", 0).await.unwrap(), None);
    };
    check(&store).await;
    store.shutdown().await;
    let store = Store::open(quick()).await.unwrap();
    check(&store).await;
    store.shutdown().await;
}

fn on_disk() -> Config {
    Config {
        log_segment_bytes: 2_048,
        checkpoint_log_bytes: 2_048,
        write_behind_interval: Duration::from_millis(1),
        request_timeout: Duration::from_secs(2),
        backend_cache_bytes: 1 << 20,
        ..config(std::path::Path::new("/nowhere"))
    }
}

/// Writes and defragments until the power goes off. Returns whether it went off at all.
async fn survives(seed: u64) -> bool {
    let disk = Forgetful::new();
    let open =
        |disk: &Forgetful| Store::open_on(on_disk(), Arc::new(disk.clone()) as Arc<dyn Disk>, None);
    let store = open(&disk).await.unwrap();
    for n in 0..20 {
        set(&store, &format!("k{n}"), &"v".repeat(200)).await;
    }
    store.delete_range(delete("k3")).await.unwrap();
    disk.fail_after(1 + seed);
    let defragmented = store.defragment().await.is_ok();
    let mut acknowledged = 0;
    for n in 0..30 {
        match store.put(put("after", &n.to_string())).await {
            Ok(_) => acknowledged = n,
            Err(_) => break,
        }
    }
    let crashed = disk.crashed(seed);
    store.shutdown().await;
    let store = match open(&crashed).await {
        Ok(store) => store,
        Err(error) => panic!("seed {seed}: {error}"),
    };
    for n in 0..20 {
        let expected = (n != 3).then(|| "v".repeat(200));
        assert_eq!(
            get(&store, &format!("k{n}"), 0).await.unwrap(),
            expected,
            "seed {seed}"
        );
    }
    if acknowledged > 0 {
        let found: i32 = get(&store, "after", 0)
            .await
            .unwrap()
            .unwrap()
            .parse()
            .unwrap();
        assert!(
            found >= acknowledged,
            "seed {seed}: {found} of {acknowledged}"
        );
    }
    store.defragment().await.unwrap();
    set(&store, "k0", "new").await;
    store.shutdown().await;
    !defragmented
}

#[tokio::test(flavor = "multi_thread")]
async fn the_power_may_go_off_at_any_point() {
    let mut failed = 0;
    for seed in 0..60 {
        failed += usize::from(survives(seed).await);
    }
    assert!(
        (10..60).contains(&failed),
        "{failed} of 60 went dark while defragmenting"
    );
}

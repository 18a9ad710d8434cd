//! A whole store on a disk that forgets: the power goes off at some change of the disk, part of what was not flushed is lost,
//! and the store that is opened on the rest has every acknowledged write.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use super::{config, disk::Forgetful, put};
use crate::{Config, Store, rpc::*, wal::disk::Disk};

fn small() -> Config {
    Config {
        log_segment_bytes: 2_048,
        checkpoint_log_bytes: 4_096,
        write_behind_interval: Duration::from_millis(1),
        request_timeout: Duration::from_secs(2),
        value_cache_bytes: 500,
        backend_cache_bytes: 1 << 20,
        ..config(std::path::Path::new("/nowhere"))
    }
}

/// Writes until the power goes off; returns what was acknowledged: revision to (key, value).
async fn write_until_dark(store: &Store, generation: u64) -> BTreeMap<i64, (String, String)> {
    let mut acknowledged = BTreeMap::new();
    for n in 0..400 {
        let (key, value) = (
            format!("k{}", n % 5),
            format!("{generation}:{n}:{}", "v".repeat(n % 60)),
        );
        match store.put(put(&key, &value)).await {
            Ok(response) => acknowledged.insert(response.header.revision, (key, value)),
            Err(_) => break,
        };
    }
    acknowledged
}

/// Returns how many writes were acknowledged.
async fn survives(seed: u64) -> usize {
    let mut disk = Forgetful::new();
    let mut acknowledged: BTreeMap<i64, (String, String)> = BTreeMap::new();
    for generation in 0..3 {
        let store =
            match Store::open_on(small(), Arc::new(disk.clone()) as Arc<dyn Disk>, None).await {
                Ok(store) => store,
                Err(error) => panic!("seed {seed} generation {generation}: {error}"),
            };
        let newest = acknowledged.keys().max().copied().unwrap_or(1);
        assert!(
            store.revision() >= newest,
            "seed {seed}: revision {} of {newest}",
            store.revision()
        );
        for (revision, (key, value)) in &acknowledged {
            let request = RangeRequest {
                revision: *revision,
                ..RangeRequest::key(key.clone())
            };
            let found = store.range(request).await.unwrap();
            let found = found.kvs.first().map(|kv| kv.value.clone());
            assert_eq!(
                found.as_deref(),
                Some(value.as_bytes()),
                "seed {seed}: revision {revision}"
            );
        }
        disk.fail_after(10 + (seed * 37 + generation * 101) % 400);
        acknowledged.extend(write_until_dark(&store, generation).await);
        disk = disk.crashed(seed * 3 + generation);
        store.shutdown().await;
    }
    acknowledged.len()
}

#[tokio::test(flavor = "multi_thread")]
async fn no_acknowledged_write_is_lost_whatever_the_disk_forgets() {
    let mut acknowledged = 0;
    for seed in 0..40 {
        acknowledged += survives(seed).await;
    }
    assert!(
        acknowledged > 1_000,
        "{acknowledged} writes are too few to say much"
    );
}

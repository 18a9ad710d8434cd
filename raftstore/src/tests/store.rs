//! Reads, writes, transactions, compaction and restarts of a whole store.

use std::time::Duration;

use bytes::Bytes;

use super::{config, delete, get, put, set};
use crate::{AutoCompaction, Config, Error, Store, rpc::*};

#[tokio::test(flavor = "multi_thread")]
async fn what_was_written_is_read_at_every_revision() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(config(dir.path())).await.unwrap();
    assert_eq!(store.revision(), 1);
    assert_eq!(set(&store, "a", "1").await, 2);
    assert_eq!(set(&store, "a", "2").await, 3);
    let deleted = store.delete_range(delete("a")).await.unwrap();
    assert_eq!((deleted.deleted, deleted.header.revision), (1, 4));
    let none = store.delete_range(delete("a")).await.unwrap();
    assert_eq!(
        (none.deleted, none.header.revision),
        (0, 4),
        "nothing changed, nothing is counted"
    );
    assert_eq!(set(&store, "a", "3").await, 5);
    for (revision, value) in [
        (1, None),
        (2, Some("1")),
        (3, Some("2")),
        (4, None),
        (5, Some("3")),
        (0, Some("3")),
    ] {
        assert_eq!(
            get(&store, "a", revision).await.unwrap().as_deref(),
            value,
            "at {revision}"
        );
    }
    assert!(matches!(get(&store, "a", 6).await, Err(Error::FutureRev)));
    let kv = store.range(RangeRequest::key("a")).await.unwrap().kvs[0].clone();
    assert_eq!((kv.create_revision, kv.mod_revision, kv.version), (5, 5, 1));
    store.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_takes_one_revision_and_sees_its_own_writes() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(config(dir.path())).await.unwrap();
    let read = |key: &'static str| RequestOp::Range(RangeRequest::key(key));
    let request = TxnRequest {
        compare: vec![Compare::mod_revision("a", 0)],
        success: vec![
            read("a"),
            RequestOp::Put(put("a", "1")),
            read("a"),
            RequestOp::Txn(TxnRequest {
                // Decided on the state before, in which "a" is not there.
                compare: vec![Compare::mod_revision("a", 0)],
                success: vec![RequestOp::Put(put("b", "1"))],
                failure: vec![RequestOp::Put(put("c", "1"))],
            }),
        ],
        failure: vec![read("a")],
    };
    let first = store.txn(request.clone()).await.unwrap();
    assert!(first.succeeded);
    assert_eq!(first.header.revision, 2);
    let count = |op: &ResponseOp| match op {
        ResponseOp::Range(range) => range.count,
        other => panic!("{other:?}"),
    };
    assert_eq!(
        (count(&first.responses[0]), count(&first.responses[2])),
        (0, 1)
    );
    let all = store.range(RangeRequest::prefix("")).await.unwrap();
    let keys: Vec<_> = all
        .kvs
        .iter()
        .map(|kv| (&kv.key[..], kv.mod_revision))
        .collect();
    assert_eq!(keys, [(&b"a"[..], 2), (&b"b"[..], 2)]);

    let second = store.txn(request).await.unwrap();
    assert!(!second.succeeded);
    assert_eq!(second.header.revision, 2, "it only read");
    assert_eq!(count(&second.responses[0]), 1);
    store.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn put_options_and_refusals() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(Config {
        max_request_bytes: 1_000,
        ..config(dir.path())
    })
    .await
    .unwrap();
    let keep = PutRequest {
        ignore_value: true,
        ..put("a", "")
    };
    assert!(matches!(
        store.put(keep.clone()).await,
        Err(Error::KeyNotFound)
    ));
    let with_lease = PutRequest {
        lease: 77,
        ..put("a", "1")
    };
    assert!(matches!(
        store.put(with_lease.clone()).await,
        Err(Error::LeaseNotFound)
    ));
    assert_eq!(store.revision(), 1, "a refusal changes nothing");
    store.lease_grant(60, 77).await.unwrap();
    store.put(with_lease).await.unwrap();
    let kept = store
        .put(PutRequest {
            prev_kv: true,
            ..keep
        })
        .await
        .unwrap();
    assert_eq!(kept.prev_kv.unwrap().value, "1");
    let kv = store.range(RangeRequest::key("a")).await.unwrap().kvs[0].clone();
    assert_eq!(
        (&kv.value[..], kv.lease, kv.version),
        (&b"1"[..], 0, 2),
        "value kept, lease taken off"
    );
    let large = PutRequest {
        value: vec![0; 1_000].into(),
        ..put("a", "")
    };
    assert!(matches!(
        store.put(large).await,
        Err(Error::RequestTooLarge)
    ));
    assert!(matches!(store.put(put("", "")).await, Err(Error::EmptyKey)));
    store.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_range_is_limited_sorted_and_filtered() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(config(dir.path())).await.unwrap();
    for (key, value) in [
        ("k/a", "3"),
        ("k/b", "1"),
        ("k/c", "2"),
        ("l", "9"),
        ("k/b", "4"),
    ] {
        set(&store, key, value).await;
    }
    let all = RangeRequest::prefix("k/");
    let keys = async |request: RangeRequest| {
        let response = store.range(request).await.unwrap();
        let keys: Vec<_> = response
            .kvs
            .iter()
            .map(|kv| String::from_utf8(kv.key[2..].to_vec()).unwrap())
            .collect();
        (keys.concat(), response.count, response.more)
    };
    assert_eq!(keys(all.clone()).await, ("abc".into(), 3, false));
    assert_eq!(
        keys(RangeRequest {
            limit: 2,
            ..all.clone()
        })
        .await,
        ("ab".into(), 3, true)
    );
    assert_eq!(
        keys(RangeRequest {
            limit: 3,
            ..all.clone()
        })
        .await,
        ("abc".into(), 3, false)
    );
    let by = |order, target| RangeRequest {
        sort_order: order,
        sort_target: target,
        ..all.clone()
    };
    assert_eq!(keys(by(SortOrder::Descend, SortTarget::Key)).await.0, "cba");
    assert_eq!(
        keys(by(SortOrder::Ascend, SortTarget::Value)).await.0,
        "cab"
    );
    assert_eq!(keys(by(SortOrder::None, SortTarget::Mod)).await.0, "acb");
    assert_eq!(
        keys(by(SortOrder::Descend, SortTarget::Create)).await.0,
        "cba"
    );
    let limited = RangeRequest {
        limit: 1,
        ..by(SortOrder::Descend, SortTarget::Value)
    };
    assert_eq!(keys(limited).await, ("b".into(), 3, true));
    let filtered = RangeRequest {
        min_mod_revision: 4,
        ..all.clone()
    };
    assert_eq!(keys(filtered).await, ("bc".into(), 3, false));
    let filtered = RangeRequest {
        max_create_revision: 3,
        limit: 1,
        ..all.clone()
    };
    assert_eq!(keys(filtered).await, ("a".into(), 3, true));
    assert_eq!(
        keys(RangeRequest {
            count_only: true,
            ..all.clone()
        })
        .await,
        ("".into(), 3, false)
    );
    let names = store
        .range(RangeRequest {
            keys_only: true,
            ..all
        })
        .await
        .unwrap();
    assert!(
        names
            .kvs
            .iter()
            .all(|kv| kv.value.is_empty() && kv.mod_revision > 0)
    );
    store.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn compaction_forgets_the_past_and_nothing_else_also_after_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(config(dir.path())).await.unwrap();
    for n in 0..10 {
        set(&store, "a", &n.to_string()).await;
    }
    set(&store, "gone", "x").await;
    store.delete_range(delete("gone")).await.unwrap();
    set(&store, "b", "x").await;
    assert!(matches!(store.compact(100).await, Err(Error::FutureRev)));
    store.compact(store.revision()).await.unwrap();
    assert!(matches!(store.compact(3).await, Err(Error::Compacted)));
    forgotten(&store).await;
    store.shutdown().await;
    let store = Store::open(config(dir.path())).await.unwrap();
    forgotten(&store).await;
    store.shutdown().await;
}

async fn forgotten(store: &Store) {
    assert!(matches!(get(store, "a", 5).await, Err(Error::Compacted)));
    assert_eq!(get(store, "a", 0).await.unwrap().as_deref(), Some("9"));
    assert_eq!(get(store, "gone", 0).await.unwrap(), None);
    assert_eq!(store.compact_revision(), 14);
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_is_there_after_a_restart_and_revisions_go_on() {
    let dir = tempfile::tempdir().unwrap();
    let small = || Config {
        log_segment_bytes: 4_096,
        checkpoint_log_bytes: 8_192,
        write_behind_interval: Duration::from_millis(5),
        value_cache_bytes: 2_000,
        watch_window_bytes: 2_000,
        ..config(dir.path())
    };
    let mut expected = Vec::new();
    for round in 0..4 {
        let store = Store::open(small()).await.unwrap();
        assert_eq!(store.revision(), 1 + expected.len() as i64);
        for n in 0..50 {
            let (key, value) = (
                format!("k{}", n % 7),
                format!("{round}/{n}/{}", "x".repeat(40)),
            );
            let revision = set(&store, &key, &value).await;
            expected.push((key, value));
            assert_eq!(revision, 1 + expected.len() as i64);
        }
        for (n, (key, value)) in expected.iter().enumerate() {
            let found = get(&store, key, n as i64 + 2).await.unwrap();
            assert_eq!(found.as_ref(), Some(value), "revision {}", n + 2);
        }
        store.shutdown().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_is_opened_once() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(config(dir.path())).await.unwrap();
    match Store::open(config(dir.path())).await {
        Err(error @ Error::Locked(_)) => {
            assert!(error.to_string().contains("in use by another process"))
        }
        other => panic!("{other:?}"),
    }
    let clone = store.clone();
    store.shutdown().await;
    assert!(matches!(clone.put(put("a", "")).await, Err(Error::Stopped)));
    assert!(matches!(
        clone.range(RangeRequest::key("a")).await,
        Err(Error::Stopped)
    ));
    assert!(clone.watch(WatchRequest::prefix("a", 0)).is_err());
    Store::open(config(dir.path()))
        .await
        .unwrap()
        .shutdown()
        .await;
    let other = Config {
        member_id: 9,
        ..config(dir.path())
    };
    assert!(matches!(
        Store::open(other).await,
        Err(Error::Incompatible { .. })
    ));
}

#[tokio::test(flavor = "multi_thread")]
async fn concurrent_writers_share_flushes_and_none_is_lost() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(config(dir.path())).await.unwrap();
    let writers = (0..64).map(|writer| {
        let store = store.clone();
        tokio::spawn(async move {
            let mut revisions = Vec::new();
            for n in 0..20 {
                revisions.push(set(&store, &format!("w{writer}"), &n.to_string()).await);
            }
            revisions
        })
    });
    let mut revisions: Vec<i64> = futures::future::join_all(writers)
        .await
        .into_iter()
        .flat_map(Result::unwrap)
        .collect();
    revisions.sort_unstable();
    assert_eq!(
        revisions,
        (2..2 + 64 * 20).collect::<Vec<_>>(),
        "each write has a revision of its own"
    );
    let mut text = String::new();
    let mut registry = prometheus_client::registry::Registry::default();
    store.metrics().register(&mut registry);
    prometheus_client::encoding::text::encode(&mut text, &registry).unwrap();
    let count = |name: &str| -> f64 {
        let line = text.lines().find(|line| line.starts_with(name)).unwrap();
        line.rsplit(' ').next().unwrap().parse().unwrap()
    };
    let flushes = count("etcd_disk_wal_fsync_duration_seconds_count");
    assert!(
        flushes < 64.0 * 20.0 / 4.0,
        "{flushes} flushes for {} writes",
        64 * 20
    );
    assert_eq!(count("etcd_mvcc_put_total"), 64.0 * 20.0);
    assert_eq!(count("etcd_server_has_leader"), 1.0);
    store.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn old_history_is_compacted_by_itself_when_asked_to() {
    let dir = tempfile::tempdir().unwrap();
    let keep = Some(AutoCompaction::Periodic(Duration::from_millis(50)));
    let store = Store::open(Config {
        auto_compaction: keep,
        ..config(dir.path())
    })
    .await
    .unwrap();
    let first = set(&store, "a", "1").await;
    let last = set(&store, "a", "2").await;
    let mut watcher = store.watch(WatchRequest::prefix("never", 0)).unwrap();
    tokio::time::timeout(Duration::from_secs(30), async {
        while store.compact_revision() < last {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await
    .unwrap();
    assert!(matches!(
        get(&store, "a", first).await,
        Err(Error::Compacted)
    ));
    watcher.request_progress();
    assert_eq!(
        watcher.recv().await.header.revision,
        last,
        "compaction is no revision"
    );
    store.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn values_dropped_from_memory_are_read_from_disk() {
    let dir = tempfile::tempdir().unwrap();
    let small = Config {
        value_cache_bytes: 1_000,
        watch_window_bytes: 1_000,
        write_behind_interval: Duration::from_millis(1),
        ..config(dir.path())
    };
    let store = Store::open(small).await.unwrap();
    for n in 0..200 {
        set(
            &store,
            &format!("k{n:03}"),
            &format!("{n}:{}", "v".repeat(100)),
        )
        .await;
    }
    let metrics = store.metrics();
    tokio::time::timeout(Duration::from_secs(30), async {
        while metrics.value_cache_bytes.get() > 1_000.0 || metrics.value_cache_bytes.get() == 0.0 {
            tokio::time::sleep(Duration::from_millis(2)).await;
            set(&store, "tick", "").await;
        }
    })
    .await
    .unwrap();
    let all = store.range(RangeRequest::prefix("k")).await.unwrap();
    assert_eq!(all.kvs.len(), 200);
    for (n, kv) in all.kvs.iter().enumerate() {
        assert_eq!(kv.value, format!("{n}:{}", "v".repeat(100)));
    }
    // A transaction that compares and returns values that are on disk alone.
    let request = TxnRequest {
        compare: vec![Compare {
            result: CompareResult::Equal,
            target: CompareTarget::Value(Bytes::from(format!("7:{}", "v".repeat(100)))),
            key: "k007".into(),
            range_end: Bytes::new(),
        }],
        success: vec![RequestOp::Put(PutRequest {
            prev_kv: true,
            ..put("k007", "new")
        })],
        failure: vec![],
    };
    let response = store.txn(request).await.unwrap();
    assert!(response.succeeded);
    match &response.responses[0] {
        ResponseOp::Put(put) => assert!(put.prev_kv.as_ref().unwrap().value.starts_with(b"7:v")),
        other => panic!("{other:?}"),
    }
    store.shutdown().await;
}

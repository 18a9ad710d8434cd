//! Export and restore against each other, and damage in between.

use std::{
    fs,
    path::{Path, PathBuf},
};

use bytes::Bytes;
use proptest::prelude::*;

use super::*;
use crate::{Config, Store, rpc::*};

fn config(dir: &Path) -> Config {
    Config {
        heartbeat_interval: std::time::Duration::from_millis(50),
        election_timeout: std::time::Duration::from_millis(300),
        ..Config::new(dir)
    }
}

fn request(snapshot: &Path, data_dir: &Path) -> Restore {
    Restore {
        snapshot: snapshot.to_owned(),
        data_dir: data_dir.to_owned(),
        wal_dir: None,
        name: "default".into(),
        initial_cluster: vec![("default".into(), vec!["http://localhost:2380".into()])],
        initial_cluster_token: "etcd-cluster".into(),
        initial_advertise_peer_urls: vec!["http://localhost:2380".into()],
        hash_check: HashCheck::Required,
        bump_revision: 0,
    }
}

/// A configuration that fits what [`request`] restores.
fn restored_config(dir: &Path) -> Config {
    Config {
        cluster_id: 0xcdf8_1819_4e3a_8c32,
        member_id: 0x8e9e_05c5_2164_694d,
        name: "default".into(),
        ..config(dir)
    }
}

async fn save(store: &Store, to: &Path) {
    let mut stream = store.snapshot().await.unwrap();
    let mut file = Vec::new();
    while let Some(chunk) = stream.next().await {
        let chunk = chunk.unwrap();
        file.extend_from_slice(&chunk.blob);
        let left = stream.database_bytes.saturating_sub(file.len() as u64);
        assert_eq!(chunk.remaining_bytes, left);
    }
    assert_eq!(file.len() as u64, stream.database_bytes + 32);
    fs::write(to, file).unwrap();
}

async fn put(store: &Store, key: &str, value: &[u8], lease: i64) {
    let request = PutRequest {
        key: Bytes::copy_from_slice(key.as_bytes()),
        value: Bytes::copy_from_slice(value),
        lease,
        ..Default::default()
    };
    store.put(request).await.unwrap();
}

async fn everything(store: &Store, revision: i64) -> Vec<KeyValue> {
    let request = RangeRequest {
        range_end: Bytes::from_static(&[0]),
        revision,
        ..RangeRequest::key(Bytes::from_static(&[0]))
    };
    let response = store.range(request).await.unwrap();
    response.kvs.iter().map(|kv| (**kv).clone()).collect()
}

/// A store with some of everything.
async fn sample(dir: &Path) -> Store {
    let store = Store::open(config(dir)).await.unwrap();
    store.lease_grant(700, 42).await.unwrap();
    for n in 0..300 {
        let length = if n % 50 == 0 { 20_000 } else { n };
        put(
            &store,
            &format!("key/{:03}", n % 90),
            &vec![n as u8; length],
            0,
        )
        .await;
    }
    put(&store, "leased", b"", 42).await;
    store
        .delete_range(DeleteRangeRequest {
            key: "key/00".into(),
            range_end: "key/01".into(),
            ..Default::default()
        })
        .await
        .unwrap();
    store.compact(200).await.unwrap();
    put(&store, "last", b"one", 0).await;
    store
}

#[tokio::test]
async fn what_is_saved_is_restored() {
    let dir = tempfile::tempdir().unwrap();
    let store = sample(&dir.path().join("old")).await;
    let file = dir.path().join("snapshot.db");
    save(&store, &file).await;
    let status = snapshot_status(&file).unwrap();
    assert_eq!(status.revision, store.revision());
    assert_eq!(status.total_size + 32, fs::metadata(&file).unwrap().len());

    let new = dir.path().join("new/data");
    let restored = restore(&request(&file, &new)).unwrap();
    assert_eq!(restored.revision, store.revision());
    let again = Store::open(restored_config(&new)).await.unwrap();
    assert_eq!(again.revision(), store.revision());
    assert_eq!(again.compact_revision(), 200);
    for revision in [0, 200, 250, store.revision() - 1] {
        assert_eq!(
            everything(&again, revision).await,
            everything(&store, revision).await,
            "at {revision}"
        );
    }
    let lease = again.lease_time_to_live(42, true).await.unwrap();
    assert_eq!(
        (lease.granted_ttl, lease.keys),
        (700, vec![Bytes::from("leased")])
    );
    // It goes on where the other was.
    put(&again, "last", b"two", 0).await;
    assert_eq!(again.revision(), store.revision() + 1);
    again.shutdown().await;
    let again = Store::open(restored_config(&new)).await.unwrap();
    assert_eq!(again.revision(), store.revision() + 1);

    let second = dir.path().join("second.db");
    save(&again, &second).await;
    assert_eq!(snapshot_status(&second).unwrap().revision, again.revision());
    again.shutdown().await;
    store.shutdown().await;
}

#[tokio::test]
async fn a_bumped_revision_is_compacted_up_to_there() {
    let dir = tempfile::tempdir().unwrap();
    let store = sample(&dir.path().join("old")).await;
    let file = dir.path().join("snapshot.db");
    save(&store, &file).await;
    let new = dir.path().join("new");
    let bumped = Restore {
        bump_revision: 1_000_000,
        ..request(&file, &new)
    };
    let restored = restore(&bumped).unwrap();
    assert_eq!(restored.revision, store.revision() + 1_000_000);
    let again = Store::open(restored_config(&new)).await.unwrap();
    assert_eq!(again.revision(), restored.revision);
    assert_eq!(again.compact_revision(), restored.revision);
    assert_eq!(everything(&again, 0).await, everything(&store, 0).await);
    put(&again, "last", b"two", 0).await;
    assert_eq!(again.revision(), restored.revision + 1);
    again.shutdown().await;
    store.shutdown().await;
}

#[tokio::test]
async fn the_log_of_what_is_restored_may_go_to_a_folder_of_its_own() {
    let dir = tempfile::tempdir().unwrap();
    let store = sample(&dir.path().join("old")).await;
    let file = dir.path().join("snapshot.db");
    save(&store, &file).await;
    let (new, log) = (dir.path().join("new"), dir.path().join("logs/new"));
    let apart = Restore {
        wal_dir: Some(log.clone()),
        ..request(&file, &new)
    };
    restore(&apart).unwrap();
    let apart_config = Config {
        wal_dir: Some(log.clone()),
        ..restored_config(&new)
    };
    let again = Store::open(apart_config).await.unwrap();
    assert_eq!(everything(&again, 0).await, everything(&store, 0).await);
    again.shutdown().await;
    store.shutdown().await;
    let files = |dir: &Path| -> Vec<String> {
        let entries = fs::read_dir(dir).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        names.filter(|name| name.ends_with(".log")).collect()
    };
    assert_eq!((files(&new).len(), files(&log).len()), (0, 1));

    let again = Restore {
        data_dir: dir.path().join("third"),
        ..apart
    };
    let error = restore(&again).unwrap_err().to_string();
    assert_eq!(
        error,
        format!("wal-dir {:?} exists", log.display().to_string())
    );
    assert!(!again.data_dir.exists());
}

#[tokio::test]
async fn whatever_is_wrong_with_a_file_nothing_is_written() {
    let dir = tempfile::tempdir().unwrap();
    let store = sample(&dir.path().join("old")).await;
    let good = dir.path().join("good.db");
    save(&store, &good).await;
    store.shutdown().await;
    let bytes = fs::read(&good).unwrap();
    let bad = dir.path().join("bad.db");
    let target = dir.path().join("restored/here");
    let refused = |file: &[u8], check: HashCheck| -> String {
        fs::write(&bad, file).unwrap();
        let request = Restore {
            hash_check: check,
            ..request(&bad, &target)
        };
        let error = restore(&request).unwrap_err().to_string();
        let left: Vec<PathBuf> = fs::read_dir(target.parent().unwrap())
            .map(|entries| entries.map(|entry| entry.unwrap().path()).collect())
            .unwrap_or_default();
        assert!(left.is_empty(), "{left:?}");
        error
    };
    let cut = bytes.len() / 2 / 4096 * 4096;
    assert!(refused(&bytes[..cut], HashCheck::Required).contains("snapshot missing hash"));
    assert!(refused(&bytes[..cut], HashCheck::Skipped).contains("truncated"));
    assert!(refused(&bytes[..cut + 32], HashCheck::Required).contains("expected sha256 ["));
    for at in [100, bytes.len() / 3, bytes.len() - 1] {
        let mut altered = bytes.clone();
        altered[at] ^= 0x10;
        assert!(refused(&altered, HashCheck::Required).contains("expected sha256 ["));
    }
    // Without the hash, the structure still says so: the first leaf claims fewer elements.
    let mut altered = bytes.clone();
    altered[3 * 4096 + 10] ^= 1;
    assert!(refused(&altered, HashCheck::Skipped).contains("integrity check failed"));
    assert!(refused(b"", HashCheck::Skipped).contains("not a bbolt file"));

    fs::create_dir_all(&target).unwrap();
    fs::write(target.join("file"), "").unwrap();
    let error = restore(&request(&good, &target)).unwrap_err().to_string();
    assert!(error.contains("not empty or could not be read"), "{error}");
    fs::remove_file(target.join("file")).unwrap();
    restore(&request(&good, &target)).unwrap();
}

#[test]
fn a_member_must_be_of_the_cluster_and_say_where_it_is() {
    let nowhere = Path::new("/nonexistent/snapshot");
    let error = |change: &dyn Fn(&mut Restore)| {
        let mut request = request(nowhere, Path::new("/nonexistent/data"));
        change(&mut request);
        restore(&request).unwrap_err().to_string()
    };
    assert!(error(&|r| r.name = "other".into()).contains("couldn't find local name \"other\""));
    assert!(
        error(&|r| r.initial_advertise_peer_urls = vec!["http://a:1".into()])
            .contains("--initial-cluster has default=http://localhost:2380 but missing from")
    );
    assert!(
        error(&|r| r
            .initial_cluster
            .push(("b".into(), vec!["http://localhost:2380".into()])))
        .contains("has duplicate url")
    );
    assert!(
        error(&|_| ()).contains("/nonexistent/snapshot"),
        "only then the file is opened"
    );
}

proptest! {
    #![proptest_config(crate::tests::fuzz::cases(300))]
    /// Databases whose entries are rubbish: an error, never a panic.
    #[test]
    fn rubbish_in_buckets(
        entries in prop::collection::btree_map(
            prop::collection::vec(any::<u8>(), 1..20),
            prop::collection::vec(any::<u8>(), 0..40),
            0..5,
        ),
        bucket in 0..schema::BUCKETS.len(),
    ) {
        let name = schema::BUCKETS[bucket];
        let mut plan = hydrofoil_bolt::Plan::new(4096).unwrap();
        plan.bucket(name.as_bytes()).unwrap();
        for (key, value) in &entries {
            plan.entry(key.len(), value.len()).unwrap();
        }
        let mut file = Vec::new();
        let mut writer = hydrofoil_bolt::Writer::new(plan.finish().unwrap(), &mut file);
        writer.bucket(name.as_bytes(), &mut file).unwrap();
        for (key, value) in &entries {
            writer.entry(key, value, &mut file).unwrap();
        }
        writer.finish(&mut file).unwrap();
        let db = hydrofoil_bolt::Db::open(&file).unwrap();
        drop(facts::Facts::read(&db));
        drop(read::versions(&db, |_, _| Ok(())));
    }
}

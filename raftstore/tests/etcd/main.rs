//! Backup and restore between us and a real etcd, with its own tools: our snapshots become its data directories, its snapshots
//! and data directories become ours, and keys, revisions, leases, users and roles are the same on both sides. `tests/run tools`
//! builds its tools.
#![allow(clippy::unwrap_used, reason = "what fails ends the test")]

mod tools;

use std::{fs, path::Path, time::Duration};

use bytes::Bytes;
use hydrofoil_etcd_wire::etcdserverpb::{self as wire, kv_client::KvClient};
use hydrofoil_raftstore::{
    Caller, Config, HashCheck, PutRequest, RangeRequest, Restore, Store, adopt,
    auth::AuthenticateRequest, restore, snapshot_status,
};
use tools::{Etcd, json, tool};

/// A key as both sides have it: key, value, create, mod, version, lease.
type Row = (String, String, i64, i64, i64, i64);

fn config(dir: &Path) -> Config {
    Config {
        heartbeat_interval: Duration::from_millis(50),
        election_timeout: Duration::from_millis(300),
        // What a member named "default" at etcd's default URLs is in a cluster with etcd's default token.
        cluster_id: 0xcdf8_1819_4e3a_8c32,
        member_id: 0x8e9e_05c5_2164_694d,
        name: "default".into(),
        ..Config::new(dir)
    }
}

fn request(snapshot: &Path, data_dir: &Path) -> Restore {
    let peer_urls = vec!["http://localhost:2380".to_owned()];
    Restore {
        snapshot: snapshot.to_owned(),
        data_dir: data_dir.to_owned(),
        wal_dir: None,
        name: "default".into(),
        initial_cluster: vec![("default".into(), peer_urls.clone())],
        initial_cluster_token: "etcd-cluster".into(),
        initial_advertise_peer_urls: peer_urls,
        hash_check: HashCheck::Required,
        bump_revision: 0,
    }
}

async fn our_rows(store: &Store) -> Vec<Row> {
    let request = RangeRequest {
        range_end: Bytes::from_static(&[0]),
        ..RangeRequest::key(Bytes::from_static(&[0]))
    };
    let response = store.range(request).await.unwrap();
    let text = |bytes: &Bytes| String::from_utf8(bytes.to_vec()).unwrap();
    let rows = response.kvs.iter().map(|kv| {
        (
            text(&kv.key),
            text(&kv.value),
            kv.create_revision,
            kv.mod_revision,
            kv.version,
            kv.lease,
        )
    });
    rows.collect()
}

fn their_rows(etcd: &Etcd) -> (i64, Vec<Row>) {
    their_rows_as(etcd, &[])
}

fn their_rows_as(etcd: &Etcd, user: &[&str]) -> (i64, Vec<Row>) {
    let get = ["get", "", "--from-key", "-w", "json"];
    let answer = json(&etcd.ctl(&[&get, user].concat()));
    let rows = answer["kvs"].as_array().cloned().unwrap_or_default();
    let rows = rows.iter().map(|kv| {
        let text = |field: &str| tools::base64(kv[field].as_str().unwrap_or_default());
        let number = |field: &str| kv[field].as_i64().unwrap_or(0);
        (
            text("key"),
            text("value"),
            number("create_revision"),
            number("mod_revision"),
            number("version"),
            number("lease"),
        )
    });
    (
        answer["header"]["revision"].as_i64().unwrap(),
        rows.collect(),
    )
}

/// Puts some of everything into a real etcd.
fn fill(etcd: &Etcd) {
    etcd.ctl(&["lease", "grant", "5000", "-w", "json"]);
    for n in 0..40 {
        etcd.ctl(&["put", &format!("key{:02}", n % 15), &"v".repeat(n * 90)]);
    }
    etcd.ctl(&["del", "key03"]);
    let lease = json(&etcd.ctl(&["lease", "list", "-w", "json"]))["leases"][0]["id"]
        .as_i64()
        .unwrap();
    etcd.ctl(&["put", "leased", "x", &format!("--lease={lease:x}")]);
    etcd.ctl(&["role", "add", "reader"]);
    etcd.ctl(&[
        "role",
        "grant-permission",
        "reader",
        "read",
        "key",
        "--prefix",
    ]);
    etcd.ctl(&["user", "add", "ann:secret"]);
    etcd.ctl(&["user", "grant-role", "ann", "reader"]);
    etcd.ctl(&["compact", "20"]);
}

/// What [`fill`] left, in a store of ours.
async fn assert_filled(store: &Store, rows: &[Row], revision: i64) {
    assert_eq!(our_rows(store).await, rows);
    assert_eq!(store.revision(), revision);
    assert_eq!(store.compact_revision(), 20);
    let leases = store.leases().await.unwrap().leases;
    assert_eq!(leases.len(), 1);
    let lease = store.lease_time_to_live(leases[0], true).await.unwrap();
    assert_eq!(
        (lease.granted_ttl, lease.keys),
        (5000, vec![Bytes::from("leased")])
    );
    let session = store.session(Caller::Internal);
    assert_eq!(session.user_get("ann").await.unwrap().roles, ["reader"]);
    let role = session.role_get("reader").await.unwrap();
    assert_eq!(role.permissions.len(), 1);
    assert_eq!(&role.permissions[0].key[..], b"key");
}

async fn save(store: &Store, to: &Path) {
    let mut stream = store.snapshot().await.unwrap();
    let mut file = Vec::new();
    while let Some(chunk) = stream.next().await {
        file.extend_from_slice(&chunk.unwrap().blob);
    }
    fs::write(to, file).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_snapshot_of_etcd_becomes_a_store_and_that_ones_becomes_an_etcd() {
    let dir = tempfile::tempdir().unwrap();
    let etcd = Etcd::start(&dir.path().join("etcd"));
    fill(&etcd);
    let (revision, rows) = their_rows(&etcd);
    let first = dir.path().join("first.db");
    etcd.ctl(&["snapshot", "save", first.to_str().unwrap()]);
    etcd.stop();

    let ours = dir.path().join("ours");
    restore(&request(&first, &ours)).unwrap();
    let store = Store::open(config(&ours)).await.unwrap();
    assert_filled(&store, &rows, revision).await;
    let put = PutRequest {
        key: "ours".into(),
        value: "1".into(),
        ..Default::default()
    };
    store.put(put).await.unwrap();
    let rows = our_rows(&store).await;
    let second = dir.path().join("second.db");
    save(&store, &second).await;

    for version in ["etcdutl", "etcdutl-3.6"] {
        let etcdutl = tool(version);
        let path = second.to_str().unwrap();
        let status = json(&tools::run(
            &etcdutl,
            &["snapshot", "status", path, "-w", "json"],
        ));
        let our_status = snapshot_status(&second).unwrap();
        assert_eq!(status["hash"].as_u64().unwrap(), u64::from(our_status.hash));
        assert_eq!(status["revision"].as_i64().unwrap(), our_status.revision);
        if version == "etcdutl" {
            // 3.6 counts keys that exist; ours counts entries of all buckets, as 3.5 does.
            assert_eq!(status["totalKey"].as_u64().unwrap(), our_status.total_key);
        }
        assert_eq!(status["totalSize"].as_u64().unwrap(), our_status.total_size);
        let data = dir.path().join(version);
        tools::run(
            &etcdutl,
            &[
                "snapshot",
                "restore",
                path,
                "--data-dir",
                data.to_str().unwrap(),
            ],
        );
        let etcd = Etcd::start(&data);
        assert_eq!(their_rows(&etcd), (store.revision(), rows.clone()));
        assert!(etcd.ctl(&["user", "get", "ann"]).contains("reader"));
        assert!(etcd.ctl(&["role", "get", "reader"]).contains("[key, kez)"));
        let lease = json(&etcd.ctl(&["lease", "list", "-w", "json"]))["leases"][0]["id"]
            .as_i64()
            .unwrap();
        let lease = etcd.ctl(&["lease", "timetolive", &format!("{lease:x}"), "--keys"]);
        assert!(
            lease.contains("granted with TTL(5000s)") && lease.contains("leased"),
            "{lease}"
        );
        // It goes on from there.
        etcd.ctl(&["put", "theirs", "2"]);
        etcd.ctl(&["compact", &store.revision().to_string()]);
        assert_eq!(their_rows(&etcd).0, store.revision() + 1);
        // The password came along.
        etcd.ctl(&["user", "add", "root:root"]);
        etcd.ctl(&["user", "grant-role", "root", "root"]);
        etcd.ctl(&["auth", "enable"]);
        etcd.ctl(&["get", "key01", "--user=ann:secret"]);
        etcd.stop();
    }
    store.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_data_directory_that_etcds_tools_restored_is_adopted() {
    let dir = tempfile::tempdir().unwrap();
    let etcd = Etcd::start(&dir.path().join("etcd"));
    fill(&etcd);
    let (revision, rows) = their_rows(&etcd);
    let file = dir.path().join("snapshot.db");
    etcd.ctl(&["snapshot", "save", file.to_str().unwrap()]);
    etcd.stop();
    for version in ["etcdctl", "etcdutl", "etcdutl-3.6"] {
        let restorer = tool(version);
        let data = dir.path().join(version);
        let (file, to) = (file.to_str().unwrap(), data.to_str().unwrap());
        tools::run(&restorer, &["snapshot", "restore", file, "--data-dir", to]);
        let store = Store::open(config(&data)).await.unwrap();
        assert_filled(&store, &rows, revision).await;
        assert_eq!(store.status().header.cluster_id, 0xcdf8_1819_4e3a_8c32);
        assert_eq!(store.status().header.member_id, 0x8e9e_05c5_2164_694d);
        assert!(data.join("member.etcd/snap/db").exists() && !data.join("member").exists());
        store.shutdown().await;
        let store = Store::open(config(&data)).await.unwrap();
        assert_filled(&store, &rows, revision).await;
        store.shutdown().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_in_a_folder_of_its_own_stays_there_when_it_is_adopted() {
    let dir = tempfile::tempdir().unwrap();
    let (theirs, their_log) = (dir.path().join("etcd"), dir.path().join("log"));
    let apart = [
        RARELY[0],
        RARELY[1],
        "--wal-dir",
        their_log.to_str().unwrap(),
    ];
    let etcd = Etcd::start_with(&theirs, &apart);
    fill(&etcd);
    let (revision, rows) = their_rows(&etcd);
    let file = dir.path().join("snapshot.db");
    etcd.ctl(&["snapshot", "save", file.to_str().unwrap()]);
    etcd.kill();
    let restored = dir.path().join("restored");
    let restored_log = dir.path().join("restored-log");
    let (file, to) = (file.to_str().unwrap(), restored.to_str().unwrap());
    let log = restored_log.to_str().unwrap();
    let args = [
        "snapshot",
        "restore",
        file,
        "--data-dir",
        to,
        "--wal-dir",
        log,
    ];
    tools::run(&tool("etcdutl"), &args);
    for (data, log) in [(theirs, their_log), (restored, restored_log)] {
        let config = Config {
            wal_dir: Some(log.clone()),
            ..config(&data)
        };
        let without = Store::open(self::config(&data)).await.unwrap_err();
        assert!(without.to_string().contains("member/wal"), "{without}");
        for _ in 0..2 {
            let store = Store::open(config.clone()).await.unwrap();
            assert_filled(&store, &rows, revision).await;
            store.shutdown().await;
        }
        let ends = |dir: &Path, end: &str| {
            let mut names = fs::read_dir(dir).unwrap();
            names.any(|name| name.unwrap().file_name().to_str().unwrap().ends_with(end))
        };
        assert!(ends(&log, ".wal") && ends(&log, ".log") && !ends(&data, ".log"));
        assert!(data.join("member.etcd").exists() && !log.join("adopting").exists());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_folder_may_be_the_data_directory_by_another_name() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("etcd");
    let etcd = Etcd::start_with(&data, &RARELY);
    fill(&etcd);
    let (revision, rows) = their_rows(&etcd);
    etcd.kill();
    for entry in fs::read_dir(data.join("member/wal")).unwrap() {
        let from = entry.unwrap().path();
        fs::rename(&from, data.join(from.file_name().unwrap())).unwrap();
    }
    let other_name = dir.path().join("log");
    std::os::unix::fs::symlink(&data, &other_name).unwrap();
    let config = Config {
        wal_dir: Some(other_name),
        ..config(&data)
    };
    let store = Store::open(config).await.unwrap();
    assert_filled(&store, &rows, revision).await;
    store.shutdown().await;
}

/// Every state that a crash leaves: before the files moved, when some had, when all had but etcd's, and when nothing was left to
/// do but to clean up.
#[tokio::test(flavor = "multi_thread")]
async fn adopting_that_was_interrupted_ends_at_the_next_start() {
    let dir = tempfile::tempdir().unwrap();
    let theirs = dir.path().join("etcd");
    let etcd = Etcd::start_with(&theirs, &RARELY);
    fill(&etcd);
    let (revision, rows) = their_rows(&etcd);
    etcd.kill();
    for apart in [false, true] {
        for crash in ["building", "moving", "moved", "adopted"] {
            let data = dir.path().join(format!("{crash}-{apart}"));
            copy(&theirs, &data);
            let log = dir.path().join(format!("{crash}-{apart}-log"));
            if apart {
                fs::rename(data.join("member/wal"), &log).unwrap();
            }
            let config = Config {
                wal_dir: apart.then(|| log.clone()),
                ..config(&data)
            };
            if crash != "building" {
                adopt(&data, config.wal_dir.as_deref()).unwrap().unwrap();
            }
            let building = data.join("adopting");
            fs::create_dir(&building).unwrap();
            match crash {
                "building" => fs::write(building.join("half"), "of a file").unwrap(),
                "moving" => {
                    fs::rename(data.join("member.etcd"), data.join("member")).unwrap();
                    fs::rename(data.join("state.redb"), building.join("state.redb")).unwrap();
                }
                "moved" => fs::rename(data.join("member.etcd"), data.join("member")).unwrap(),
                _ => {}
            }
            let store = Store::open(config).await.unwrap();
            assert_filled(&store, &rows, revision).await;
            store.shutdown().await;
            assert!(
                !building.exists() && data.join("member.etcd").exists(),
                "{crash}"
            );
        }
    }
}

/// etcd writes its database when it is asked to (a compaction does) and at a stop in good order.
const RARELY: [&str; 2] = [
    "--backend-batch-interval=1h",
    "--backend-batch-limit=1000000",
];

/// A copy of a folder.
fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &to);
        } else {
            fs::copy(entry.path(), to).unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_directory_of_an_etcd_that_was_killed_is_adopted_with_what_its_database_lacks() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("etcd");
    let etcd = Etcd::start_with(&data, &RARELY);
    fill(&etcd);
    etcd.ctl(&["user", "add", "root:root"]);
    etcd.ctl(&["user", "grant-role", "root", "root"]);
    // The last that has the database written (so would be the end of a user, a role or a lease): all that follows is in the log alone, with the names of those who asked.
    etcd.ctl(&["auth", "enable"]);
    let root = ["--user=root:root"];
    let ctl = |args: &[&str]| etcd.ctl(&[args, &root].concat());
    ctl(&["put", "late", "1"]);
    ctl(&["del", "key0", "--prefix"]);
    let lease = json(&ctl(&["lease", "grant", "7000", "-w", "json"]))["ID"]
        .as_i64()
        .unwrap();
    ctl(&["put", "late/leased", "x", &format!("--lease={lease:x}")]);
    ctl(&["put", "late", "2", "--prev-kv"]);
    etcd.txn(
        &root,
        "value(\"late\") = \"2\"\n\nput late/then 1\ndel late\n\nput late/else 1\n\n",
    );
    etcd.txn(
        &root,
        "version(\"none\") > \"0\"\n\nput late/no 1\n\nput late/else 2\nget late/else\n\n",
    );
    ctl(&["user", "add", "bob:first"]);
    ctl(&["user", "grant-role", "bob", "reader"]);
    ctl(&["role", "grant-permission", "reader", "readwrite", "late"]);
    ctl(&["role", "add", "idle"]);
    etcd.ctl(&["put", "late", "3", "--user=bob:first"]);
    let (revision, rows) = their_rows_as(&etcd, &root);
    let error = Store::open(config(&data)).await.unwrap_err().to_string();
    assert!(error.contains("in use by another process"), "{error}");
    etcd.kill();
    let theirs = dir.path().join("theirs");
    copy(&data, &theirs);
    let third = dir.path().join("third");
    copy(&data, &third);
    let adopted = adopt(&third, None).unwrap().unwrap();
    assert!(adopted.replayed >= 16, "{adopted:?}");

    let store = Store::open(config(&data)).await.unwrap();
    assert_eq!(our_rows(&store).await, rows);
    assert_eq!(store.revision(), revision);
    assert_eq!(store.leases().await.unwrap().leases.len(), 2);
    let session = store.session(Caller::Internal);
    assert_eq!(session.user_get("bob").await.unwrap().roles, ["reader"]);
    let role = session.role_get("reader").await.unwrap();
    assert_eq!(role.permissions.len(), 2);
    let login = AuthenticateRequest {
        name: "bob".into(),
        password: "first".into(),
    };
    let login = session.authenticate(login).await;
    assert!(login.is_ok(), "{login:?}");
    let hash = store.hash_kv(0).await.unwrap();
    store
        .put(PutRequest {
            key: "ours".into(),
            ..Default::default()
        })
        .await
        .unwrap();
    store.shutdown().await;
    let store = Store::open(config(&data)).await.unwrap();
    assert_eq!(store.revision(), revision + 1);
    store.shutdown().await;

    // What etcd makes of the same log has the same history.
    let etcd = Etcd::start(&theirs);
    assert_eq!(their_rows_as(&etcd, &root), (revision, rows));
    let answer = json(&etcd.ctl(&["endpoint", "hashkv", "-w", "json", root[0]]));
    let answer = &answer[0]["HashKV"];
    assert_eq!(answer["hash"].as_u64(), Some(u64::from(hash.hash)));
    assert_eq!(
        answer["compact_revision"].as_i64(),
        Some(hash.compact_revision)
    );
    etcd.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_etcd_acknowledged_before_it_was_killed_under_load_is_lost() {
    const WRITERS: usize = 8;
    const ACKNOWLEDGED: usize = 2_000;
    for round in 0..3 {
        let dir = tempfile::tempdir().unwrap();
        let data = dir.path().join("etcd");
        let etcd = Etcd::start(&data);
        let (told, mut acknowledged) = tokio::sync::mpsc::unbounded_channel();
        let writers: Vec<_> = (0..WRITERS)
            .map(|writer| {
                let (url, told) = (etcd.url(), told.clone());
                tokio::spawn(async move {
                    let mut client = KvClient::connect(url).await.unwrap();
                    for n in 0.. {
                        let key = format!("{writer}/{}", n % 50);
                        let request = wire::PutRequest {
                            key: key.clone().into(),
                            value: format!("{writer}-{n}").into(),
                            ..Default::default()
                        };
                        // It is killed in the middle of this.
                        let Ok(answer) = client.put(request).await else {
                            return;
                        };
                        let revision = answer.into_inner().header.unwrap().revision;
                        told.send((revision, key, format!("{writer}-{n}"))).unwrap();
                    }
                })
            })
            .collect();
        drop(told);
        let mut all = Vec::new();
        while all.len() < ACKNOWLEDGED + 137 * round {
            all.push(acknowledged.recv().await.unwrap());
        }
        etcd.kill();
        for writer in writers {
            writer.await.unwrap();
        }
        while let Some(last) = acknowledged.recv().await {
            all.push(last);
        }
        let theirs = dir.path().join("theirs");
        copy(&data, &theirs);
        let store = Store::open(config(&data)).await.unwrap();
        for (revision, key, value) in all {
            let request = RangeRequest {
                revision,
                ..RangeRequest::key(key.clone())
            };
            let kvs = store.range(request).await.unwrap().kvs;
            assert_eq!(kvs[0].mod_revision, revision, "{key}");
            assert_eq!(&kvs[0].value[..], value.as_bytes(), "{key}");
        }
        let etcd = Etcd::start(&theirs);
        assert_eq!(
            their_rows(&etcd),
            (store.revision(), our_rows(&store).await)
        );
        etcd.stop();
        store.shutdown().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_directory_that_etcd_stopped_on_in_good_order_is_adopted() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("etcd");
    let etcd = Etcd::start_with(&data, &RARELY);
    fill(&etcd);
    etcd.ctl(&["put", "late", "1"]);
    let (revision, rows) = their_rows(&etcd);
    etcd.stop();
    let store = Store::open(config(&data)).await.unwrap();
    assert_filled(&store, &rows, revision).await;
    store.shutdown().await;
}

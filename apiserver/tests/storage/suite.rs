//! What holds whatever the store: each test runs over the store in the process and over a real etcd.

use hydrofoil_apiserver::storage::Storage;
use hydrofoil_raftstore::Store;
use serde_json::{Value, json};

use crate::cluster::*;
use crate::etcd::Etcd;

async fn local() -> Cluster<Storage> {
    let dir = tempfile::tempdir().unwrap();
    let config = hydrofoil_raftstore::Config::new(dir.path().join("store"));
    let store = Store::open(config).await.unwrap();
    Cluster::over(dir, store.into()).await
}

async fn over(etcd: &Etcd) -> Cluster<Storage> {
    Cluster::over(tempfile::tempdir().unwrap(), etcd.storage().await).await
}

/// Makes of each scenario a test for each store.
macro_rules! everywhere {
    ($($scenario:ident,)*) => {
        mod in_process {
            $(#[tokio::test]
            async fn $scenario() {
                super::$scenario(super::local().await).await;
            })*
        }
        mod real_etcd {
            $(#[tokio::test]
            async fn $scenario() {
                let etcd = super::Etcd::start();
                super::$scenario(super::over(&etcd).await).await;
            })*
        }
    };
}

everywhere!(
    an_object_lives_and_ends,
    a_write_that_names_an_old_revision_loses,
    what_was_written_is_listed_at_once,
    a_watch_sees_every_change_in_order,
    pages_are_of_one_revision,
    history_that_was_compacted_is_gone,
    a_new_server_finds_everything,
    an_event_hangs_on_a_lease,
);

async fn an_object_lives_and_ends(cluster: Cluster<Storage>) {
    let made = cluster.config_map("a", json!({"x": "1"})).await;
    let path = format!("{CONFIG_MAPS}/a");
    let read = cluster.get(&path).await.expect(200);
    assert_eq!(read.json, made.json);
    let again = json!({"metadata": {"name": "a"}});
    let taken = cluster.post(CONFIG_MAPS, &again).await.expect(409);
    assert_eq!(taken.json["reason"], "AlreadyExists");
    let patch = json!({"data": {"a": "2"}});
    let patched = cluster.patch("merge", &path, &patch).await.expect(200);
    assert_ne!(patched.version(), made.version());
    cluster.delete(&path).await.expect(200);
    cluster.get(&path).await.expect(404);
    cluster.config_map("a", json!({})).await;
}

async fn a_write_that_names_an_old_revision_loses(cluster: Cluster<Storage>) {
    let made = cluster.config_map("a", json!({})).await;
    let path = format!("{CONFIG_MAPS}/a");
    let mut first = made.json.clone();
    first["data"]["a"] = json!("first");
    cluster.put(&path, &first).await.expect(200);
    let mut second = made.json.clone();
    second["data"]["a"] = json!("second");
    let lost = cluster.put(&path, &second).await.expect(409);
    assert_eq!(lost.json["reason"], "Conflict");
    let read = cluster.get(&path).await.expect(200);
    assert_eq!(read.json["data"]["a"], "first");
}

async fn what_was_written_is_listed_at_once(cluster: Cluster<Storage>) {
    for n in 1..=30 {
        cluster.config_map(&format!("c{n:02}"), json!({})).await;
        let list = cluster.get(CONFIG_MAPS).await.expect(200);
        assert_eq!(names(&list.json).len(), n);
    }
    // Something else was written last: the list's revision is that of the store.
    let made = cluster.post(PODS, &pod("p")).await.expect(201);
    let list = cluster.get(CONFIG_MAPS).await.expect(200);
    let revision = |text: &str| text.parse::<i64>().unwrap();
    assert!(revision(list.version()) >= revision(made.version()));
}

async fn a_watch_sees_every_change_in_order(cluster: Cluster<Storage>) {
    let from = cluster.get(CONFIG_MAPS).await.version().to_owned();
    let path = format!("{CONFIG_MAPS}?watch=true&resourceVersion={from}&allowWatchBookmarks=true");
    let mut events = cluster.watch(&path).await;
    for n in 0..20 {
        let name = format!("c{n:02}");
        cluster.config_map(&name, json!({})).await;
        let path = format!("{CONFIG_MAPS}/{name}");
        let patch = json!({"data": {"a": "2"}});
        cluster.patch("merge", &path, &patch).await.expect(200);
        cluster.delete(&path).await.expect(200);
    }
    let (mut seen, mut last) = (Vec::new(), 0);
    while seen.len() < 60 {
        let event = events.next().await.expect("the watch goes on");
        let kind = event["type"].as_str().unwrap().to_owned();
        let metadata = &event["object"]["metadata"];
        let version: i64 = metadata["resourceVersion"]
            .as_str()
            .unwrap()
            .parse()
            .unwrap();
        if kind == "BOOKMARK" {
            assert!(version >= last);
            continue;
        }
        assert!(version > last, "{version} after {last}");
        last = version;
        seen.push(format!("{kind} {}", metadata["name"].as_str().unwrap()));
    }
    let expected: Vec<String> = (0..20)
        .flat_map(|n| ["ADDED", "MODIFIED", "DELETED"].map(|kind| format!("{kind} c{n:02}")))
        .collect();
    assert_eq!(seen, expected);
}

async fn pages_are_of_one_revision(cluster: Cluster<Storage>) {
    for n in 0..10 {
        cluster.config_map(&format!("c{n}"), json!({})).await;
    }
    let first = cluster
        .get(&format!("{CONFIG_MAPS}?limit=4"))
        .await
        .expect(200);
    cluster.config_map("c00", json!({})).await;
    cluster
        .delete(&format!("{CONFIG_MAPS}/c9"))
        .await
        .expect(200);
    let mut all = names(&first.json);
    let mut token = first.json["metadata"]["continue"]
        .as_str()
        .unwrap()
        .to_owned();
    while !token.is_empty() {
        let next = format!("{CONFIG_MAPS}?limit=4&continue={token}");
        let page = cluster.get(&next).await.expect(200);
        assert_eq!(page.version(), first.version());
        all.extend(names(&page.json));
        token = page.json["metadata"]["continue"]
            .as_str()
            .unwrap_or_default()
            .to_owned();
    }
    let expected: Vec<String> = (0..10).map(|n| format!("c{n}")).collect();
    assert_eq!(all, expected);
}

async fn history_that_was_compacted_is_gone(cluster: Cluster<Storage>) {
    cluster.config_map("a", json!({})).await;
    let old = cluster.get(CONFIG_MAPS).await.version().to_owned();
    let exact = format!("{CONFIG_MAPS}?resourceVersion={old}&resourceVersionMatch=Exact");
    cluster.config_map("b", json!({})).await;
    let then = cluster.get(&exact).await.expect(200);
    assert_eq!(names(&then.json), ["a"]);
    // The first step only remembers where the store is.
    let mut compactor = hydrofoil_apiserver::storage::Compactor::new(&cluster.store);
    compactor.step(&cluster.store).await.unwrap();
    cluster.config_map("c", json!({})).await;
    compactor.step(&cluster.store).await.unwrap();
    let gone = cluster.get(&exact).await.expect(410);
    assert_eq!(gone.json["reason"], "Expired");
    assert_eq!(names(&cluster.get(CONFIG_MAPS).await.json), ["a", "b", "c"]);
}

async fn a_new_server_finds_everything(cluster: Cluster<Storage>) {
    let made = cluster.config_map("a", json!({})).await;
    let cluster = cluster.restart().await;
    let read = cluster.get(&format!("{CONFIG_MAPS}/a")).await.expect(200);
    assert_eq!(read.json, made.json);
    assert_eq!(names(&cluster.get(CONFIG_MAPS).await.json), ["a"]);
}

async fn an_event_hangs_on_a_lease(cluster: Cluster<Storage>) {
    let events = "/api/v1/namespaces/default/events";
    let object = json!({
        "metadata": {"name": "e"},
        "involvedObject": {"kind": "Pod", "namespace": "default", "name": "p"},
        "reason": "Made", "message": "m", "type": "Normal",
    });
    cluster.post(events, &object).await.expect(201);
    let key = "/registry/events/default/e";
    let request = hydrofoil_raftstore::RangeRequest::key(key);
    let stored = cluster.store.range(request).await.unwrap();
    assert_ne!(stored.kvs[0].lease, 0);
}

/// The names of a list's objects.
pub fn names(list: &Value) -> Vec<String> {
    let items = list["items"].as_array().unwrap().iter();
    items
        .map(|item| item["metadata"]["name"].as_str().unwrap().to_owned())
        .collect()
}

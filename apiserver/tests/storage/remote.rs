//! What only a store over the network does: it is away for a while, it forgets history meanwhile, others write to it, it
//! asks for certificates.

use hydrofoil_apiserver::storage::{Compactor, EtcdConfig, Storage};
use hydrofoil_etcd_wire::etcdserverpb as pb;
use hydrofoil_etcd_wire::etcdserverpb::kv_client::KvClient;
use hydrofoil_raftstore::RangeRequest;
use serde_json::json;
use tonic::transport::Channel;

use crate::cluster::*;
use crate::etcd::{Etcd, free_address};
use crate::relay::Relay;
use crate::suite::names;

async fn cluster(storage: Storage) -> Cluster<Storage> {
    Cluster::over(tempfile::tempdir().unwrap(), storage).await
}

async fn direct(etcd: &Etcd) -> KvClient<Channel> {
    KvClient::connect(etcd.url()).await.unwrap()
}

/// What another API server would write: a ConfigMap in the namespace default.
fn config_map(name: &str) -> pb::PutRequest {
    let object = json!({
        "kind": "ConfigMap", "apiVersion": "v1",
        "metadata": {"name": name, "namespace": "default", "uid": name, "creationTimestamp": "2026-01-01T00:00:00Z"},
    });
    pb::PutRequest {
        key: format!("/registry/configmaps/default/{name}").into(),
        value: object.to_string().into(),
        ..pb::PutRequest::default()
    }
}

/// Waits until a path answers with this code.
async fn until(cluster: &Cluster<Storage>, path: &str, code: u16) {
    let answered = async {
        while cluster.get(path).await.code != code {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, answered).await.expect(path);
}

#[tokio::test]
async fn a_killed_etcd_is_waited_for_and_nothing_is_missed() {
    let mut etcd = Etcd::start();
    let cluster = cluster(etcd.storage().await).await;
    cluster.config_map("before", json!({})).await;
    let from = cluster.get(CONFIG_MAPS).await.version().to_owned();
    let mut events = cluster
        .watch(&format!("{CONFIG_MAPS}?watch=true&resourceVersion={from}"))
        .await;
    etcd.kill();
    until(&cluster, "/readyz/etcd-readiness", 500).await;
    // What the cache holds is still read.
    let cached = cluster
        .get(&format!("{CONFIG_MAPS}?resourceVersion=0"))
        .await
        .expect(200);
    assert_eq!(names(&cached.json), ["before"]);
    let client = cluster.client.clone();
    let writing = tokio::spawn(async move {
        let object = json!({"metadata": {"name": "meanwhile"}}).to_string();
        let headers = [("content-type", "application/json")];
        send(
            &client,
            http::Method::POST,
            CONFIG_MAPS,
            &headers,
            object.into(),
        )
        .await
    });
    etcd.restart();
    // A write that could not be sent is sent when somebody listens again.
    writing.await.unwrap().expect(201);
    until(&cluster, "/readyz", 200).await;
    cluster.config_map("after", json!({})).await;
    assert_eq!(events.short().await, "ADDED meanwhile");
    assert_eq!(events.short().await, "ADDED after");
    let list = cluster.get(CONFIG_MAPS).await.expect(200);
    assert_eq!(names(&list.json), ["after", "before", "meanwhile"]);
}

#[tokio::test]
async fn a_watch_goes_on_where_it_broke() {
    let etcd = Etcd::start();
    let relay = Relay::to(etcd.address()).await;
    let config = EtcdConfig {
        servers: vec![format!("http://{}", relay.address)],
        ..etcd.config("/registry")
    };
    let cluster = cluster(Storage::connect(&config).await.unwrap()).await;
    let from = cluster.get(CONFIG_MAPS).await.version().to_owned();
    let mut events = cluster
        .watch(&format!("{CONFIG_MAPS}?watch=true&resourceVersion={from}"))
        .await;
    let mut others = direct(&etcd).await;
    for round in 0..3 {
        relay.cut();
        for n in 0..10 {
            others
                .put(config_map(&format!("r{round}n{n}")))
                .await
                .unwrap();
        }
        relay.mend();
        for n in 0..10 {
            assert_eq!(events.short().await, format!("ADDED r{round}n{n}"));
        }
    }
}

/// The revision that the watch needs next is compacted while the link is down: watchers are cut and told that what they
/// ask for is too old, and what is listed is what is there.
#[tokio::test]
async fn compaction_beneath_a_broken_watch_is_told() {
    let etcd = Etcd::start();
    let relay = Relay::to(etcd.address()).await;
    let config = EtcdConfig {
        servers: vec![format!("http://{}", relay.address)],
        ..etcd.config("/registry")
    };
    let cluster = cluster(Storage::connect(&config).await.unwrap()).await;
    cluster.config_map("stays", json!({})).await;
    cluster.config_map("goes", json!({})).await;
    let from = cluster.get(CONFIG_MAPS).await.version().to_owned();
    let path = format!("{CONFIG_MAPS}?watch=true&resourceVersion={from}");
    let mut events = cluster.watch(&path).await;
    relay.cut();
    let mut others = direct(&etcd).await;
    let goes = pb::DeleteRangeRequest {
        key: "/registry/configmaps/default/goes".into(),
        ..pb::DeleteRangeRequest::default()
    };
    others.delete_range(goes).await.unwrap();
    let comes = others.put(config_map("comes")).await.unwrap().into_inner();
    let revision = comes.header.unwrap().revision;
    let compaction = pb::CompactionRequest {
        revision,
        physical: true,
    };
    others.compact(compaction).await.unwrap();
    relay.mend();
    assert!(events.next().await.is_none(), "the watch ends");
    until(&cluster, "/readyz", 200).await;
    let list = cluster.get(CONFIG_MAPS).await.expect(200);
    assert_eq!(names(&list.json), ["comes", "stays"]);
    let mut late = cluster.watch(&path).await;
    let told = late.next().await.expect("an answer");
    assert_eq!(told["type"], "ERROR");
    assert_eq!(told["object"]["code"], 410);
    let from = list.version();
    let path = format!("{CONFIG_MAPS}?watch=true&resourceVersion={from}");
    let mut anew = cluster.watch(&path).await;
    cluster.config_map("next", json!({})).await;
    assert_eq!(anew.short().await, "ADDED next");
}

#[tokio::test]
async fn certificates_are_shown_and_demanded() {
    let etcd = Etcd::start_tls();
    let cluster = cluster(etcd.storage().await).await;
    cluster.config_map("a", json!({})).await;
    assert_eq!(names(&cluster.get(CONFIG_MAPS).await.json), ["a"]);
    // Without its certificate nothing is to be had.
    let config = EtcdConfig {
        client: None,
        ..etcd.config("/registry")
    };
    let refused = tokio::time::timeout(PATIENCE * 2, Storage::connect(&config)).await;
    assert!(refused.expect("an answer in time").is_err());
}

#[tokio::test]
async fn another_endpoint_answers_when_one_does_not() {
    let etcd = Etcd::start();
    let config = EtcdConfig {
        servers: vec![format!("http://{}", free_address()), etcd.url()],
        ..etcd.config("/registry")
    };
    let cluster = cluster(Storage::connect(&config).await.unwrap()).await;
    cluster.config_map("a", json!({})).await;
    assert_eq!(names(&cluster.get(CONFIG_MAPS).await.json), ["a"]);
}

#[tokio::test]
async fn clusters_below_two_prefixes_do_not_meet() {
    let etcd = Etcd::start();
    let one = cluster(etcd.storage().await).await;
    let config = etcd.config("/other/place");
    let other = cluster(Storage::connect(&config).await.unwrap()).await;
    one.config_map("one", json!({})).await;
    other.config_map("other", json!({})).await;
    assert_eq!(names(&one.get(CONFIG_MAPS).await.json), ["one"]);
    assert_eq!(names(&other.get(CONFIG_MAPS).await.json), ["other"]);
    let key = "/other/place/configmaps/default/other";
    let read = pb::RangeRequest {
        key: key.into(),
        ..pb::RangeRequest::default()
    };
    let found = direct(&etcd).await.range(read).await.unwrap().into_inner();
    assert_eq!(found.count, 1);
}

/// Upstream's agreement: who finds the clock ticked by another compacts nothing.
#[tokio::test]
async fn of_two_servers_one_compacts() {
    let etcd = Etcd::start();
    let (one, other) = (etcd.storage().await, etcd.storage().await);
    let mut kv = direct(&etcd).await;
    let (mut first, mut second) = (Compactor::new(&one), Compactor::new(&other));
    first.step(&one).await.unwrap();
    let at_first = one.revision().await.unwrap();
    second.step(&other).await.unwrap();
    kv.put(config_map("a")).await.unwrap();
    first.step(&one).await.unwrap();
    let at = |revision| RangeRequest {
        revision,
        ..RangeRequest::key("/registry/configmaps/default/a")
    };
    let error = one.range(at(at_first - 1)).await.unwrap_err();
    assert!(error.to_string().contains("compacted"), "{error}");
    one.range(at(at_first)).await.unwrap();
    let then = one.revision().await.unwrap();
    kv.put(config_map("b")).await.unwrap();
    // The other was late: the clock is not where it left it.
    second.step(&other).await.unwrap();
    one.range(at(then)).await.unwrap();
}

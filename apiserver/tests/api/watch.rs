//! Watches: order, beginnings, bookmarks, what is too old, what selectors see.

use http::Method;
use serde_json::json;

use crate::cluster::*;

#[tokio::test]
async fn changes_come_once_in_order() {
    let cluster = Cluster::start().await;
    cluster.config_map("a", json!({})).await;
    let version = cluster.get(CONFIG_MAPS).await.version().to_owned();
    let mut events = cluster
        .watch(&format!(
            "{CONFIG_MAPS}?watch=true&resourceVersion={version}"
        ))
        .await;
    cluster.config_map("b", json!({})).await;
    let patched = cluster
        .patch(
            "merge",
            &format!("{CONFIG_MAPS}/a"),
            &json!({"data": {"x": "1"}}),
        )
        .await
        .expect(200);
    cluster
        .delete(&format!("{CONFIG_MAPS}/b"))
        .await
        .expect(200);
    assert_eq!(events.short().await, "ADDED b");
    let modified = events.next().await.unwrap();
    assert_eq!(modified["type"], "MODIFIED");
    assert_eq!(modified["object"], patched.json);
    let deleted = events.next().await.unwrap();
    assert_eq!(deleted["type"], "DELETED");
    assert_eq!(deleted["object"]["metadata"]["name"], "b");
    let at: i64 = deleted["object"]["metadata"]["resourceVersion"]
        .as_str()
        .unwrap()
        .parse()
        .unwrap();
    assert_eq!(at, cluster.store.revision());
    let mut replay = cluster
        .watch(&format!(
            "{CONFIG_MAPS}?watch=true&resourceVersion={version}"
        ))
        .await;
    for want in ["ADDED b", "MODIFIED a", "DELETED b"] {
        assert_eq!(replay.short().await, want);
    }
}

#[tokio::test]
async fn without_a_version_what_is_there_comes_first() {
    let cluster = Cluster::start().await;
    cluster.config_map("b", json!({})).await;
    cluster.config_map("a", json!({})).await;
    for query in ["watch=true", "watch=1&resourceVersion=0"] {
        let mut events = cluster.watch(&format!("{CONFIG_MAPS}?{query}")).await;
        assert_eq!(events.short().await, "ADDED a");
        assert_eq!(events.short().await, "ADDED b");
    }
    let mut events = cluster
        .watch("/api/v1/watch/namespaces/default/configmaps")
        .await;
    assert_eq!(events.short().await, "ADDED a");
}

#[tokio::test]
async fn initial_events_end_with_a_marked_bookmark() {
    let cluster = Cluster::start().await;
    cluster.config_map("a", json!({})).await;
    let query = "watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true";
    let mut events = cluster.watch(&format!("{CONFIG_MAPS}?{query}")).await;
    assert_eq!(events.short().await, "ADDED a");
    let bookmark = events.next().await.unwrap();
    assert_eq!(bookmark["type"], "BOOKMARK");
    assert_eq!(bookmark["object"]["kind"], "ConfigMap");
    assert_eq!(
        bookmark["object"]["metadata"]["annotations"]["k8s.io/initial-events-end"],
        "true"
    );
    let at: i64 = bookmark["object"]["metadata"]["resourceVersion"]
        .as_str()
        .unwrap()
        .parse()
        .unwrap();
    assert_eq!(at, cluster.store.revision());
    cluster.config_map("b", json!({})).await;
    loop {
        let event = events.next().await.unwrap();
        if event["type"] != "BOOKMARK" {
            assert_eq!(event["object"]["metadata"]["name"], "b");
            break;
        }
    }
}

#[tokio::test]
async fn bookmarks_follow_writes_of_other_kinds() {
    let cluster = Cluster::start().await;
    let version = cluster.get(CONFIG_MAPS).await.version().to_owned();
    let path =
        format!("{CONFIG_MAPS}?watch=true&allowWatchBookmarks=true&resourceVersion={version}");
    let mut events = cluster.watch(&path).await;
    cluster
        .post(
            "/api/v1/namespaces",
            &json!({"metadata": {"name": "other"}}),
        )
        .await
        .expect(201);
    let target = cluster.store.revision();
    loop {
        let event = events.next().await.unwrap();
        assert_eq!(event["type"], "BOOKMARK");
        let at: i64 = event["object"]["metadata"]["resourceVersion"]
            .as_str()
            .unwrap()
            .parse()
            .unwrap();
        if at >= target {
            break;
        }
    }
}

#[tokio::test]
async fn selectors_see_objects_come_and_go() {
    let cluster = Cluster::start().await;
    let version = cluster.get(CONFIG_MAPS).await.version().to_owned();
    let path = format!("{CONFIG_MAPS}?watch=true&labelSelector=app%3Dx&resourceVersion={version}");
    let mut events = cluster.watch(&path).await;
    cluster.config_map("a", json!({"app": "y"})).await;
    let label = |value: &str| json!({"metadata": {"labels": {"app": value}}});
    cluster
        .patch("merge", &format!("{CONFIG_MAPS}/a"), &label("x"))
        .await
        .expect(200);
    cluster
        .patch(
            "merge",
            &format!("{CONFIG_MAPS}/a"),
            &json!({"data": {"k": "v"}}),
        )
        .await
        .expect(200);
    let left = cluster
        .patch("merge", &format!("{CONFIG_MAPS}/a"), &label("z"))
        .await
        .expect(200);
    assert_eq!(events.short().await, "ADDED a");
    assert_eq!(events.short().await, "MODIFIED a");
    let gone = events.next().await.unwrap();
    assert_eq!(gone["type"], "DELETED");
    assert_eq!(gone["object"]["metadata"]["labels"]["app"], "x");
    assert_eq!(
        gone["object"]["metadata"]["resourceVersion"],
        left.version()
    );
}

#[tokio::test]
async fn a_node_sees_its_pods_and_no_others() {
    let cluster = Cluster::start().await;
    let version = cluster.get(PODS).await.version().to_owned();
    let path = format!(
        "/api/v1/pods?watch=true&fieldSelector=spec.nodeName%3Dn1&resourceVersion={version}"
    );
    let mut events = cluster.watch(&path).await;
    for name in ["p1", "p2"] {
        cluster.post(PODS, &pod(name)).await.expect(201);
    }
    for (name, node) in [("p2", "n2"), ("p1", "n1")] {
        let binding = json!({"apiVersion": "v1", "kind": "Binding", "metadata": {"name": name}, "target": {"kind": "Node", "name": node}});
        cluster
            .post(&format!("{PODS}/{name}/binding"), &binding)
            .await
            .expect(201);
    }
    assert_eq!(events.short().await, "ADDED p1");
}

#[tokio::test]
async fn a_version_from_before_the_start_is_too_old() {
    let cluster = Cluster::start().await;
    let version = cluster.get(CONFIG_MAPS).await.version().to_owned();
    cluster.config_map("a", json!({})).await;
    let cluster = cluster.restart().await;
    let mut events = cluster
        .watch(&format!(
            "{CONFIG_MAPS}?watch=true&resourceVersion={version}"
        ))
        .await;
    let error = events.next().await.unwrap();
    assert_eq!(error["type"], "ERROR");
    assert_eq!(error["object"]["code"], 410);
    assert_eq!(error["object"]["reason"], "Expired");
    assert!(
        error["object"]["message"]
            .as_str()
            .unwrap()
            .starts_with(&format!("too old resource version: {version} ("))
    );
    assert!(events.next().await.is_none());
}

#[tokio::test]
async fn a_watch_ends_in_time_and_with_the_server() {
    let cluster = Cluster::start().await;
    let mut short = cluster
        .watch(&format!("{CONFIG_MAPS}?watch=true&timeoutSeconds=1"))
        .await;
    assert!(short.next().await.is_none());
    let mut long = cluster.watch(&format!("{CONFIG_MAPS}?watch=true")).await;
    cluster.server.shutdown().await;
    assert!(long.next().await.is_none());
}

#[tokio::test]
async fn a_table_tells_its_columns_once() {
    let cluster = Cluster::start().await;
    cluster.config_map("a", json!({})).await;
    cluster.config_map("b", json!({})).await;
    let accept = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json";
    let mut events = cluster
        .watch_as(&format!("{CONFIG_MAPS}?watch=true"), accept)
        .await;
    let first = events.next().await.unwrap();
    assert_eq!(first["type"], "ADDED");
    assert_eq!(first["object"]["kind"], "Table");
    assert!(first["object"]["columnDefinitions"].is_array());
    assert_eq!(first["object"]["rows"][0]["cells"][0], "a");
    let second = events.next().await.unwrap();
    assert!(second["object"]["columnDefinitions"].is_null());
    assert_eq!(second["object"]["rows"][0]["cells"][0], "b");
}

/// Who is told of a namespace may use it: admission sees what watchers have seen.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_namespace_can_be_used_by_whoever_is_told_of_it() {
    let cluster = Cluster::start().await;
    let mut events = cluster
        .watch("/api/v1/namespaces?watch=true&resourceVersion=0")
        .await;
    let object = json!({"metadata": {"name": "a"}});
    let maker = cluster.client.clone();
    let making = tokio::spawn(async move {
        for n in 0..100 {
            let namespace = json!({"metadata": {"name": format!("n{n}")}}).to_string();
            let headers = [("content-type", "application/json")];
            send(
                &maker,
                Method::POST,
                "/api/v1/namespaces",
                &headers,
                namespace.into(),
            )
            .await
            .expect(201);
        }
    });
    let mut used = 0;
    while used < 100 {
        let event = events.next().await.expect("the watch goes on");
        let name = event["object"]["metadata"]["name"].as_str().unwrap();
        if name.starts_with('n') {
            let path = format!("/api/v1/namespaces/{name}/configmaps");
            cluster.post(&path, &object).await.expect(201);
            used += 1;
        }
    }
    making.await.unwrap();
}

//! GET of collections: selectors, revisions, pages, shapes.

use serde_json::{Value, json};

use crate::cluster::*;

fn names(list: &Value) -> Vec<&str> {
    list["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item["metadata"]["name"].as_str().unwrap())
        .collect()
}

async fn five() -> Cluster {
    let cluster = Cluster::start().await;
    for n in 0..5 {
        cluster
            .config_map(
                &format!("c{n}"),
                json!({"n": n.to_string(), "odd": (n % 2 == 1).to_string()}),
            )
            .await;
    }
    cluster
}

#[tokio::test]
async fn a_list_is_what_was_written() {
    let cluster = five().await;
    let list = cluster.get(CONFIG_MAPS).await.expect(200);
    assert_eq!(list.json["kind"], "ConfigMapList");
    assert_eq!(list.json["apiVersion"], "v1");
    assert_eq!(names(&list.json), ["c0", "c1", "c2", "c3", "c4"]);
    assert!(list.json["items"][0].get("kind").is_none());
    assert_eq!(
        list.version().parse::<i64>().unwrap(),
        cluster.store.revision()
    );
    let everywhere = cluster.get("/api/v1/configmaps").await.expect(200);
    assert_eq!(names(&everywhere.json).len(), 5);
    let elsewhere = cluster
        .get("/api/v1/namespaces/kube-system/configmaps")
        .await
        .expect(200);
    assert_eq!(elsewhere.json["items"], json!([]));
}

#[tokio::test]
async fn selectors_select() {
    let cluster = five().await;
    for (query, want) in [
        ("labelSelector=odd%3Dtrue", vec!["c1", "c3"]),
        ("labelSelector=n+in+(0,4)", vec!["c0", "c4"]),
        ("labelSelector=!n", vec![]),
        ("labelSelector=odd!%3Dtrue,n!%3D2", vec!["c0", "c4"]),
        ("fieldSelector=metadata.name%3Dc2", vec!["c2"]),
        (
            "fieldSelector=metadata.name!%3Dc2,metadata.namespace%3Ddefault",
            vec!["c0", "c1", "c3", "c4"],
        ),
    ] {
        let list = cluster
            .get(&format!("{CONFIG_MAPS}?{query}"))
            .await
            .expect(200);
        assert_eq!(names(&list.json), want, "{query}");
    }
    let bad = cluster
        .get(&format!("{CONFIG_MAPS}?fieldSelector=data.a%3D1"))
        .await
        .expect(400);
    assert!(bad.message().contains("data.a"), "{}", bad.message());
    cluster
        .get(&format!("{CONFIG_MAPS}?labelSelector=a%3D%3D%3D"))
        .await
        .expect(400);
}

#[tokio::test]
async fn pods_of_a_node_come_from_the_index() {
    let cluster = Cluster::start().await;
    for n in 0..6 {
        let mut object = pod(&format!("p{n}"));
        object["spec"]["nodeName"] = json!(if n % 2 == 0 { "even" } else { "odd" });
        cluster.post(PODS, &object).await.expect(201);
    }
    let list = cluster
        .get("/api/v1/pods?fieldSelector=spec.nodeName%3Deven")
        .await
        .expect(200);
    assert_eq!(names(&list.json), ["p0", "p2", "p4"]);
    let first = cluster
        .get(&format!("{PODS}?fieldSelector=spec.nodeName%3Dodd&limit=2"))
        .await
        .expect(200);
    assert_eq!(names(&first.json), ["p1", "p3"]);
    let token = first.json["metadata"]["continue"].as_str().unwrap();
    let rest = cluster
        .get(&format!(
            "{PODS}?fieldSelector=spec.nodeName%3Dodd&limit=2&continue={token}"
        ))
        .await
        .expect(200);
    assert_eq!(names(&rest.json), ["p5"]);
}

#[tokio::test]
async fn pages_are_of_one_revision_even_after_a_restart() {
    let cluster = five().await;
    let first = cluster
        .get(&format!("{CONFIG_MAPS}?limit=2"))
        .await
        .expect(200);
    assert_eq!(names(&first.json), ["c0", "c1"]);
    assert_eq!(first.json["metadata"]["remainingItemCount"], 3);
    let token = first.json["metadata"]["continue"]
        .as_str()
        .unwrap()
        .to_owned();
    cluster.config_map("c1a", json!({})).await;
    cluster
        .delete(&format!("{CONFIG_MAPS}/c3"))
        .await
        .expect(200);
    let second = cluster
        .get(&format!("{CONFIG_MAPS}?limit=2&continue={token}"))
        .await
        .expect(200);
    assert_eq!(names(&second.json), ["c2", "c3"]);
    assert_eq!(second.version(), first.version());
    let cluster = cluster.restart().await;
    let again = cluster
        .get(&format!("{CONFIG_MAPS}?limit=2&continue={token}"))
        .await
        .expect(200);
    assert_eq!(names(&again.json), ["c2", "c3"]);
    assert_eq!(again.version(), first.version());
    let token = again.json["metadata"]["continue"].as_str().unwrap();
    let last = cluster
        .get(&format!("{CONFIG_MAPS}?limit=2&continue={token}"))
        .await
        .expect(200);
    assert_eq!(names(&last.json), ["c4"]);
    assert!(last.json["metadata"].get("continue").is_none());
    cluster
        .get(&format!("{CONFIG_MAPS}?continue=rubbish"))
        .await
        .expect(400);
    cluster
        .get(&format!("{CONFIG_MAPS}?continue={token}&resourceVersion=5"))
        .await
        .expect(400);
}

#[tokio::test]
async fn a_forgotten_page_can_be_continued_inconsistently() {
    let cluster = five().await;
    let first = cluster
        .get(&format!("{CONFIG_MAPS}?limit=2"))
        .await
        .expect(200);
    let token = first.json["metadata"]["continue"]
        .as_str()
        .unwrap()
        .to_owned();
    cluster.config_map("c9", json!({})).await;
    let cluster = cluster.restart().await;
    cluster
        .store
        .compact(cluster.store.revision())
        .await
        .unwrap();
    let gone = cluster
        .get(&format!("{CONFIG_MAPS}?limit=2&continue={token}"))
        .await
        .expect(410);
    assert_eq!(gone.json["reason"], "Expired");
    assert!(
        gone.message()
            .starts_with("The provided continue parameter is too old")
    );
    let token = gone.json["metadata"]["continue"].as_str().unwrap();
    let rest = cluster
        .get(&format!("{CONFIG_MAPS}?continue={token}"))
        .await
        .expect(200);
    assert_eq!(names(&rest.json), ["c2", "c3", "c4", "c9"]);
}

#[tokio::test]
async fn revisions_mean_what_they_mean_upstream() {
    let cluster = five().await;
    let before = cluster.get(CONFIG_MAPS).await.version().to_owned();
    cluster.config_map("c5", json!({})).await;
    let count = |query: String| {
        let cluster = &cluster;
        async move {
            names(
                &cluster
                    .get(&format!("{CONFIG_MAPS}?{query}"))
                    .await
                    .expect(200)
                    .json,
            )
            .len()
        }
    };
    assert_eq!(count("resourceVersion=0".to_owned()).await, 6);
    assert_eq!(count(format!("resourceVersion={before}")).await, 6);
    assert_eq!(
        count(format!(
            "resourceVersion={before}&resourceVersionMatch=NotOlderThan"
        ))
        .await,
        6
    );
    assert_eq!(
        count(format!(
            "resourceVersion={before}&resourceVersionMatch=Exact"
        ))
        .await,
        5
    );
    assert_eq!(
        count(format!("resourceVersion={before}&limit=100")).await,
        5
    );
    cluster
        .get(&format!("{CONFIG_MAPS}?resourceVersionMatch=Exact"))
        .await
        .expect(422);
    cluster
        .get(&format!("{CONFIG_MAPS}?resourceVersion=x"))
        .await
        .expect(400);
    let ahead = cluster
        .get(&format!("{CONFIG_MAPS}?resourceVersion=99999999"))
        .await
        .expect(504);
    assert!(
        ahead
            .message()
            .starts_with("Timeout: Too large resource version: 99999999, current: "),
        "{}",
        ahead.message()
    );
    assert_eq!(
        ahead.json["details"]["causes"][0]["reason"],
        "ResourceVersionTooLarge"
    );
    cluster
        .store
        .compact(cluster.store.revision())
        .await
        .unwrap();
    let gone = cluster
        .get(&format!(
            "{CONFIG_MAPS}?resourceVersion={before}&resourceVersionMatch=Exact"
        ))
        .await
        .expect(410);
    assert_eq!(gone.json["reason"], "Expired");
}

#[tokio::test]
async fn tables_and_metadata_are_what_kubectl_asks_for() {
    let cluster = five().await;
    let table = cluster
        .get_as(CONFIG_MAPS, "application/json;as=Table;v=v1;g=meta.k8s.io")
        .await
        .expect(200);
    assert_eq!(table.json["kind"], "Table");
    assert_eq!(table.json["apiVersion"], "meta.k8s.io/v1");
    assert_eq!(table.json["columnDefinitions"][0]["name"], "Name");
    assert_eq!(table.json["rows"][0]["cells"][0], "c0");
    assert_eq!(
        table.json["rows"][0]["object"]["kind"],
        "PartialObjectMetadata"
    );
    assert!(table.json["metadata"]["resourceVersion"].is_string());
    let bare = cluster
        .get_as(
            &format!("{CONFIG_MAPS}?includeObject=None"),
            "application/json;as=Table;v=v1;g=meta.k8s.io",
        )
        .await
        .expect(200);
    assert!(bare.json["rows"][0]["object"].is_null());
    let one = cluster
        .get_as(
            &format!("{CONFIG_MAPS}/c1"),
            "application/json;as=Table;v=v1;g=meta.k8s.io",
        )
        .await
        .expect(200);
    assert_eq!(one.json["rows"].as_array().unwrap().len(), 1);
    let metadata = cluster
        .get_as(
            CONFIG_MAPS,
            "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io",
        )
        .await
        .expect(200);
    assert_eq!(metadata.json["kind"], "PartialObjectMetadataList");
    assert_eq!(metadata.json["items"][4]["metadata"]["name"], "c4");
    assert!(metadata.json["items"][4].get("data").is_none());
    cluster
        .get_as(CONFIG_MAPS, "application/vnd.kubernetes.protobuf")
        .await
        .expect(406);
}

#[tokio::test]
async fn large_lists_come_in_chunks_and_compressed_when_welcome() {
    let cluster = Cluster::start().await;
    let creates = (0..80).map(|n| {
        let cluster = &cluster;
        let object =
            json!({"metadata": {"name": format!("big{n:02}")}, "data": {"x": "y".repeat(8000)}});
        async move { cluster.post(CONFIG_MAPS, &object).await.expect(201) }
    });
    futures::future::join_all(creates).await;
    let list = cluster.get(CONFIG_MAPS).await.expect(200);
    assert!(list.body.len() > 600_000);
    assert_eq!(names(&list.json).len(), 80);
    let packed = cluster
        .raw(
            http::Method::GET,
            CONFIG_MAPS,
            &[("accept-encoding", "gzip")],
            Vec::new(),
        )
        .await
        .expect(200);
    assert_eq!(packed.headers["content-encoding"], "gzip");
    let mut plain = Vec::new();
    std::io::Read::read_to_end(
        &mut flate2::read::GzDecoder::new(&packed.body[..]),
        &mut plain,
    )
    .unwrap();
    assert_eq!(plain, list.body);
}

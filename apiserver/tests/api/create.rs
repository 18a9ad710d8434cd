//! POST: what is filled in, what is refused and in which words, what is stored.

use serde_json::json;

use crate::cluster::*;

#[tokio::test]
async fn an_object_is_filled_in_and_can_be_read() {
    let cluster = Cluster::start().await;
    let made = cluster.config_map("a", json!({"x": "y"})).await;
    let metadata = &made.json["metadata"];
    assert_eq!(made.json["kind"], "ConfigMap");
    assert_eq!(metadata["namespace"], "default");
    assert!(metadata["uid"].as_str().unwrap().len() == 36);
    assert!(
        metadata["creationTimestamp"]
            .as_str()
            .unwrap()
            .ends_with('Z')
    );
    assert!(
        metadata["resourceVersion"]
            .as_str()
            .unwrap()
            .parse::<i64>()
            .unwrap()
            > 0
    );
    let entry = &metadata["managedFields"][0];
    assert_eq!(
        (entry["manager"].as_str(), entry["operation"].as_str()),
        (Some("unknown"), Some("Update"))
    );
    let read = cluster.get(&format!("{CONFIG_MAPS}/a")).await.expect(200);
    assert_eq!(read.json, made.json);
    let again = cluster
        .post(CONFIG_MAPS, &json!({"metadata": {"name": "a"}}))
        .await
        .expect(409);
    assert_eq!(again.message(), "configmaps \"a\" already exists");
    assert_eq!(again.json["reason"], "AlreadyExists");
}

#[tokio::test]
async fn names_are_made_and_checked() {
    let cluster = Cluster::start().await;
    let made = cluster
        .post(CONFIG_MAPS, &json!({"metadata": {"generateName": "web-"}}))
        .await
        .expect(201);
    let name = made.json["metadata"]["name"].as_str().unwrap();
    assert!(name.starts_with("web-") && name.len() == 9, "{name}");
    let bad = cluster
        .post(CONFIG_MAPS, &json!({"metadata": {"name": "Not_A_Name"}}))
        .await
        .expect(422);
    assert!(bad.message().starts_with("ConfigMap \"Not_A_Name\" is invalid: metadata.name: Invalid value: \"Not_A_Name\": a lowercase RFC 1123 subdomain"), "{}", bad.message());
    let none = cluster
        .post(CONFIG_MAPS, &json!({"metadata": {}}))
        .await
        .expect(422);
    assert!(
        none.message()
            .contains("metadata.name: Required value: name or generateName is required")
    );
    let elsewhere = cluster
        .post(
            CONFIG_MAPS,
            &json!({"metadata": {"name": "a", "namespace": "other"}}),
        )
        .await
        .expect(400);
    assert_eq!(
        elsewhere.message(),
        "the namespace of the provided object does not match the namespace sent on the request"
    );
    let missing = cluster
        .post(
            "/api/v1/namespaces/nowhere/configmaps",
            &json!({"metadata": {"name": "a"}}),
        )
        .await
        .expect(404);
    assert_eq!(missing.message(), "namespaces \"nowhere\" not found");
    let versioned = cluster
        .post(
            CONFIG_MAPS,
            &json!({"metadata": {"name": "b", "resourceVersion": "5"}}),
        )
        .await;
    assert_eq!(
        versioned.message(),
        "resourceVersion should not be set on objects to be created"
    );
    assert_eq!(
        cluster.get(CONFIG_MAPS).await.json["items"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
}

#[tokio::test]
async fn bodies_that_are_none_are_refused_and_nothing_is_stored() {
    let cluster = Cluster::start().await;
    for (media, body, code) in [
        ("application/json", "{\"metadata\":", 400),
        ("application/json", "[]", 400),
        ("application/json", "", 400),
        ("application/json", "{\"metadata\":{\"name\":5}}", 400),
        (
            "application/json",
            "{\"apiVersion\":\"v1\",\"kind\":\"Secret\",\"metadata\":{\"name\":\"a\"}}",
            400,
        ),
        ("application/yaml", "metadata: {name: a", 400),
        ("application/vnd.kubernetes.protobuf", "{}", 400),
        ("application/cbor", "x", 415),
        ("text/plain", "{}", 415),
    ] {
        let reply = cluster
            .raw(
                http::Method::POST,
                CONFIG_MAPS,
                &[("content-type", media)],
                body.as_bytes().to_vec(),
            )
            .await
            .expect(code);
        assert_eq!(reply.json["kind"], "Status", "{body}");
        assert_eq!(reply.json["status"], "Failure");
    }
    assert_eq!(cluster.get(CONFIG_MAPS).await.json["items"], json!([]));
}

#[tokio::test]
async fn a_body_of_four_mebibytes_is_too_large() {
    let cluster = Cluster::start().await;
    let large = json!({"metadata": {"name": "a"}, "data": {"x": "y".repeat(4 << 20)}});
    let reply = cluster.post(CONFIG_MAPS, &large).await.expect(413);
    assert_eq!(
        reply.message(),
        "Request entity too large: limit is 3145728"
    );
    assert_eq!(reply.json["reason"], "RequestEntityTooLarge");
    cluster.get(&format!("{CONFIG_MAPS}/a")).await.expect(404);
}

#[tokio::test]
async fn unknown_fields_warn_or_are_refused() {
    let cluster = Cluster::start().await;
    let object = json!({"metadata": {"name": "a"}, "data": {}, "colour": "red"});
    let warned = cluster.post(CONFIG_MAPS, &object).await.expect(201);
    assert_eq!(
        warned.warnings(),
        ["299 - \"unknown field \\\"colour\\\"\""]
    );
    assert!(warned.json.get("colour").is_none());
    let object = json!({"metadata": {"name": "b"}, "colour": "red"});
    let strict = cluster
        .post(&format!("{CONFIG_MAPS}?fieldValidation=Strict"), &object)
        .await
        .expect(400);
    assert!(
        strict
            .message()
            .ends_with("strict decoding error: unknown field \"colour\""),
        "{}",
        strict.message()
    );
    let quiet = cluster
        .post(&format!("{CONFIG_MAPS}?fieldValidation=Ignore"), &object)
        .await
        .expect(201);
    assert!(quiet.warnings().is_empty());
}

#[tokio::test]
async fn a_dry_run_stores_nothing() {
    let cluster = Cluster::start().await;
    let object = json!({"metadata": {"name": "a"}});
    let tried = cluster
        .post(&format!("{CONFIG_MAPS}?dryRun=All"), &object)
        .await
        .expect(201);
    assert_eq!(tried.json["metadata"]["name"], "a");
    assert!(tried.json["metadata"].get("resourceVersion").is_none());
    cluster.get(&format!("{CONFIG_MAPS}/a")).await.expect(404);
    cluster.post(CONFIG_MAPS, &object).await.expect(201);
    cluster
        .post(&format!("{CONFIG_MAPS}?dryRun=All"), &object)
        .await
        .expect(409);
}

#[tokio::test]
async fn yaml_is_read_and_written() {
    let cluster = Cluster::start().await;
    let body = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\ndata:\n  k: v\n";
    let reply = cluster
        .raw(
            http::Method::POST,
            CONFIG_MAPS,
            &[
                ("content-type", "application/yaml"),
                ("accept", "application/yaml"),
            ],
            body.into(),
        )
        .await
        .expect(201);
    let text = String::from_utf8(reply.body.to_vec()).unwrap();
    assert!(
        text.contains("kind: ConfigMap") && text.contains("k: v"),
        "{text}"
    );
    assert_eq!(reply.headers["content-type"], "application/yaml");
}

#[tokio::test]
async fn many_creates_at_once_are_all_there() {
    let cluster = Cluster::start().await;
    let creates = (0..300).map(|n| {
        let cluster = &cluster;
        async move { cluster.config_map(&format!("n{n:03}"), json!({})).await }
    });
    futures::future::join_all(creates).await;
    let list = cluster.get(CONFIG_MAPS).await.expect(200);
    let names: Vec<&str> = list.json["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item["metadata"]["name"].as_str().unwrap())
        .collect();
    assert_eq!(names.len(), 300);
    assert!(names.is_sorted());
}

#[tokio::test]
async fn events_share_a_lease() {
    let cluster = Cluster::start().await;
    for n in 0..5 {
        let event = json!({
            "metadata": {"name": format!("e{n}")},
            "involvedObject": {"kind": "Pod", "name": "p", "namespace": "default"},
            "reason": "Testing", "type": "Normal", "message": "m",
        });
        cluster
            .post("/api/v1/namespaces/default/events", &event)
            .await
            .expect(201);
    }
    assert_eq!(cluster.store.leases().await.unwrap().leases.len(), 1);
    let selected = cluster.get("/api/v1/namespaces/default/events?fieldSelector=involvedObject.name%3Dp,reason%3DTesting").await;
    assert_eq!(selected.json["items"].as_array().unwrap().len(), 5);
    let modern = cluster
        .get("/apis/events.k8s.io/v1/namespaces/default/events/e1")
        .await
        .expect(200);
    assert_eq!(modern.json["apiVersion"], "events.k8s.io/v1");
    assert_eq!(modern.json["regarding"]["name"], "p");
}

#[tokio::test]
async fn protobuf_bodies_are_read() {
    let cluster = Cluster::start().await;
    // A runtime.Unknown around a Namespace, as `kubectl create namespace` sends it.
    let body = b"k8s\0\x0a\x0f\x0a\x02v1\x12\x09Namespace\x12\x0b\x0a\x05\x0a\x03foo\x12\x00\x1a\x00\x1a\x00\x22\x00";
    let made = cluster
        .raw(
            http::Method::POST,
            "/api/v1/namespaces",
            &[
                ("content-type", "application/vnd.kubernetes.protobuf"),
                (
                    "accept",
                    "application/vnd.kubernetes.protobuf,application/json",
                ),
            ],
            body.to_vec(),
        )
        .await
        .expect(201);
    assert_eq!(made.json["metadata"]["name"], "foo");
    assert_eq!(made.json["spec"]["finalizers"], json!(["kubernetes"]));
}

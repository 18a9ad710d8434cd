//! PUT: conflicts, what an update may change, what it leaves as it is.

use serde_json::json;

use crate::cluster::*;

#[tokio::test]
async fn a_stale_version_is_a_conflict() {
    let cluster = Cluster::start().await;
    let made = cluster.config_map("a", json!({})).await;
    let path = format!("{CONFIG_MAPS}/a");
    let mut object = made.json.clone();
    object["data"]["a"] = json!("2");
    let updated = cluster.put(&path, &object).await.expect(200);
    assert_ne!(updated.version(), made.version());
    object["data"]["a"] = json!("3");
    let stale = cluster.put(&path, &object).await.expect(409);
    assert_eq!(
        stale.message(),
        "Operation cannot be fulfilled on configmaps \"a\": the object has been modified; please apply your changes to the latest version and try again"
    );
    assert_eq!(
        stale.json["details"],
        json!({"name": "a", "kind": "configmaps"})
    );
    object["metadata"]
        .as_object_mut()
        .unwrap()
        .remove("resourceVersion");
    let forced = cluster.put(&path, &object).await.expect(200);
    assert_eq!(forced.json["data"]["a"], "3");
    object["metadata"]["uid"] = json!("other");
    let other = cluster.put(&path, &object).await.expect(409);
    assert!(
        other
            .message()
            .contains("Precondition failed: UID in precondition: other, UID in object meta: ")
    );
    assert_eq!(cluster.get(&path).await.version(), forced.version());
}

#[tokio::test]
async fn an_update_that_changes_nothing_writes_nothing() {
    let cluster = Cluster::start().await;
    let made = cluster
        .post(DEPLOYMENTS, &deployment("d", 1))
        .await
        .expect(201);
    let before = cluster.store.revision();
    let same = cluster
        .put(&format!("{DEPLOYMENTS}/d"), &made.json)
        .await
        .expect(200);
    assert_eq!(same.json, made.json);
    let patched = cluster
        .patch(
            "merge",
            &format!("{DEPLOYMENTS}/d"),
            &json!({"spec": {"replicas": 1}}),
        )
        .await
        .expect(200);
    assert_eq!(patched.json, made.json);
    assert_eq!(cluster.store.revision(), before);
}

#[tokio::test]
async fn names_must_match_and_missing_objects_are_not_made() {
    let cluster = Cluster::start().await;
    let made = cluster.config_map("a", json!({})).await;
    let other = cluster
        .put(&format!("{CONFIG_MAPS}/b"), &made.json)
        .await
        .expect(400);
    assert_eq!(
        other.message(),
        "the name of the object (a) does not match the name on the URL (b)"
    );
    let missing = cluster
        .put(
            &format!("{CONFIG_MAPS}/c"),
            &json!({"metadata": {"name": "c"}}),
        )
        .await
        .expect(404);
    assert_eq!(missing.message(), "configmaps \"c\" not found");
    let lease = json!({"metadata": {"name": "l", "namespace": "default"}, "spec": {"holderIdentity": "me"}});
    let leases = "/apis/coordination.k8s.io/v1/namespaces/default/leases";
    cluster
        .put(&format!("{leases}/l"), &lease)
        .await
        .expect(201);
    let blind = cluster
        .put(&format!("{leases}/l"), &lease)
        .await
        .expect(422);
    assert!(
        blind
            .message()
            .contains("metadata.resourceVersion: Invalid value"),
        "{}",
        blind.message()
    );
}

#[tokio::test]
async fn status_and_spec_are_changed_apart() {
    let cluster = Cluster::start().await;
    let path = format!("{DEPLOYMENTS}/d");
    let made = cluster
        .post(DEPLOYMENTS, &deployment("d", 1))
        .await
        .expect(201);
    assert_eq!(made.json["metadata"]["generation"], 1);
    let mut object = made.json.clone();
    object["spec"]["replicas"] = json!(5);
    object["status"] = json!({"replicas": 1, "observedGeneration": 1});
    let status = cluster
        .put(&format!("{path}/status"), &object)
        .await
        .expect(200);
    assert_eq!(status.json["spec"]["replicas"], 1);
    assert_eq!(status.json["status"]["replicas"], 1);
    assert_eq!(status.json["metadata"]["generation"], 1);
    let managed = status.json["metadata"]["managedFields"].as_array().unwrap();
    assert!(
        managed.iter().any(|entry| entry["subresource"] == "status"),
        "{managed:?}"
    );
    let mut object = status.json.clone();
    object["spec"]["replicas"] = json!(5);
    object["status"] = json!({"replicas": 9});
    let spec = cluster.put(&path, &object).await.expect(200);
    assert_eq!(spec.json["spec"]["replicas"], 5);
    assert_eq!(spec.json["status"]["replicas"], 1);
    assert_eq!(spec.json["metadata"]["generation"], 2);
}

#[tokio::test]
async fn what_may_not_change_is_named() {
    let cluster = Cluster::start().await;
    let made = cluster
        .post(DEPLOYMENTS, &deployment("d", 1))
        .await
        .expect(201);
    let mut object = made.json.clone();
    object["metadata"]["creationTimestamp"] = json!("2020-01-01T00:00:00Z");
    let reply = cluster
        .put(&format!("{DEPLOYMENTS}/d"), &object)
        .await
        .expect(422);
    assert!(reply.message().contains("metadata.creationTimestamp: Invalid value: \"2020-01-01T00:00:00Z\": field is immutable"), "{}", reply.message());
}

#[tokio::test]
async fn the_last_finalizer_lets_an_object_go() {
    let cluster = Cluster::start().await;
    let path = format!("{CONFIG_MAPS}/a");
    let object =
        json!({"metadata": {"name": "a", "finalizers": ["example.com/x", "example.com/y"]}});
    cluster.post(CONFIG_MAPS, &object).await.expect(201);
    let leaving = cluster.delete(&path).await.expect(200);
    assert_eq!(leaving.json["kind"], "ConfigMap");
    assert!(leaving.json["metadata"]["deletionTimestamp"].is_string());
    assert_eq!(leaving.json["metadata"]["deletionGracePeriodSeconds"], 0);
    let mut object = leaving.json.clone();
    object["metadata"]["finalizers"] = json!(["example.com/y", "example.com/z"]);
    let refused = cluster.put(&path, &object).await.expect(422);
    assert!(
        refused
            .message()
            .contains("no new finalizers can be added if the object is being deleted")
    );
    object["metadata"]["finalizers"] = json!(["example.com/y"]);
    let one = cluster.put(&path, &object).await.expect(200);
    let mut object = one.json.clone();
    object["metadata"]["finalizers"] = json!([]);
    cluster.put(&path, &object).await.expect(200);
    cluster.get(&path).await.expect(404);
}

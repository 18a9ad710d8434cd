//! DELETE: at once, with grace, with finalizers, of many, of a namespace.

use serde_json::{Value, json};

use crate::cluster::*;

async fn bind(cluster: &Cluster, name: &str, node: &str) -> Reply {
    let binding = json!({"apiVersion": "v1", "kind": "Binding", "metadata": {"name": name}, "target": {"kind": "Node", "name": node}});
    cluster
        .post(&format!("{PODS}/{name}/binding"), &binding)
        .await
}

#[tokio::test]
async fn an_object_goes_and_its_status_says_what_it_was() {
    let cluster = Cluster::start().await;
    let made = cluster.config_map("a", json!({})).await;
    let gone = cluster
        .delete(&format!("{CONFIG_MAPS}/a"))
        .await
        .expect(200);
    assert_eq!(gone.json["status"], "Success");
    assert_eq!(
        gone.json["details"],
        json!({"name": "a", "kind": "configmaps", "uid": made.json["metadata"]["uid"]})
    );
    let again = cluster
        .delete(&format!("{CONFIG_MAPS}/a"))
        .await
        .expect(404);
    assert_eq!(again.message(), "configmaps \"a\" not found");
}

#[tokio::test]
async fn preconditions_hold() {
    let cluster = Cluster::start().await;
    let made = cluster.config_map("a", json!({})).await;
    let path = format!("{CONFIG_MAPS}/a");
    let other = cluster
        .delete_with(&path, &json!({"preconditions": {"uid": "other"}}))
        .await
        .expect(409);
    let uid = made.json["metadata"]["uid"].as_str().unwrap();
    assert_eq!(
        other.message(),
        format!(
            "Operation cannot be fulfilled on configmaps \"a\": Precondition failed: UID in precondition: other, UID in object meta: {uid}"
        )
    );
    cluster
        .delete_with(&path, &json!({"preconditions": {"resourceVersion": "1"}}))
        .await
        .expect(409);
    cluster
        .delete_with(&path, &json!({"propagationPolicy": "Sideways"}))
        .await
        .expect(422);
    cluster
        .delete_with(&path, &json!({"kind": "Pod"}))
        .await
        .expect(400);
    cluster
        .delete(&format!("{path}?dryRun=All"))
        .await
        .expect(200);
    cluster.get(&path).await.expect(200);
    cluster
        .delete_with(
            &path,
            &json!({"preconditions": {"uid": uid, "resourceVersion": made.version()}}),
        )
        .await
        .expect(200);
}

#[tokio::test]
async fn propagation_becomes_a_finalizer() {
    let cluster = Cluster::start().await;
    cluster
        .post(DEPLOYMENTS, &deployment("d", 1))
        .await
        .expect(201);
    let path = format!("{DEPLOYMENTS}/d");
    let leaving = cluster
        .delete_with(&path, &json!({"propagationPolicy": "Foreground"}))
        .await
        .expect(200);
    assert_eq!(
        leaving.json["metadata"]["finalizers"],
        json!(["foregroundDeletion"])
    );
    let orphaning = cluster
        .delete_with(&path, &json!({"propagationPolicy": "Orphan"}))
        .await
        .expect(200);
    assert_eq!(orphaning.json["metadata"]["finalizers"], json!(["orphan"]));
    cluster
        .patch("merge", &path, &json!({"metadata": {"finalizers": null}}))
        .await
        .expect(200);
    cluster.get(&path).await.expect(404);
}

fn job(name: &str) -> Value {
    json!({
        "metadata": {"name": name},
        "spec": {"template": {"spec": {
            "restartPolicy": "Never",
            "containers": [{"name": "main", "image": "localhost:5000/hello:v1"}],
        }}},
    })
}

#[tokio::test]
async fn a_jobs_pods_stay_unless_its_deletion_says_otherwise() {
    const TOLD: &str = "299 - \"child pods are preserved by default when jobs are deleted; set propagationPolicy=Background to remove them or set propagationPolicy=Orphan to suppress this warning\"";
    let cluster = Cluster::start().await;
    let paths = ["silent", "orphaned", "old", "background", "foreground"];
    let paths = paths.map(|name| (name, format!("{JOBS}/{name}")));
    for (name, _) in &paths {
        cluster.post(JOBS, &job(name)).await.expect(201);
    }
    let [silent, orphaned, old, background, foreground] = paths.map(|(_, path)| path);
    let orphan = json!(["orphan"]);
    let leaving = cluster.delete(&silent).await.expect(200);
    assert_eq!(leaving.json["metadata"]["finalizers"], orphan);
    assert_eq!(leaving.warnings(), [TOLD]);
    // Asked for, it is no surprise.
    let asked = [
        (&orphaned, json!({"propagationPolicy": "Orphan"}), &orphan),
        (&old, json!({"orphanDependents": true}), &orphan),
        (
            &foreground,
            json!({"propagationPolicy": "Foreground"}),
            &json!(["foregroundDeletion"]),
        ),
    ];
    for (path, options, finalizers) in asked {
        let leaving = cluster.delete_with(path, &options).await.expect(200);
        assert_eq!(&leaving.json["metadata"]["finalizers"], finalizers);
        assert!(leaving.warnings().is_empty(), "{options}");
    }
    let gone = cluster
        .delete(&format!("{background}?propagationPolicy=Background"))
        .await
        .expect(200);
    assert_eq!(gone.json["status"], "Success");
    assert!(gone.warnings().is_empty());
    cluster.get(&background).await.expect(404);
    cluster.post(JOBS, &job("collected")).await.expect(201);
    let all = cluster.delete(JOBS).await.expect(200);
    assert_eq!(all.warnings(), [TOLD]);
    let left = cluster.get(&format!("{JOBS}/collected")).await.expect(200);
    assert_eq!(left.json["metadata"]["finalizers"], orphan);
}

#[tokio::test]
async fn a_pod_gets_its_grace_until_its_node_is_done() {
    let cluster = Cluster::start().await;
    let path = format!("{PODS}/p");
    cluster.post(PODS, &pod("p")).await.expect(201);
    bind(&cluster, "p", "n1").await.expect(201);
    let leaving = cluster.delete(&path).await.expect(200);
    assert_eq!(leaving.json["kind"], "Pod");
    assert_eq!(leaving.json["metadata"]["deletionGracePeriodSeconds"], 30);
    let again = cluster.delete(&path).await.expect(200);
    assert_eq!(again.version(), leaving.version());
    let shorter = cluster
        .delete_with(&path, &json!({"gracePeriodSeconds": 5}))
        .await
        .expect(200);
    assert_eq!(shorter.json["metadata"]["deletionGracePeriodSeconds"], 5);
    cluster
        .delete_with(&path, &json!({"gracePeriodSeconds": 0}))
        .await
        .expect(200);
    cluster.get(&path).await.expect(404);
    cluster.post(PODS, &pod("unscheduled")).await.expect(201);
    let gone = cluster
        .delete(&format!("{PODS}/unscheduled"))
        .await
        .expect(200);
    assert_eq!(gone.json["kind"], "Pod");
    cluster
        .get(&format!("{PODS}/unscheduled"))
        .await
        .expect(404);
}

#[tokio::test]
async fn a_collection_goes_as_it_would_be_listed() {
    let cluster = Cluster::start().await;
    for n in 0..20 {
        cluster
            .config_map(
                &format!("c{n:02}"),
                json!({"odd": (n % 2 == 1).to_string()}),
            )
            .await;
    }
    let gone = cluster
        .delete(&format!("{CONFIG_MAPS}?labelSelector=odd%3Dtrue"))
        .await
        .expect(200);
    assert_eq!(gone.json["items"].as_array().unwrap().len(), 10);
    let left = cluster.get(CONFIG_MAPS).await;
    assert_eq!(left.json["items"].as_array().unwrap().len(), 10);
    cluster.delete("/api/v1/configmaps").await.expect(405);
}

#[tokio::test]
async fn a_namespace_ends_when_it_is_finalized() {
    let cluster = Cluster::start().await;
    let made = cluster
        .post("/api/v1/namespaces", &json!({"metadata": {"name": "n"}}))
        .await
        .expect(201);
    assert_eq!(made.json["spec"]["finalizers"], json!(["kubernetes"]));
    assert_eq!(made.json["status"]["phase"], "Active");
    let leaving = cluster.delete("/api/v1/namespaces/n").await.expect(200);
    assert_eq!(leaving.json["status"]["phase"], "Terminating");
    let refused = cluster
        .post(
            "/api/v1/namespaces/n/configmaps",
            &json!({"metadata": {"name": "a"}}),
        )
        .await
        .expect(403);
    assert!(
        refused.message().contains("because it is being terminated"),
        "{}",
        refused.message()
    );
    let mut object = leaving.json.clone();
    object["spec"]["finalizers"] = json!([]);
    cluster
        .put("/api/v1/namespaces/n/finalize", &object)
        .await
        .expect(200);
    cluster.get("/api/v1/namespaces/n").await.expect(404);
    let kept = cluster
        .delete("/api/v1/namespaces/default")
        .await
        .expect(403);
    assert!(
        kept.message().contains("this namespace may not be deleted"),
        "{}",
        kept.message()
    );
}

//! PATCH in four forms.

use serde_json::json;

use crate::cluster::*;

#[tokio::test]
async fn each_form_changes_what_it_names() {
    let cluster = Cluster::start().await;
    let path = format!("{DEPLOYMENTS}/d");
    cluster
        .post(DEPLOYMENTS, &deployment("d", 1))
        .await
        .expect(201);
    let json_patch = json!([{"op": "replace", "path": "/spec/replicas", "value": 2}]);
    assert_eq!(
        cluster
            .patch("json", &path, &json_patch)
            .await
            .expect(200)
            .json["spec"]["replicas"],
        2
    );
    let merge = json!({"metadata": {"labels": {"a": "b"}}});
    assert_eq!(
        cluster.patch("merge", &path, &merge).await.expect(200).json["metadata"]["labels"]["a"],
        "b"
    );
    let strategic =
        json!({"spec": {"template": {"spec": {"containers": [{"name": "side", "image": "x"}]}}}});
    let reply = cluster
        .patch("strategic", &path, &strategic)
        .await
        .expect(200);
    assert_eq!(
        reply.json["spec"]["template"]["spec"]["containers"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
    assert_eq!(reply.json["metadata"]["generation"], 3);
}

#[tokio::test]
async fn patches_that_are_none_are_refused() {
    let cluster = Cluster::start().await;
    let path = format!("{CONFIG_MAPS}/a");
    let made = cluster.config_map("a", json!({})).await;
    let patch = |media: &'static str, body: &'static str| {
        let headers = [("content-type", media)];
        let (cluster, path) = (&cluster, &path);
        async move {
            cluster
                .raw(http::Method::PATCH, path, &headers, body.into())
                .await
        }
    };
    let media = patch("application/json", "{}").await.expect(415);
    assert_eq!(
        media.message(),
        "the body of the request was in an unknown format - accepted media types include: application/json-patch+json, application/merge-patch+json, application/strategic-merge-patch+json, application/apply-patch+yaml"
    );
    patch("application/merge-patch+json", "{").await.expect(400);
    patch("application/merge-patch+json", "[]")
        .await
        .expect(400);
    patch("application/json-patch+json", "{\"op\":\"x\"}")
        .await
        .expect(400);
    let failed = patch(
        "application/json-patch+json",
        "[{\"op\":\"test\",\"path\":\"/data/a\",\"value\":\"no\"}]",
    )
    .await;
    assert!(
        failed.code == 422 || failed.code == 400,
        "{}",
        failed.message()
    );
    patch(
        "application/merge-patch+json",
        "{\"metadata\":{\"name\":\"b\"}}",
    )
    .await
    .expect(400);
    let wrong = patch("application/merge-patch+json", "{\"data\":5}").await;
    assert!(matches!(wrong.code, 400 | 422), "{}", wrong.message());
    cluster
        .patch("merge", &format!("{CONFIG_MAPS}/none"), &json!({}))
        .await
        .expect(404);
    assert_eq!(cluster.get(&path).await.json, made.json);
}

#[tokio::test]
async fn a_named_version_must_be_the_one_that_is_there() {
    let cluster = Cluster::start().await;
    let made = cluster.config_map("a", json!({})).await;
    let path = format!("{CONFIG_MAPS}/a");
    let with =
        |version: &str| json!({"metadata": {"resourceVersion": version}, "data": {"a": "2"}});
    cluster.patch("merge", &path, &with("1")).await.expect(409);
    cluster
        .patch("merge", &path, &with(made.version()))
        .await
        .expect(200);
}

#[tokio::test]
async fn patches_of_many_at_once_all_land() {
    let cluster = Cluster::start().await;
    cluster.config_map("a", json!({})).await;
    let path = format!("{CONFIG_MAPS}/a");
    let patches = (0..20).map(|n| {
        let (cluster, path) = (&cluster, &path);
        async move {
            cluster
                .patch("merge", path, &json!({"data": {format!("k{n}"): "v"}}))
                .await
                .expect(200)
        }
    });
    futures::future::join_all(patches).await;
    let data = cluster.get(&path).await.json["data"].clone();
    assert_eq!(data.as_object().unwrap().len(), 21);
}

#[tokio::test]
async fn an_apply_makes_what_is_missing_and_minds_who_owns_what() {
    let cluster = Cluster::start().await;
    let path = format!("{CONFIG_MAPS}/a");
    let config = |value: &str| json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": {"k": value}});
    let nobody = cluster
        .patch("apply", &path, &config("1"))
        .await
        .expect(422);
    assert_eq!(
        nobody.message(),
        "PatchOptions.meta.k8s.io \"\" is invalid: fieldManager: Required value: is required for apply patch"
    );
    let made = cluster
        .patch("apply", &format!("{path}?fieldManager=one"), &config("1"))
        .await
        .expect(201);
    let entry = &made.json["metadata"]["managedFields"][0];
    assert_eq!(
        (entry["manager"].as_str(), entry["operation"].as_str()),
        (Some("one"), Some("Apply"))
    );
    let again = cluster
        .patch("apply", &format!("{path}?fieldManager=one"), &config("1"))
        .await
        .expect(200);
    assert_eq!(again.version(), made.version());
    let conflict = cluster
        .patch("apply", &format!("{path}?fieldManager=two"), &config("2"))
        .await
        .expect(409);
    assert!(
        conflict
            .message()
            .contains("conflict with \"one\": .data.k"),
        "{}",
        conflict.message()
    );
    let forced = cluster
        .patch(
            "apply",
            &format!("{path}?fieldManager=two&force=true"),
            &config("2"),
        )
        .await
        .expect(200);
    assert_eq!(forced.json["data"]["k"], "2");
    let dry = cluster
        .patch(
            "apply",
            &format!("{path}?fieldManager=two&dryRun=All"),
            &config("3"),
        )
        .await
        .expect(200);
    assert_eq!(dry.json["data"]["k"], "3");
    assert_eq!(cluster.get(&path).await.json["data"]["k"], "2");
}

#[tokio::test]
async fn the_status_is_patched_alone() {
    let cluster = Cluster::start().await;
    cluster.post(PODS, &pod("p")).await.expect(201);
    let patch = json!({"status": {"phase": "Running", "podIP": "127.64.0.9", "podIPs": [{"ip": "127.64.0.9"}]}, "metadata": {"labels": {"app": "other"}}});
    let reply = cluster
        .patch("strategic", &format!("{PODS}/p/status"), &patch)
        .await
        .expect(200);
    assert_eq!(reply.json["status"]["phase"], "Running");
    let selected = cluster
        .get(&format!(
            "{PODS}?fieldSelector=status.phase%3DRunning,status.podIP%3D127.64.0.9"
        ))
        .await;
    assert_eq!(selected.json["items"].as_array().unwrap().len(), 1);
}

//! What is no resource, who may ask, and the socket.

use std::sync::Arc;

use http::Method;
use hydrofoil_apiserver::pki::{Pki, Subject};
use serde_json::json;

use crate::cluster::*;

#[tokio::test]
async fn versions_health_and_metrics_are_told() {
    let cluster = Cluster::start().await;
    let version = cluster.get("/version").await.expect(200);
    assert_eq!(
        (
            version.json["major"].as_str(),
            version.json["minor"].as_str()
        ),
        (Some("1"), Some("36"))
    );
    assert!(
        version.json["gitVersion"]
            .as_str()
            .unwrap()
            .starts_with("v1.36.")
    );
    for path in [
        "/healthz",
        "/livez",
        "/readyz",
        "/readyz/etcd",
        "/livez/ping",
    ] {
        assert_eq!(cluster.get(path).await.expect(200).body, "ok", "{path}");
    }
    let verbose = cluster.get("/readyz?verbose").await.expect(200);
    let text = String::from_utf8(verbose.body.to_vec()).unwrap();
    assert!(
        text.starts_with("[+]ping ok\n")
            && text.contains("[+]etcd ok\n[+]etcd-readiness ok\n")
            && text.ends_with("readyz check passed\n"),
        "{text}"
    );
    let excluded = cluster
        .get("/readyz?verbose&exclude=etcd&exclude=nothing")
        .await
        .expect(200);
    let text = String::from_utf8(excluded.body.to_vec()).unwrap();
    assert!(text.contains("[+]etcd excluded: ok\n"), "{text}");
    assert!(
        text.contains("warn: some health checks cannot be excluded: no matches for \"nothing\"\n"),
        "{text}"
    );
    cluster.get("/readyz/nothing").await.expect(404);
    cluster.config_map("a", json!({})).await;
    let metrics = cluster.get("/metrics").await.expect(200);
    let text = String::from_utf8(metrics.body.to_vec()).unwrap();
    for want in [
        "apiserver_request_total{verb=\"POST\",group=\"\",version=\"v1\",resource=\"configmaps\",subresource=\"\",scope=\"namespace\",code=\"201\"} 1",
        "apiserver_storage_objects{resource=\"configmaps\"} 1",
        "apiserver_current_inflight_requests{request_kind=\"readOnly\"} 1",
        "apiserver_request_duration_seconds_bucket{",
    ] {
        assert!(text.contains(want), "{want}\n{text}");
    }
}

#[tokio::test]
async fn discovery_has_two_forms() {
    let cluster = Cluster::start().await;
    let core = cluster.get("/api/v1").await.expect(200);
    assert_eq!(core.json["kind"], "APIResourceList");
    assert!(
        core.json["resources"]
            .as_array()
            .unwrap()
            .iter()
            .any(|resource| resource["name"] == "pods")
    );
    assert_eq!(
        cluster.get("/api").await.expect(200).json["kind"],
        "APIVersions"
    );
    assert_eq!(
        cluster.get("/apis").await.expect(200).json["kind"],
        "APIGroupList"
    );
    assert_eq!(
        cluster.get("/apis/apps").await.expect(200).json["kind"],
        "APIGroup"
    );
    assert_eq!(
        cluster.get("/apis/apps/v1").await.expect(200).json["groupVersion"],
        "apps/v1"
    );
    let aggregated =
        "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json";
    for path in ["/api", "/apis"] {
        let reply = cluster.get_as(path, aggregated).await.expect(200);
        assert_eq!(reply.json["kind"], "APIGroupDiscoveryList");
        assert_eq!(
            reply.headers["content-type"],
            "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
        );
    }
    for path in [
        "/apis/none",
        "/apis/apps/v9",
        "/api/v2",
        "/nothing",
        "/api/v1/nothing",
        "/api/v1/namespaces/default/pods/p/nothing",
    ] {
        let reply = cluster.get(path).await.expect(404);
        assert_eq!(
            reply.message(),
            "the server could not find the requested resource",
            "{path}"
        );
        assert_eq!(reply.json["kind"], "Status");
    }
}

#[tokio::test]
async fn openapi_documents_have_hashes() {
    let cluster = Cluster::start().await;
    let index = cluster.get("/openapi/v3").await.expect(200);
    let url = index.json["paths"]["apis/apps/v1"]["serverRelativeURL"]
        .as_str()
        .unwrap()
        .to_owned();
    let document = cluster.get(&url).await.expect(200);
    assert!(document.json["openapi"].as_str().unwrap().starts_with('3'));
    let tag = document.headers["etag"].to_str().unwrap().to_owned();
    let same = cluster
        .raw(
            Method::GET,
            "/openapi/v3/apis/apps/v1",
            &[("if-none-match", &tag)],
            Vec::new(),
        )
        .await;
    assert_eq!((same.code, same.body.len()), (304, 0));
    let old = cluster
        .get("/openapi/v3/apis/apps/v1?hash=OLD")
        .await
        .expect(301);
    assert_eq!(old.headers["location"].to_str().unwrap(), url);
    let v2 = cluster.get("/openapi/v2").await.expect(200);
    assert_eq!(v2.json["swagger"], "2.0");
}

#[tokio::test]
async fn methods_that_are_not_offered_are_refused() {
    let cluster = Cluster::start().await;
    cluster.config_map("a", json!({})).await;
    for (method, path) in [
        (Method::POST, "/version".to_owned()),
        (Method::POST, format!("{CONFIG_MAPS}/a")),
        (Method::PUT, CONFIG_MAPS.to_owned()),
        (Method::POST, "/api/v1/configmaps".to_owned()),
        (Method::DELETE, "/api/v1/namespaces".to_owned()),
    ] {
        let reply = cluster
            .raw(method.clone(), &path, &[], b"{}".to_vec())
            .await
            .expect(405);
        assert_eq!(reply.json["reason"], "MethodNotAllowed", "{method} {path}");
    }
    let head = cluster
        .raw(Method::HEAD, &format!("{CONFIG_MAPS}/a"), &[], Vec::new())
        .await
        .expect(200);
    assert!(head.body.is_empty());
}

#[tokio::test]
async fn every_cluster_begins_with_the_same_objects() {
    let cluster = Cluster::start().await;
    for name in ["default", "kube-system", "kube-public", "kube-node-lease"] {
        let namespace = cluster
            .get(&format!("/api/v1/namespaces/{name}"))
            .await
            .expect(200);
        assert_eq!(namespace.json["status"]["phase"], "Active");
    }
    let service = cluster
        .get("/api/v1/namespaces/default/services/kubernetes")
        .await
        .expect(200);
    assert_eq!(service.json["spec"]["clusterIP"], "127.96.0.1");
    let port = cluster.server.local_addr().port();
    assert_eq!(service.json["spec"]["ports"][0]["targetPort"], port);
    let slice = cluster
        .get("/apis/discovery.k8s.io/v1/namespaces/default/endpointslices/kubernetes")
        .await
        .expect(200);
    assert_eq!(
        slice.json["endpoints"][0]["addresses"],
        json!(["127.0.0.1"])
    );
    assert_eq!(slice.json["ports"][0]["port"], port);
    cluster
        .get("/api/v1/namespaces/default/endpoints/kubernetes")
        .await
        .expect(200);
    let cluster = cluster.restart().await;
    let port = cluster.server.local_addr().port();
    let slice = cluster
        .get("/apis/discovery.k8s.io/v1/namespaces/default/endpointslices/kubernetes")
        .await
        .expect(200);
    assert_eq!(slice.json["ports"][0]["port"], port);
}

#[tokio::test]
async fn strangers_are_turned_away() {
    let cluster = Cluster::start().await;
    let stranger = cluster.server.client("stranger", &[]);
    let reply = send(&stranger, Method::GET, PODS, &[], Vec::new())
        .await
        .expect(403);
    assert_eq!(
        reply.message(),
        "pods is forbidden: User \"stranger\" cannot list resource \"pods\" in API group \"\" in the namespace \"default\""
    );
    send(&stranger, Method::GET, "/apis", &[], Vec::new())
        .await
        .expect(200);
}

fn tls(cluster: &Cluster, subject: Option<&Subject>) -> reqwest::Client {
    let pki = Pki::open(
        &cluster.dir.path().join("pki"),
        "2026-01-01T00:00:00Z".parse().unwrap(),
    )
    .unwrap();
    let mut roots = rustls::RootCertStore::empty();
    let ca =
        rustls_pki_types::pem::PemObject::from_pem_slice(pki.ca_certificate().as_bytes()).unwrap();
    roots.add(ca).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots);
    let config = match subject {
        None => builder.with_no_client_auth(),
        Some(subject) => {
            let pair = pki.client("test", subject).unwrap();
            let certificate =
                rustls_pki_types::pem::PemObject::from_pem_slice(pair.certificate.as_bytes())
                    .unwrap();
            let key =
                rustls_pki_types::pem::PemObject::from_pem_slice(pair.key.as_bytes()).unwrap();
            builder
                .with_client_auth_cert(vec![certificate], key)
                .unwrap()
        }
    };
    reqwest::Client::builder()
        .tls_backend_preconfigured(config)
        .no_proxy()
        .build()
        .unwrap()
}

#[tokio::test]
async fn certificates_say_who_asks_over_https() {
    let cluster = Cluster::start().await;
    let base = format!("https://{}", cluster.server.local_addr());
    let admin = tls(&cluster, Some(&Subject::admin()));
    let answer = admin
        .get(format!("{base}{CONFIG_MAPS}"))
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 200);
    let anonymous = tls(&cluster, None);
    let answer = anonymous.get(format!("{base}/livez")).send().await.unwrap();
    assert_eq!(answer.text().await.unwrap(), "ok");
    let answer = anonymous.get(format!("{base}{PODS}")).send().await.unwrap();
    assert_eq!(answer.status(), 403);
    let status: serde_json::Value = serde_json::from_str(&answer.text().await.unwrap()).unwrap();
    assert!(
        status["message"]
            .as_str()
            .unwrap()
            .contains("User \"system:anonymous\" cannot list resource \"pods\"")
    );
    let answer = anonymous
        .get(format!("{base}{PODS}"))
        .bearer_auth("rubbish")
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 401);
    let kubelet = tls(&cluster, Some(&Subject::kubelet("n1")));
    let answer = kubelet
        .get(format!(
            "{base}/api/v1/pods?fieldSelector=spec.nodeName%3Dn1"
        ))
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 200);
    let large = "x".repeat(4 << 20);
    let answer = admin
        .post(format!("{base}{CONFIG_MAPS}"))
        .body(large)
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 413);
}

#[tokio::test]
async fn a_taken_port_is_named() {
    let cluster = Cluster::start().await;
    let pki = Pki::open(
        &cluster.dir.path().join("pki"),
        "2026-01-01T00:00:00Z".parse().unwrap(),
    )
    .unwrap();
    let pair = pki.client("admin", &Subject::admin()).unwrap();
    let mut config = hydrofoil_apiserver::Config::new(
        pair.certificate,
        pair.key,
        pki.ca_certificate().to_owned(),
    );
    config.listen = cluster.server.local_addr();
    let error = hydrofoil_apiserver::start(config, cluster.store.clone())
        .await
        .err()
        .unwrap();
    assert!(
        error
            .to_string()
            .starts_with(&format!("cannot listen on {}", cluster.server.local_addr())),
        "{error}"
    );
}

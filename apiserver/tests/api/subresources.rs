//! scale, binding, eviction, log.

use std::sync::Arc;

use hydrofoil_apiserver::pki::{Names, Pki};
use serde_json::json;

use crate::cluster::*;

#[tokio::test]
async fn a_scale_is_read_and_set() {
    let cluster = Cluster::start().await;
    cluster
        .post(DEPLOYMENTS, &deployment("d", 1))
        .await
        .expect(201);
    let path = format!("{DEPLOYMENTS}/d/scale");
    let scale = cluster.get(&path).await.expect(200);
    assert_eq!(scale.json["kind"], "Scale");
    assert_eq!(scale.json["spec"]["replicas"], 1);
    assert_eq!(scale.json["status"]["selector"], "app=d");
    let mut wanted = scale.json.clone();
    wanted["spec"]["replicas"] = json!(4);
    let set = cluster.put(&path, &wanted).await.expect(200);
    assert_eq!(set.json["spec"]["replicas"], 4);
    cluster.put(&path, &wanted).await.expect(409);
    let patched = cluster
        .patch("merge", &path, &json!({"spec": {"replicas": 7}}))
        .await
        .expect(200);
    assert_eq!(patched.json["spec"]["replicas"], 7);
    let bad = cluster
        .patch("merge", &path, &json!({"spec": {"replicas": -1}}))
        .await
        .expect(422);
    assert!(
        bad.message()
            .starts_with("Scale.autoscaling \"d\" is invalid: spec.replicas: Invalid value: -1"),
        "{}",
        bad.message()
    );
    let object = cluster.get(&format!("{DEPLOYMENTS}/d")).await;
    assert_eq!(object.json["spec"]["replicas"], 7);
    assert_eq!(object.json["metadata"]["generation"], 3);
    let managed = object.json["metadata"]["managedFields"].as_array().unwrap();
    assert!(
        managed.iter().any(|entry| entry["subresource"] == "scale"),
        "{managed:?}"
    );
    cluster
        .get(&format!("{CONFIG_MAPS}/a/scale"))
        .await
        .expect(404);
}

#[tokio::test]
async fn a_pod_is_bound_once() {
    let cluster = Cluster::start().await;
    cluster.post(PODS, &pod("p")).await.expect(201);
    let binding = |node: &str| json!({"apiVersion": "v1", "kind": "Binding", "metadata": {"name": "p"}, "target": {"kind": "Node", "name": node}});
    let bound = cluster
        .post(&format!("{PODS}/p/binding"), &binding("n1"))
        .await
        .expect(201);
    assert_eq!(bound.json["status"], "Success");
    let object = cluster.get(&format!("{PODS}/p")).await;
    assert_eq!(object.json["spec"]["nodeName"], "n1");
    assert_eq!(
        object.json["status"]["conditions"][0]["type"],
        "PodScheduled"
    );
    assert_eq!(object.json["status"]["conditions"][0]["status"], "True");
    let twice = cluster
        .post("/api/v1/namespaces/default/bindings", &binding("n2"))
        .await
        .expect(409);
    assert_eq!(
        twice.message(),
        "Operation cannot be fulfilled on pods/binding \"p\": pod p is already assigned to node \"n1\""
    );
    let missing = json!({"metadata": {"name": "q"}, "target": {"name": "n1"}});
    cluster
        .post(&format!("{PODS}/q/binding"), &missing)
        .await
        .expect(404);
    let nowhere = json!({"metadata": {"name": "p"}, "target": {}});
    cluster
        .post(&format!("{PODS}/p/binding"), &nowhere)
        .await
        .expect(422);
}

#[tokio::test]
async fn bindings_that_race_are_decided() {
    let cluster = Cluster::start().await;
    cluster.post(PODS, &pod("p")).await.expect(201);
    let races = (0..10).map(|n| {
        let cluster = &cluster;
        let binding =
            json!({"metadata": {"name": "p"}, "target": {"kind": "Node", "name": format!("n{n}")}});
        async move {
            cluster
                .post(&format!("{PODS}/p/binding"), &binding)
                .await
                .code
        }
    });
    let codes = futures::future::join_all(races).await;
    assert_eq!(
        codes.iter().filter(|code| **code == 201).count(),
        1,
        "{codes:?}"
    );
    assert_eq!(
        codes.iter().filter(|code| **code == 409).count(),
        9,
        "{codes:?}"
    );
}

#[tokio::test]
async fn an_eviction_is_a_delete() {
    let cluster = Cluster::start().await;
    cluster.post(PODS, &pod("p")).await.expect(201);
    let eviction = json!({"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": "p", "namespace": "default"}});
    cluster
        .post(&format!("{PODS}/p/eviction"), &eviction)
        .await
        .expect(201);
    cluster.get(&format!("{PODS}/p")).await.expect(404);
}

#[tokio::test]
async fn a_log_needs_a_pod_a_container_and_a_node() {
    let cluster = Cluster::start().await;
    let mut two = pod("p");
    two["spec"]["containers"] = json!([{"name": "a", "image": "x"}, {"name": "b", "image": "x"}]);
    cluster.post(PODS, &two).await.expect(201);
    let path = format!("{PODS}/p/log");
    let unclear = cluster.get(&path).await.expect(400);
    assert_eq!(
        unclear.message(),
        "a container name must be specified for pod p, choose one of: [a b]"
    );
    let wrong = cluster
        .get(&format!("{path}?container=c"))
        .await
        .expect(400);
    assert_eq!(wrong.message(), "container c is not valid for pod p");
    let bad = cluster
        .get(&format!("{path}?container=a&tailLines=-1"))
        .await
        .expect(422);
    assert_eq!(
        bad.message(),
        "PodLogOptions \"p\" is invalid: tailLines: Invalid value: -1: must be greater than or equal to 0"
    );
    let unscheduled = cluster
        .get(&format!("{path}?container=a"))
        .await
        .expect(200);
    assert!(unscheduled.body.is_empty());
    cluster.get(&format!("{PODS}/none/log")).await.expect(404);
    let node = json!({"metadata": {"name": "n1"}, "status": {"addresses": [{"type": "InternalIP", "address": "127.0.0.1"}], "daemonEndpoints": {"kubeletEndpoint": {"Port": 1}}}});
    cluster.post("/api/v1/nodes", &node).await.expect(201);
    cluster
        .patch(
            "merge",
            "/api/v1/nodes/n1/status",
            &json!({"status": node["status"]}),
        )
        .await
        .expect(200);
    let binding = json!({"metadata": {"name": "p"}, "target": {"name": "n1"}});
    cluster
        .post(&format!("{PODS}/p/binding"), &binding)
        .await
        .expect(201);
    let refused = cluster
        .get(&format!("{path}?container=a"))
        .await
        .expect(500);
    assert!(
        refused
            .message()
            .contains("dial tcp 127.0.0.1:1: connect: connection refused"),
        "{}",
        refused.message()
    );
}

/// A kubelet that answers each request with its path, twice, and asks for a certificate of the cluster's authority.
async fn kubelet(cluster: &Cluster) -> u16 {
    use rustls_pki_types::pem::PemObject;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let pki = Pki::open(
        &cluster.dir.path().join("pki"),
        "2026-01-01T00:00:00Z".parse().unwrap(),
    )
    .unwrap();
    let names = Names {
        dns: vec!["n1".to_owned()],
        addresses: vec!["127.0.0.1".parse().unwrap()],
    };
    let pair = pki.kubelet_serving("n1", &names).unwrap();
    let mut roots = rustls::RootCertStore::empty();
    roots
        .add(PemObject::from_pem_slice(pki.ca_certificate().as_bytes()).unwrap())
        .unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let verifier = rustls::server::WebPkiClientVerifier::builder_with_provider(
        Arc::new(roots),
        Arc::clone(&provider),
    );
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_client_cert_verifier(verifier.build().unwrap())
        .with_single_cert(
            vec![PemObject::from_pem_slice(pair.certificate.as_bytes()).unwrap()],
            PemObject::from_pem_slice(pair.key.as_bytes()).unwrap(),
        )
        .unwrap();
    let tls = tokio_rustls::TlsAcceptor::from(Arc::new(config));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let mut stream = tls.accept(stream).await.unwrap();
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                head.push(stream.read_u8().await.unwrap());
            }
            let path = String::from_utf8(head)
                .unwrap()
                .split(' ')
                .nth(1)
                .unwrap()
                .to_owned();
            let answer = if path.contains("waiting") {
                let text =
                    "container \"waiting\" in pod \"p\" is waiting to start: ContainerCreating\n";
                format!(
                    "HTTP/1.1 400 Bad Request\r\ncontent-length: {}\r\n\r\n{text}",
                    text.len()
                )
            } else {
                format!("HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n{path}\n{path}\n")
            };
            stream.write_all(answer.as_bytes()).await.unwrap();
            stream.shutdown().await.unwrap();
        }
    });
    port
}

#[tokio::test]
async fn a_log_comes_from_the_kubelet_of_the_node() {
    let cluster = Cluster::start().await;
    let port = kubelet(&cluster).await;
    let status = json!({"addresses": [{"type": "InternalIP", "address": "127.0.0.1"}], "daemonEndpoints": {"kubeletEndpoint": {"Port": port}}});
    cluster
        .post("/api/v1/nodes", &json!({"metadata": {"name": "n1"}}))
        .await
        .expect(201);
    cluster
        .patch(
            "merge",
            "/api/v1/nodes/n1/status",
            &json!({"status": status}),
        )
        .await
        .expect(200);
    let mut object = pod("p");
    object["spec"]["nodeName"] = json!("n1");
    object["spec"]["containers"] =
        json!([{"name": "main", "image": "x"}, {"name": "waiting", "image": "x"}]);
    cluster.post(PODS, &object).await.expect(201);
    let log = cluster
        .get(&format!("{PODS}/p/log?container=main&follow=true&tailLines=5&previous=false&sinceTime=2026-01-01T00%3A00%3A00Z&nonsense=1"))
        .await
        .expect(200);
    assert_eq!(log.headers["content-type"], "text/plain");
    let path = "/containerLogs/default/p/main?follow=true&previous=false&sinceTime=2026%2D01%2D01T00%3A00%3A00Z&tailLines=5";
    assert_eq!(log.body, format!("{path}\n{path}\n"));
    let waiting = cluster
        .get(&format!("{PODS}/p/log?container=waiting"))
        .await
        .expect(400);
    assert_eq!(
        waiting.message(),
        "container \"waiting\" in pod \"p\" is waiting to start: ContainerCreating"
    );
}

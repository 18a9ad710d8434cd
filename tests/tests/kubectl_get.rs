//! `kubectl get` in its output formats and with its selections.

use std::time::Duration;

use anyhow::ensure;
use hydrofoil_tests::kubectl::has;
use hydrofoil_tests::manifests::{configmap, deployment, pod};
use hydrofoil_tests::wait::PATIENCE;
use hydrofoil_tests::{Cluster, Kubectl, eventually};

/// Three ConfigMaps with labels.
fn configmaps(kubectl: &Kubectl) -> anyhow::Result<()> {
    for (name, tier) in [("one", "front"), ("two", "back"), ("three", "back")] {
        kubectl.apply(&configmap(name, "k", name))?;
        kubectl.run(&["label", "configmap", name, &format!("tier={tier}")])?;
    }
    Ok(())
}

#[test]
fn output_formats() -> anyhow::Result<()> {
    let kubectl = Cluster::shared()?.kubectl("get-formats")?;
    configmaps(&kubectl)?;
    let get = |format: &str| kubectl.run(&["get", "configmap", "one", "-o", format]);
    has(
        "the table",
        &kubectl.run(&["get", "configmap", "one"])?,
        &["NAME DATA AGE", "one 1 "],
    )?;
    has(
        "yaml",
        &get("yaml")?,
        &[
            "apiVersion: v1",
            "kind: ConfigMap",
            "data:",
            "k: one",
            "namespace: get-formats",
        ],
    )?;
    let json: serde_json::Value = serde_json::from_str(&get("json")?)?;
    ensure!(json["metadata"]["name"] == "one" && json["metadata"]["managedFields"].is_null());
    ensure!(get("name")? == "configmap/one\n");
    ensure!(get("jsonpath={.metadata.name}={.data.k}")? == "one=one");
    ensure!(get("jsonpath-as-json={.data}")?.contains("\"k\": \"one\""));
    ensure!(get("go-template={{.metadata.name}}!")? == "one!");
    has(
        "columns",
        &get("custom-columns=WHO:.metadata.name,WHAT:.data.k")?,
        &["WHO WHAT", "one one"],
    )?;
    has("wide", &get("wide")?, &["NAME DATA AGE"])?;
    let kyaml = get("kyaml")?;
    has("kyaml", &kyaml, &["kind: \"ConfigMap\"", "k: \"one\""])?;
    has(
        "without headers",
        &kubectl.run(&["get", "cm", "one", "--no-headers"])?,
        &["one 1"],
    )?;
    ensure!(
        !kubectl
            .run(&["get", "cm", "one", "--no-headers"])?
            .contains("NAME")
    );
    let template = kubectl.file("t.tmpl", "{{range .items}}{{.metadata.name}} {{end}}")?;
    ensure!(
        kubectl.run(&[
            "get",
            "cm",
            "-l",
            "tier",
            "-o",
            "go-template-file",
            "--template",
            &template
        ])? == "one three two "
    );
    Ok(())
}

#[test]
fn selections() -> anyhow::Result<()> {
    let kubectl = Cluster::shared()?.kubectl("get-selections")?;
    configmaps(&kubectl)?;
    let names = |more: &[&str]| kubectl.run(&[&["get", "configmaps", "-o", "name"], more].concat());
    ensure!(names(&["-l", "tier=back"])? == "configmap/three\nconfigmap/two\n");
    ensure!(names(&["-l", "tier!=back,tier"])? == "configmap/one\n");
    ensure!(names(&["-l", "tier in (front, side)"])? == "configmap/one\n");
    ensure!(names(&["--field-selector", "metadata.name=two"])? == "configmap/two\n");
    for (name, rank) in [("one", "3"), ("two", "1"), ("three", "2")] {
        kubectl.run(&["annotate", "configmap", name, &format!("rank={rank}")])?;
    }
    ensure!(
        names(&["-l", "tier", "--sort-by=.metadata.annotations.rank"])?
            == "configmap/two\nconfigmap/three\nconfigmap/one\n"
    );
    kubectl.run(&["get", "configmaps", "--sort-by=.metadata.creationTimestamp"])?;
    ensure!(
        names(&["-l", "tier", "--chunk-size=1"])?
            == "configmap/one\nconfigmap/three\nconfigmap/two\n"
    );
    kubectl.shows(
        &["get", "configmaps", "-A", "-l", "tier=front"],
        &["NAMESPACE NAME DATA AGE", "get-selections one 1"],
    )?;
    kubectl.shows(
        &["get", "configmaps", "--show-labels"],
        &["LABELS", "tier=front"],
    )?;
    has(
        "an unknown field",
        &kubectl.fails(&["get", "configmaps", "--field-selector", "data.k=one"])?,
        &[
            "\"data.k\" is not a known field selector: only \"metadata.name\", \"metadata.namespace\"",
        ],
    )?;
    has(
        "an unknown field of pods",
        &kubectl.fails(&["get", "pods", "--field-selector", "data.k=one"])?,
        &["field label not supported: data.k"],
    )?;
    has(
        "a broken selector",
        &kubectl.fails(&["get", "configmaps", "-l", "tier in (x"])?,
        &["unable to parse requirement"],
    )?;
    ensure!(
        kubectl
            .run(&["get", "configmap", "nothing", "--ignore-not-found"])?
            .is_empty()
    );
    let none = kubectl.try_run(&["get", "jobs"])?;
    ensure!(
        none.ok() && none.stderr == "No resources found in get-selections namespace.\n",
        "{none:?}"
    );
    Ok(())
}

#[test]
fn pods_by_field() -> anyhow::Result<()> {
    let cluster = Cluster::shared()?;
    let kubectl = cluster.kubectl("get-fields")?;
    let image = cluster.image("probe");
    kubectl.apply(&pod("done", &image, &["say", "x"]))?;
    kubectl.apply(&pod("running", &image, &["forever"]))?;
    kubectl.eventually_field("pod/done", ".status.phase", "Succeeded")?;
    kubectl.eventually_field("pod/running", ".status.phase", "Running")?;
    let names =
        |selector: &str| kubectl.run(&["get", "pods", "-o", "name", "--field-selector", selector]);
    ensure!(names("status.phase=Running")? == "pod/running\n");
    ensure!(names("status.phase!=Running")? == "pod/done\n");
    let node = kubectl.field("pod/running", ".spec.nodeName")?;
    ensure!(names(&format!("spec.nodeName={node},status.phase=Succeeded"))? == "pod/done\n");
    kubectl.shows(
        &["get", "pods", "-o", "wide"],
        &[
            "NAME READY STATUS RESTARTS AGE IP NODE NOMINATED NODE READINESS GATES",
            "done 0/1 Completed 0",
            "running 1/1 Running 0",
            &node,
        ],
    )?;
    kubectl.run(&["delete", "pod", "running", "--now"])?;
    Ok(())
}

#[test]
fn watching_shows_each_change() -> anyhow::Result<()> {
    let kubectl = Cluster::shared()?.kubectl("get-watch")?;
    kubectl.apply(&configmap("seen", "k", "v"))?;
    let mut watch = kubectl.stream(&[
        "get",
        "configmaps",
        "-w",
        "--output-watch-events",
        "-l",
        "!skip",
    ])?;
    watch.line("seen", PATIENCE)?;
    let mut names = kubectl.stream(&["get", "configmaps", "-w", "-o", "name"])?;
    names.line("configmap/seen", PATIENCE)?;
    kubectl.apply(&configmap("later", "k", "v"))?;
    names.line("configmap/later", PATIENCE)?;
    let added = watch.line("later", PATIENCE)?;
    ensure!(added.starts_with("ADDED"), "{added}");
    kubectl.apply(&configmap("later", "k", "w"))?;
    let changed = watch.line("later", PATIENCE)?;
    ensure!(changed.starts_with("MODIFIED"), "{changed}");
    kubectl.run(&["delete", "configmap", "later"])?;
    let deleted = watch.line("later", PATIENCE)?;
    ensure!(deleted.starts_with("DELETED"), "{deleted}");
    // Nothing tells when this watch has begun: the object changes until a change is seen.
    let mut only = kubectl.stream(&[
        "get",
        "configmap",
        "seen",
        "--watch-only",
        "-o",
        "jsonpath={.data.k}{\"\\n\"}",
    ])?;
    let mut change = 0;
    eventually(|| {
        change += 1;
        let patch = format!("{{\"data\":{{\"k\":\"watched {change}\"}}}}");
        kubectl.run(&["patch", "configmap", "seen", "-p", &patch])?;
        only.line("watched", Duration::from_secs(2))
    })?;
    Ok(())
}

#[test]
fn several_kinds_at_once() -> anyhow::Result<()> {
    let cluster = Cluster::shared()?;
    let kubectl = cluster.kubectl("get-all")?;
    kubectl.apply(&deployment("web", &cluster.image("hello-http"), 1))?;
    kubectl.run(&["expose", "deployment", "web", "--port=8080"])?;
    kubectl.run(&["rollout", "status", "deployment/web", "--timeout=60s"])?;
    kubectl.shows(
        &["get", "all"],
        &[
            "pod/web-",
            "service/web",
            "deployment.apps/web",
            "replicaset.apps/web-",
        ],
    )?;
    kubectl.shows(
        &["get", "deploy,svc", "-o", "name"],
        &["deployment.apps/web", "service/web"],
    )?;
    kubectl.shows(&["get", "rs"], &["NAME DESIRED CURRENT READY AGE", "1 1 1"])?;
    let list = kubectl.json(&["pods"])?;
    ensure!(list["kind"] == "List" && list["items"][0]["kind"] == "Pod");
    let tree = kubectl.field("pods", ".items[0].metadata.ownerReferences[0].kind");
    ensure!(tree? == "ReplicaSet");
    kubectl.run(&["scale", "deployment/web", "--replicas=0"])?;
    Ok(())
}

#[test]
fn the_system_has_what_people_look_for() -> anyhow::Result<()> {
    let cluster = Cluster::shared()?;
    let kubectl = cluster.kubectl("get-system")?;
    kubectl.shows(
        &["get", "namespaces"],
        &[
            "default Active",
            "kube-system Active",
            "kube-public Active",
            "kube-node-lease Active",
        ],
    )?;
    kubectl.shows(
        &["get", "nodes"],
        &["NAME STATUS ROLES AGE VERSION", " Ready "],
    )?;
    kubectl.shows(
        &["get", "nodes", "-o", "wide"],
        &["INTERNAL-IP", "CONTAINER-RUNTIME"],
    )?;
    kubectl.shows(
        &["get", "service", "kubernetes", "-n", "default"],
        &[&format!(
            "kubernetes ClusterIP {}0.1",
            cluster.service_prefix()
        )],
    )?;
    kubectl.shows(
        &["get", "leases", "-n", "kube-node-lease"],
        &["NAME HOLDER AGE"],
    )?;
    Ok(())
}

//! A cluster that is stopped or killed and started again on its data: every object is there, every pod comes back.

use std::io::Read as _;
use std::process::{Command, Stdio};

use anyhow::ensure;
use hydrofoil_tests::kubectl::has;
use hydrofoil_tests::manifests::{configmap, deployment};
use hydrofoil_tests::{Cluster, Kubectl, eventually, raw, tools};

fn fill(cluster: &Cluster, kubectl: &Kubectl) -> anyhow::Result<()> {
    cluster.push_guests()?;
    kubectl.apply(&configmap("kept", "k", "v"))?;
    kubectl.apply(&deployment("web", &cluster.image("hello-http"), 3))?;
    kubectl.run(&["expose", "deployment", "web", "--port=8080"])?;
    kubectl.run(&[
        "create",
        "job",
        "once",
        "--image",
        &cluster.image("probe"),
        "--",
        "probe",
        "say",
        "ran",
    ])?;
    kubectl.run(&["rollout", "status", "deployment/web", "--timeout=60s"])?;
    kubectl.run(&[
        "wait",
        "--for=condition=complete",
        "job/once",
        "--timeout=60s",
    ])?;
    Ok(())
}

/// What must be the same afterwards.
fn identities(kubectl: &Kubectl) -> anyhow::Result<String> {
    kubectl.run(&[
        "get",
        "configmap/kept",
        "deployment/web",
        "service/web",
        "job/once",
        "-o",
        "jsonpath={range .items[*]}{.kind} {.metadata.uid} {.spec.clusterIP}{\"\\n\"}{end}",
    ])
}

fn is_back(kubectl: &Kubectl, before: &str) -> anyhow::Result<()> {
    ensure!(identities(kubectl)? == before);
    ensure!(kubectl.field("configmap/kept", ".data.k")? == "v");
    kubectl.run(&[
        "wait",
        "--for=condition=Ready",
        "nodes",
        "--all",
        "--timeout=60s",
    ])?;
    kubectl.eventually_field("deployment/web", ".status.readyReplicas", "3")?;
    let address = kubectl.field("service/web", ".spec.clusterIP")?;
    eventually(|| {
        let answer = raw::http(&format!("http://{address}:8080/"))?;
        ensure!(answer.status == 200, "{answer:?}");
        let pods = kubectl.run(&["get", "pods", "-l", "app=web", "--no-headers"])?;
        ensure!(
            pods.lines().count() == 3 && pods.lines().all(|line| line.contains("1/1")),
            "{pods}"
        );
        Ok(())
    })?;
    // What was done is not done again.
    ensure!(
        kubectl
            .run(&["get", "pods", "-l", "job-name=once", "-o", "name"])?
            .lines()
            .count()
            == 1
    );
    ensure!(kubectl.field("job/once", ".status.succeeded")? == "1");
    // And it still works.
    kubectl.run(&["scale", "deployment/web", "--replicas=4"])?;
    kubectl.run(&["rollout", "status", "deployment/web", "--timeout=60s"])?;
    kubectl.run(&["scale", "deployment/web", "--replicas=3"])?;
    kubectl.run(&["rollout", "status", "deployment/web", "--timeout=60s"])?;
    Ok(())
}

#[test]
fn stopped_and_started() -> anyhow::Result<()> {
    let mut cluster = Cluster::start()?;
    let kubectl = cluster.kubectl("restart-stop")?;
    fill(&cluster, &kubectl)?;
    let before = identities(&kubectl)?;
    let pid = cluster.pid()?;
    ensure!(cluster.stop()? == 0, "{}", cluster.log());
    ensure!(!std::path::Path::new(&format!("/proc/{pid}")).exists());
    ensure!(kubectl.fails(&["get", "pods"])?.contains("refused"));
    cluster.start_again(&[])?;
    is_back(&kubectl, &before)
}

#[test]
fn killed_and_started() -> anyhow::Result<()> {
    let mut cluster = Cluster::start()?;
    let kubectl = cluster.kubectl("restart-kill")?;
    fill(&cluster, &kubectl)?;
    let before = identities(&kubectl)?;
    for _ in 0..2 {
        cluster.kill()?;
        cluster.start_again(&[])?;
        is_back(&kubectl, &before)?;
    }
    Ok(())
}

#[test]
fn killed_amid_writes() -> anyhow::Result<()> {
    let mut cluster = Cluster::start()?;
    let kubectl = cluster.kubectl("restart-writes")?;
    let mut acknowledged = Vec::new();
    for round in 0..3 {
        let many: Vec<String> = (0..40)
            .map(|n| configmap(&format!("c-{round}-{n}"), "n", &n.to_string()))
            .collect();
        let file = kubectl.file("many.yaml", &many.join("---\n"))?;
        let mut writer = kubectl.stream(&["create", "-f", &file])?;
        // Killed once some are written, while the others are on their way.
        writer.line(
            &format!("configmap/c-{round}-{}", 5 * (round + 1)),
            std::time::Duration::from_secs(60),
        )?;
        cluster.kill()?;
        let lines = writer.end(std::time::Duration::from_secs(60))?;
        acknowledged.extend(
            lines
                .iter()
                .filter_map(|line| line.strip_suffix(" created"))
                .map(str::to_owned),
        );
        cluster.start_again(&[])?;
        let stored = kubectl.run(&["get", "configmaps", "-o", "name"])?;
        for name in &acknowledged {
            ensure!(
                stored.lines().any(|line| line == name),
                "{name} was acknowledged and is gone:\n{stored}"
            );
        }
    }
    ensure!(
        acknowledged.len() >= 15,
        "{} writes were acknowledged",
        acknowledged.len()
    );
    Ok(())
}

#[test]
fn a_taken_port_and_a_taken_folder_are_named() -> anyhow::Result<()> {
    let cluster = Cluster::shared()?;
    let taken = cluster.addresses().apiserver.clone();
    let other = tempfile::tempdir()?;
    let refused = |data: &std::path::Path, listen: &str| -> anyhow::Result<String> {
        let mut child = Command::new("timeout")
            .arg("60")
            .arg(tools::hydrofoil()?)
            .args([
                "up",
                "--kubelet-listen",
                "127.0.0.1:0",
                "--proxy-healthz-listen",
                "127.0.0.1:0",
            ])
            .args([
                "--registry-listen",
                "127.0.0.1:0",
                "--apiserver-listen",
                listen,
            ])
            .arg("--data-dir")
            .arg(data)
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()?;
        let mut text = String::new();
        if let Some(mut pipe) = child.stderr.take() {
            pipe.read_to_string(&mut text)?;
        }
        let status = child.wait()?;
        ensure!(status.code() == Some(1), "{status}: {text}");
        Ok(text)
    };
    has(
        "a taken port",
        &refused(other.path(), &taken)?,
        &[&taken, "in use"],
    )?;
    let folder = cluster.data_dir();
    has(
        "a taken folder",
        &refused(&folder, "127.0.0.1:0")?,
        &["another hydrofoil uses it"],
    )
}

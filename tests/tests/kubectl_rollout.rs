//! `kubectl rollout status`, `history`, `undo`, `restart`, `pause` and `resume`.

use anyhow::ensure;
use hydrofoil_tests::kubectl::has;
use hydrofoil_tests::manifests::deployment;
use hydrofoil_tests::wait::PATIENCE;
use hydrofoil_tests::{Cluster, Kubectl};

const WAIT: &str = "--timeout=60s";

fn greet(kubectl: &Kubectl, greeting: &str) -> anyhow::Result<()> {
    kubectl.run(&[
        "set",
        "env",
        "deployment/web",
        &format!("GREETING={greeting}"),
    ])?;
    kubectl.run(&[
        "annotate",
        "--overwrite",
        "deployment/web",
        &format!("kubernetes.io/change-cause=say {greeting}"),
    ])?;
    kubectl.run(&["rollout", "status", "deployment/web", WAIT])?;
    Ok(())
}

fn greeting(kubectl: &Kubectl) -> anyhow::Result<String> {
    kubectl.field(
        "deployment/web",
        ".spec.template.spec.containers[0].env[0].value",
    )
}

#[test]
fn history_and_undo() -> anyhow::Result<()> {
    let cluster = Cluster::shared()?;
    let kubectl = cluster.kubectl("rollout-undo")?;
    kubectl.apply(&deployment("web", &cluster.image("hello-http"), 2))?;
    kubectl.run(&["rollout", "status", "deployment/web", WAIT])?;
    greet(&kubectl, "Hei")?;
    greet(&kubectl, "Moi")?;
    kubectl.shows(
        &["rollout", "history", "deployment/web"],
        &[
            "REVISION CHANGE-CAUSE",
            "1 <none>",
            "2 say Hei",
            "3 say Moi",
        ],
    )?;
    kubectl.shows(
        &["rollout", "history", "deployment/web", "--revision=2"],
        &["Pod Template:", "GREETING: Hei"],
    )?;
    ensure!(
        kubectl.run(&["rollout", "undo", "deployment/web"])? == "deployment.apps/web rolled back\n"
    );
    kubectl.run(&["rollout", "status", "deployment/web", WAIT])?;
    ensure!(greeting(&kubectl)? == "Hei");
    kubectl.run(&["rollout", "undo", "deployment/web", "--to-revision=3"])?;
    kubectl.run(&["rollout", "status", "deployment/web", WAIT])?;
    ensure!(greeting(&kubectl)? == "Moi");
    has(
        "undo to nowhere",
        &kubectl.fails(&["rollout", "undo", "deployment/web", "--to-revision=99"])?,
        &["unable to find specified revision 99 in history"],
    )?;
    kubectl.run(&["scale", "deployment/web", "--replicas=0"])?;
    Ok(())
}

#[test]
fn status_tells_how_far_it_is() -> anyhow::Result<()> {
    let cluster = Cluster::shared()?;
    let kubectl = cluster.kubectl("rollout-status")?;
    kubectl.apply(&deployment("web", &cluster.image("no-such-image"), 1))?;
    let mut status = kubectl.stream(&["rollout", "status", "deployment/web"])?;
    status.line("Waiting for deployment \"web\" rollout to finish: 0 of 1 updated replicas are available...", PATIENCE)?;
    let late = kubectl.fails(&["rollout", "status", "deployment/web", "--timeout=1s"])?;
    has(
        "a rollout that takes too long",
        &late,
        &["error: timed out waiting for the condition"],
    )?;
    kubectl.run(&[
        "set",
        "image",
        "deployment/web",
        &format!("main={}", cluster.image("hello-http")),
    ])?;
    status.line("deployment \"web\" successfully rolled out", PATIENCE)?;
    kubectl.run(&["scale", "deployment/web", "--replicas=0"])?;
    Ok(())
}

#[test]
fn restart_replaces_every_pod() -> anyhow::Result<()> {
    let cluster = Cluster::shared()?;
    let kubectl = cluster.kubectl("rollout-restart")?;
    kubectl.apply(&deployment("web", &cluster.image("hello-http"), 2))?;
    kubectl.run(&["rollout", "status", "deployment/web", WAIT])?;
    let before = kubectl.run(&["get", "pods", "-o", "name"])?;
    ensure!(
        kubectl.run(&["rollout", "restart", "deployment/web"])?
            == "deployment.apps/web restarted\n"
    );
    kubectl.run(&["rollout", "status", "deployment/web", WAIT])?;
    ensure!(
        kubectl
            .field("deployment/web", ".spec.template.metadata.annotations")?
            .contains("kubectl.kubernetes.io/restartedAt")
    );
    for pod in before.lines() {
        kubectl.run(&["wait", "--for=delete", pod, WAIT])?;
    }
    ensure!(kubectl.field("deployment/web", ".status.readyReplicas")? == "2");
    kubectl.run(&["scale", "deployment/web", "--replicas=0"])?;
    Ok(())
}

#[test]
fn a_paused_deployment_waits() -> anyhow::Result<()> {
    let cluster = Cluster::shared()?;
    let kubectl = cluster.kubectl("rollout-pause")?;
    kubectl.apply(&deployment("web", &cluster.image("hello-http"), 1))?;
    kubectl.run(&["rollout", "status", "deployment/web", WAIT])?;
    ensure!(
        kubectl.run(&["rollout", "pause", "deployment/web"])? == "deployment.apps/web paused\n"
    );
    kubectl.run(&["set", "env", "deployment/web", "GREETING=Hei"])?;
    kubectl.eventually_field("deployment/web", ".status.observedGeneration", "3")?;
    kubectl.shows(&["rollout", "history", "deployment/web"], &["1 <none>"])?;
    ensure!(
        kubectl
            .run(&["get", "replicasets", "-o", "name"])?
            .lines()
            .count()
            == 1
    );
    ensure!(
        kubectl.run(&["rollout", "resume", "deployment/web"])? == "deployment.apps/web resumed\n"
    );
    kubectl.run(&["rollout", "status", "deployment/web", WAIT])?;
    ensure!(
        kubectl
            .run(&["get", "replicasets", "-o", "name"])?
            .lines()
            .count()
            == 2
    );
    kubectl.run(&["scale", "deployment/web", "--replicas=0"])?;
    Ok(())
}

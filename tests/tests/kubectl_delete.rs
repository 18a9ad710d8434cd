//! `kubectl delete` with its grace periods and cascades, and `kubectl wait`.

use std::time::{Duration, Instant};

use anyhow::ensure;
use hydrofoil_tests::kubectl::has;
use hydrofoil_tests::manifests::{configmap, deployment, pod, pod_with};
use hydrofoil_tests::wait::PATIENCE;
use hydrofoil_tests::{Cluster, Kubectl, eventually};

fn rolled_out(kubectl: &Kubectl, image: &str) -> anyhow::Result<()> {
    kubectl.apply(&deployment("web", image, 2))?;
    kubectl.run(&["rollout", "status", "deployment/web", "--timeout=60s"])?;
    Ok(())
}

fn count(kubectl: &Kubectl, kinds: &str) -> anyhow::Result<usize> {
    Ok(kubectl.run(&["get", kinds, "-o", "name"])?.lines().count())
}

#[test]
fn a_deleted_pod_goes_after_its_grace() -> anyhow::Result<()> {
    let cluster = Cluster::shared()?;
    let kubectl = cluster.kubectl("delete-grace")?;
    let image = cluster.image("probe");
    for name in ["now", "one", "forced"] {
        let patient = pod(name, &image, &["forever"]).replace(
            "terminationGracePeriodSeconds: 1",
            "terminationGracePeriodSeconds: 600",
        );
        kubectl.apply(&patient)?;
    }
    for name in ["now", "one", "forced"] {
        kubectl.eventually_field(&format!("pod/{name}"), ".status.phase", "Running")?;
    }
    let begun = Instant::now();
    let deleted = kubectl.run(&["delete", "pod", "one", "--grace-period=1"])?;
    has("delete", &deleted, &["pod \"one\" deleted"])?;
    ensure!(
        begun.elapsed() < Duration::from_secs(30),
        "{:?}",
        begun.elapsed()
    );
    kubectl.run(&["delete", "pod", "now", "--now"])?;
    let forced = kubectl.try_run(&["delete", "pod", "forced", "--force", "--grace-period=0"])?;
    ensure!(forced.ok(), "{forced:?}");
    has(
        "delete --force",
        &forced.stderr,
        &[
            "Warning: Immediate deletion does not wait for confirmation that the running resource has been terminated.",
        ],
    )?;
    has(
        "delete --force",
        &forced.stdout,
        &["pod \"forced\" force deleted"],
    )?;
    ensure!(count(&kubectl, "pods")? == 0);
    has(
        "delete",
        &kubectl.fails(&["delete", "pod", "one"])?,
        &["Error from server (NotFound): pods \"one\" not found"],
    )?;
    kubectl.run(&["delete", "pod", "one", "--ignore-not-found"])?;
    Ok(())
}

#[test]
fn while_it_stops_a_pod_is_terminating() -> anyhow::Result<()> {
    let cluster = Cluster::shared()?;
    let kubectl = cluster.kubectl("delete-terminating")?;
    // On no node and with a finalizer: nothing but the finalizer keeps the object, so that there is time to look.
    let spec = "restartPolicy: Never\nnodeSelector:\n  nowhere: to-be-found";
    let held = pod_with("held", &cluster.image("probe"), &[], spec).replace(
        "  name: held\n",
        "  name: held\n  finalizers: [example.com/hold]\n",
    );
    kubectl.apply(&held)?;
    kubectl.eventually_shows(
        &["describe", "pod", "held"],
        &["Warning FailedScheduling", "0/1 nodes are available"],
    )?;
    kubectl.run(&["delete", "pod", "held", "--wait=false"])?;
    kubectl.shows(&["get", "pod", "held"], &["held 0/1 Terminating"])?;
    kubectl.shows(
        &["describe", "pod", "held"],
        &["Status: Terminating (lasts"],
    )?;
    kubectl.run(&[
        "patch",
        "pod",
        "held",
        "--type=json",
        "-p",
        r#"[{"op":"remove","path":"/metadata/finalizers"}]"#,
    ])?;
    kubectl.run(&["wait", "--for=delete", "pod/held", "--timeout=60s"])?;
    Ok(())
}

#[test]
fn cascade_in_the_background() -> anyhow::Result<()> {
    let cluster = Cluster::shared()?;
    let kubectl = cluster.kubectl("delete-background")?;
    rolled_out(&kubectl, &cluster.image("hello-http"))?;
    ensure!(
        kubectl
            .run(&["delete", "deployment", "web"])?
            .contains("deployment.apps \"web\" deleted")
    );
    eventually(|| {
        let left = count(&kubectl, "deployments,replicasets,pods")?;
        ensure!(left == 0, "{left} objects remain");
        Ok(())
    })
}

#[test]
fn cascade_in_the_foreground() -> anyhow::Result<()> {
    let cluster = Cluster::shared()?;
    let kubectl = cluster.kubectl("delete-foreground")?;
    rolled_out(&kubectl, &cluster.image("hello-http"))?;
    kubectl.run(&[
        "delete",
        "deployment",
        "web",
        "--cascade=foreground",
        "--wait=false",
    ])?;
    let held = kubectl.try_run(&[
        "get",
        "deployment",
        "web",
        "-o",
        "jsonpath={.metadata.finalizers}",
    ])?;
    ensure!(
        held.stderr.contains("NotFound") || held.stdout == r#"["foregroundDeletion"]"#,
        "{held:?}"
    );
    kubectl.run(&["wait", "--for=delete", "deployment/web", "--timeout=60s"])?;
    // The owner went last.
    ensure!(count(&kubectl, "replicasets,pods")? == 0);
    Ok(())
}

#[test]
fn cascade_of_orphans() -> anyhow::Result<()> {
    let cluster = Cluster::shared()?;
    let kubectl = cluster.kubectl("delete-orphan")?;
    rolled_out(&kubectl, &cluster.image("hello-http"))?;
    let pods = kubectl.run(&["get", "pods", "-o", "name"])?;
    kubectl.run(&["delete", "deployment", "web", "--cascade=orphan"])?;
    ensure!(
        kubectl
            .run(&[
                "get",
                "replicasets",
                "-o",
                "jsonpath={.items[0].metadata.ownerReferences}"
            ])?
            .is_empty()
    );
    kubectl.run(&["delete", "replicasets", "--all", "--cascade=orphan"])?;
    ensure!(kubectl.run(&["get", "pods", "-o", "name"])? == pods);
    ensure!(
        kubectl
            .run(&[
                "get",
                "pods",
                "-o",
                "jsonpath={.items[0].metadata.ownerReferences}"
            ])?
            .is_empty()
    );
    kubectl.run(&["delete", "pods", "--all", "--now"])?;
    Ok(())
}

#[test]
fn by_label_by_file_and_by_namespace() -> anyhow::Result<()> {
    let cluster = Cluster::shared()?;
    let kubectl = cluster.kubectl("delete-many")?;
    for name in ["a", "b", "c"] {
        kubectl.apply(&configmap(name, "k", "v"))?;
    }
    kubectl.run(&["label", "configmap", "a", "b", "gone=soon"])?;
    let deleted = kubectl.run(&["delete", "configmaps", "-l", "gone=soon"])?;
    has(
        "delete by label",
        &deleted,
        &["configmap \"a\" deleted", "configmap \"b\" deleted"],
    )?;
    let file = kubectl.file("c.yaml", &configmap("c", "k", "v"))?;
    has(
        "delete by file",
        &kubectl.run(&["delete", "-f", &file])?,
        &["configmap \"c\" deleted"],
    )?;
    let dry = kubectl.run(&["create", "configmap", "d"])?;
    ensure!(dry == "configmap/d created\n");
    has(
        "a dry run",
        &kubectl.run(&["delete", "configmap", "d", "--dry-run=server"])?,
        &["configmap \"d\" deleted", "(server dry run)"],
    )?;
    ensure!(kubectl.field("configmap/d", ".metadata.name")? == "d");

    cluster.kubectl("delete-me")?;
    kubectl.run(&["create", "configmap", "inside", "-n", "delete-me"])?;
    kubectl.run(&[
        "run",
        "pod",
        "-n",
        "delete-me",
        "--image",
        &cluster.image("probe"),
        "--",
        "forever",
    ])?;
    kubectl.run(&["delete", "namespace", "delete-me", "--timeout=60s"])?;
    let refused = kubectl.fails(&["create", "configmap", "late", "-n", "delete-me"])?;
    has("create", &refused, &["namespaces \"delete-me\" not found"])
}

#[test]
fn waiting_for_conditions_fields_and_deletions() -> anyhow::Result<()> {
    let cluster = Cluster::shared()?;
    let kubectl = cluster.kubectl("delete-wait")?;
    let image = cluster.image("probe");
    kubectl.apply(&pod_with(
        "p",
        &image,
        &["sleep", "1000"],
        "restartPolicy: Never",
    ))?;
    ensure!(
        kubectl.run(&["wait", "--for=condition=Ready", "pod/p", "--timeout=60s"])?
            == "pod/p condition met\n"
    );
    kubectl.run(&[
        "wait",
        "--for=jsonpath={.status.phase}=Succeeded",
        "pod/p",
        "--timeout=60s",
    ])?;
    let late = kubectl.fails(&["wait", "--for=condition=Ready", "pod/p", "--timeout=1s"])?;
    has(
        "wait",
        &late,
        &["error: timed out waiting for the condition on pods/p"],
    )?;
    let mut created =
        kubectl.stream(&["wait", "--for=create", "configmap/later", "--timeout=60s"])?;
    kubectl.apply(&configmap("later", "k", "v"))?;
    created.line("configmap/later condition met", PATIENCE)?;
    let mut gone = kubectl.stream(&["wait", "--for=delete", "configmap/later", "--timeout=60s"])?;
    kubectl.run(&["delete", "configmap", "later"])?;
    // Deleted before the wait began is met too, without a word.
    let _ = gone.line("condition met", Duration::from_secs(5));
    kubectl.fails(&["get", "configmap", "later"])?;
    Ok(())
}

//! The `kubectl` that the machine has, of whatever version: the commands that every version knows.

use anyhow::ensure;
use hydrofoil_tests::manifests::{configmap, deployment};
use hydrofoil_tests::{Cluster, eventually};

#[test]
fn the_everyday_commands() -> anyhow::Result<()> {
    let cluster = Cluster::shared()?;
    let kubectl = cluster.path_kubectl("path-everyday")?;
    kubectl.apply(&deployment("web", &cluster.image("hello-http"), 2))?;
    kubectl.run(&["rollout", "status", "deployment/web", "--timeout=60s"])?;
    kubectl.run(&["expose", "deployment", "web", "--port=8080"])?;
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
        &["get", "pods", "-A", "-o", "wide"],
        &["path-everyday web-"],
    )?;
    kubectl.shows(
        &["get", "pods", "-l", "app=web", "-o", "yaml"],
        &["kind: Pod"],
    )?;
    kubectl.shows(
        &["describe", "deployment", "web"],
        &["Replicas: 2 desired | 2 updated"],
    )?;
    kubectl.shows(&["describe", "pods"], &["Successfully assigned", "Started"])?;
    kubectl.run(&["scale", "deployment/web", "--replicas=3"])?;
    kubectl.run(&["rollout", "status", "deployment/web", "--timeout=60s"])?;
    kubectl.run(&["set", "env", "deployment/web", "A=b"])?;
    kubectl.run(&["rollout", "status", "deployment/web", "--timeout=60s"])?;
    kubectl.run(&["rollout", "undo", "deployment/web"])?;
    kubectl.run(&["rollout", "history", "deployment/web"])?;
    kubectl.run(&["delete", "deployment,service", "web"])?;
    eventually(|| {
        ensure!(
            kubectl.run(&["get", "pods", "-o", "name"])?.is_empty(),
            "pods remain"
        );
        Ok(())
    })
}

#[test]
fn objects_and_logs() -> anyhow::Result<()> {
    let cluster = Cluster::shared()?;
    let kubectl = cluster.path_kubectl("path-objects")?;
    ensure!(kubectl.apply(&configmap("c", "k", "v"))? == "configmap/c created\n");
    ensure!(kubectl.apply(&configmap("c", "k", "w"))? == "configmap/c configured\n");
    ensure!(
        kubectl
            .pipe(
                &["apply", "--server-side", "--force-conflicts", "-f", "-"],
                &configmap("c", "k", "x")
            )?
            .contains("serverside-applied")
    );
    let changed = kubectl.feed(&["diff", "-f", "-"], &configmap("c", "k", "y"))?;
    ensure!(
        changed.code == 1 && changed.stdout.contains("+  k: \"y\"")
            || changed.stdout.contains("+  k: y"),
        "{changed:?}"
    );
    kubectl.run(&[
        "patch",
        "configmap",
        "c",
        "--type=merge",
        "-p",
        r#"{"data":{"k":"z"}}"#,
    ])?;
    kubectl.run(&["label", "configmap", "c", "a=b"])?;
    kubectl.run(&["annotate", "configmap", "c", "a=b"])?;
    ensure!(kubectl.field("configmap/c", ".data.k")? == "z");
    kubectl.run(&[
        "create",
        "job",
        "j",
        "--image",
        &cluster.image("probe"),
        "--",
        "probe",
        "say",
        "hello",
    ])?;
    kubectl.run(&["wait", "--for=condition=complete", "job/j", "--timeout=60s"])?;
    kubectl.eventually_shows(&["logs", "job/j"], &["hello"])?;
    kubectl.run(&["get", "events", "--sort-by=.metadata.creationTimestamp"])?;
    kubectl.shows(&["api-resources"], &["deployments"])?;
    kubectl.shows(&["explain", "pod.spec", "--recursive"], &["containers"])?;
    kubectl.run(&["version"])?;
    kubectl.run(&["cluster-info"])?;
    kubectl.run(&["delete", "configmap/c", "job/j"])?;
    Ok(())
}

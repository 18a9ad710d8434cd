//! `kubectl apply`, `diff`, `edit` and dry runs.

use anyhow::ensure;
use hydrofoil_tests::manifests::{configmap, deployment};
use hydrofoil_tests::{Cluster, kubectl::has};

#[test]
fn apply_creates_then_changes_then_does_nothing() -> anyhow::Result<()> {
    let kubectl = Cluster::shared()?.kubectl("apply-client")?;
    let one = configmap("settings", "color", "red");
    let two = configmap("settings", "color", "blue");
    ensure!(kubectl.apply(&one)? == "configmap/settings created\n");
    ensure!(kubectl.apply(&one)? == "configmap/settings unchanged\n");
    ensure!(kubectl.apply(&two)? == "configmap/settings configured\n");
    ensure!(kubectl.field("configmap/settings", ".data.color")? == "blue");
    // What the applied manifest no longer has is removed; what others added stays.
    kubectl.run(&[
        "patch",
        "configmap",
        "settings",
        "-p",
        r#"{"data":{"theirs":"x"}}"#,
    ])?;
    kubectl.apply(&configmap("settings", "shape", "round"))?;
    ensure!(kubectl.field("configmap/settings", ".data")? == r#"{"shape":"round","theirs":"x"}"#);
    Ok(())
}

#[test]
fn apply_merges_containers_by_name() -> anyhow::Result<()> {
    let cluster = Cluster::shared()?;
    let kubectl = cluster.kubectl("apply-merge")?;
    let manifest = deployment("web", &cluster.image("hello-http"), 0);
    kubectl.apply(&manifest)?;
    kubectl.run(&["set", "env", "deployment/web", "THEIRS=kept"])?;
    kubectl.apply(&manifest.replace("replicas: 0", "replicas: 0\n  minReadySeconds: 1"))?;
    ensure!(
        kubectl.field(
            "deployment/web",
            ".spec.template.spec.containers[0].env[0].name"
        )? == "THEIRS"
    );
    ensure!(kubectl.field("deployment/web", ".spec.minReadySeconds")? == "1");
    Ok(())
}

#[test]
fn server_side_apply_owns_fields_and_finds_conflicts() -> anyhow::Result<()> {
    let kubectl = Cluster::shared()?.kubectl("apply-server")?;
    let apply = |manager: &str, text: &str, more: &[&str]| {
        let arguments = [
            &[
                "apply",
                "--server-side",
                "--field-manager",
                manager,
                "-f",
                "-",
            ],
            more,
        ]
        .concat();
        kubectl.feed(&arguments, text)
    };
    let one = configmap("shared", "color", "red");
    ensure!(apply("alice", &one, &[])?.stdout == "configmap/shared serverside-applied\n");
    ensure!(apply("alice", &one, &[])?.stdout == "configmap/shared serverside-applied\n");
    let conflict = apply("bob", &configmap("shared", "color", "blue"), &[])?;
    ensure!(conflict.code == 1);
    has(
        "the conflict",
        &conflict.stderr,
        &[
            "Apply failed with 1 conflict: conflict with \"alice\": .data.color",
            "--force-conflicts",
        ],
    )?;
    ensure!(kubectl.field("configmap/shared", ".data.color")? == "red");
    ensure!(
        apply(
            "bob",
            &configmap("shared", "color", "blue"),
            &["--force-conflicts"]
        )?
        .ok()
    );
    ensure!(kubectl.field("configmap/shared", ".data.color")? == "blue");
    ensure!(apply("carol", &configmap("shared", "size", "big"), &[])?.ok());
    let managers = kubectl.run(&[
        "get",
        "configmap",
        "shared",
        "--show-managed-fields",
        "-o",
        "jsonpath={.metadata.managedFields[*].manager}",
    ])?;
    ensure!(
        managers.contains("bob") && managers.contains("carol"),
        "{managers}"
    );
    // A field that its only owner gives up is removed.
    ensure!(apply("carol", &configmap("shared", "weight", "low"), &[])?.ok());
    ensure!(kubectl.field("configmap/shared", ".data")? == r#"{"color":"blue","weight":"low"}"#);
    Ok(())
}

#[test]
fn server_side_apply_takes_over_from_client_side() -> anyhow::Result<()> {
    let cluster = Cluster::shared()?;
    let kubectl = cluster.kubectl("apply-upgrade")?;
    let manifest = deployment("web", &cluster.image("hello-http"), 0);
    kubectl.apply(&manifest)?;
    let output = kubectl.pipe(
        &["apply", "--server-side", "-f", "-"],
        &manifest.replace("replicas: 0", "replicas: 1"),
    )?;
    ensure!(output == "deployment.apps/web serverside-applied\n");
    ensure!(kubectl.field("deployment/web", ".spec.replicas")? == "1");
    kubectl.run(&["scale", "deployment/web", "--replicas=0"])?;
    Ok(())
}

#[test]
fn diff_shows_what_would_change() -> anyhow::Result<()> {
    let cluster = Cluster::shared()?;
    let kubectl = cluster.kubectl("apply-diff")?;
    let manifest = deployment("web", &cluster.image("hello-http"), 0);
    let fresh = kubectl.feed(&["diff", "-f", "-"], &manifest)?;
    ensure!(fresh.code == 1, "{fresh:?}");
    has(
        "diff of what is not there",
        &fresh.stdout,
        &["+kind: Deployment"],
    )?;
    kubectl.apply(&manifest)?;
    let same = kubectl.feed(&["diff", "-f", "-"], &manifest)?;
    ensure!(same.ok() && same.stdout.is_empty(), "{same:?}");
    let changed = kubectl.feed(
        &["diff", "-f", "-"],
        &manifest.replace("replicas: 0", "replicas: 3"),
    )?;
    ensure!(changed.code == 1);
    has(
        "diff",
        &changed.stdout,
        &[
            "- replicas: 0",
            "+ replicas: 3",
            "- generation: 1",
            "+ generation: 2",
        ],
    )?;
    let server = kubectl.feed(
        &["diff", "--server-side", "--field-manager=x", "-f", "-"],
        &configmap("new", "a", "b"),
    )?;
    ensure!(server.code == 1);
    has("server-side diff", &server.stdout, &["+data:", "+ a: b"])?;
    ensure!(kubectl.field("deployment/web", ".spec.replicas")? == "0");
    Ok(())
}

#[test]
fn dry_runs_store_nothing() -> anyhow::Result<()> {
    let kubectl = Cluster::shared()?.kubectl("apply-dry")?;
    let manifest = configmap("ghost", "a", "b");
    let server = kubectl.pipe(&["apply", "--dry-run=server", "-f", "-"], &manifest)?;
    ensure!(
        server == "configmap/ghost created (server dry run)\n",
        "{server}"
    );
    let client = kubectl.pipe(&["apply", "--dry-run=client", "-f", "-"], &manifest)?;
    ensure!(client == "configmap/ghost created (dry run)\n", "{client}");
    has(
        "get",
        &kubectl.fails(&["get", "configmap", "ghost"])?,
        &["Error from server (NotFound): configmaps \"ghost\" not found"],
    )
}

#[test]
fn apply_of_several_documents_and_set_last_applied() -> anyhow::Result<()> {
    let kubectl = Cluster::shared()?.kubectl("apply-many")?;
    let both = format!(
        "{}---\n{}",
        configmap("a", "k", "1"),
        configmap("b", "k", "2")
    );
    ensure!(kubectl.apply(&both)? == "configmap/a created\nconfigmap/b created\n");
    kubectl.shows(
        &["apply", "view-last-applied", "configmap/a"],
        &["data:", "k: \"1\""],
    )?;
    kubectl.run(&["create", "configmap", "c", "--from-literal=k=3"])?;
    let warned = kubectl.feed(&["apply", "-f", "-"], &configmap("c", "k", "4"))?;
    ensure!(warned.ok());
    has(
        "apply",
        &warned.stderr,
        &["is missing the kubectl.kubernetes.io/last-applied-configuration annotation"],
    )?;
    Ok(())
}

#[test]
fn edit_saves_what_the_editor_wrote() -> anyhow::Result<()> {
    let kubectl = Cluster::shared()?.kubectl("apply-edit")?;
    kubectl.apply(&configmap("settings", "color", "red"))?;
    let edited = kubectl.with_env(
        "KUBE_EDITOR",
        "sed -i s/red/green/",
        &["edit", "configmap", "settings"],
    )?;
    ensure!(edited.stdout == "configmap/settings edited\n", "{edited:?}");
    ensure!(kubectl.field("configmap/settings", ".data.color")? == "green");
    let same = kubectl.with_env("KUBE_EDITOR", "true", &["edit", "configmap", "settings"])?;
    has(
        "edit without changes",
        &same.stderr,
        &["Edit cancelled, no changes made."],
    )?;
    Ok(())
}

//! `hydrofoil push` and `hydrofoil kubeconfig`, as a user runs them.

use std::process::Command;

use anyhow::ensure;
use hydrofoil_tests::kubectl::has;
use hydrofoil_tests::{Cluster, tools};

#[test]
fn push_shows_progress_and_refuses_what_is_no_wasm() -> anyhow::Result<()> {
    let cluster = Cluster::shared()?;
    let folder = tempfile::tempdir()?;
    let reference = cluster.image("pushed/by-hand");
    let push = |file: &std::path::Path, reference: &str| {
        Command::new(tools::hydrofoil()?)
            .arg("push")
            .arg(file)
            .arg(reference)
            .output()
            .map_err(anyhow::Error::from)
    };
    let (_, guest) = tools::guests().swap_remove(0);
    let pushed = push(&guest, &reference)?;
    ensure!(pushed.status.success(), "{pushed:?}");
    let said = String::from_utf8(pushed.stdout)?;
    ensure!(said.contains(&format!("{reference}@sha256:")), "{said}");
    has(
        "progress",
        &String::from_utf8(pushed.stderr)?,
        &["sha256:", "bytes"],
    )?;

    let script = folder.path().join("script.sh");
    std::fs::write(&script, "#!/bin/sh\n")?;
    let refused = push(&script, &reference)?;
    ensure!(!refused.status.success());
    has(
        "push",
        &String::from_utf8(refused.stderr)?,
        &["script.sh", "not WebAssembly"],
    )?;
    let nowhere = push(&guest, "127.0.0.1:1/x:v1")?;
    ensure!(!nowhere.status.success());
    has(
        "push",
        &String::from_utf8(nowhere.stderr)?,
        &["127.0.0.1:1/x:v1", "refused"],
    )?;
    let wrong = push(&guest, "Not A Reference")?;
    has(
        "push",
        &String::from_utf8(wrong.stderr)?,
        &["invalid reference format"],
    )
}

#[test]
fn kubeconfig_merges_and_keeps_what_was_there() -> anyhow::Result<()> {
    let cluster = Cluster::shared()?;
    let home = tempfile::tempdir()?;
    let config = home.path().join(".kube/config");
    std::fs::create_dir_all(home.path().join(".kube"))?;
    std::fs::write(
        &config,
        "apiVersion: v1\nkind: Config\nclusters:\n- name: other\n  cluster:\n    server: https://127.0.0.1:1\ncontexts:\n- name: other\n  context:\n    cluster: other\n    user: other\nusers:\n- name: other\n  user: {}\ncurrent-context: other\n",
    )?;
    let merged = Command::new(tools::hydrofoil()?)
        .args(["kubeconfig", "--merge", "--data-dir"])
        .arg(cluster.data_dir())
        .env("HOME", home.path())
        .env_remove("KUBECONFIG")
        .output()?;
    ensure!(merged.status.success(), "{merged:?}");
    let kubectl = |arguments: &[&str]| -> anyhow::Result<String> {
        let output = Command::new(tools::tool("kubectl")?)
            .args(arguments)
            .env("HOME", home.path())
            .env_remove("KUBECONFIG")
            .output()?;
        ensure!(output.status.success(), "{output:?}");
        Ok(String::from_utf8(output.stdout)?)
    };
    has(
        "contexts",
        &kubectl(&["config", "get-contexts", "-o", "name"])?,
        &["other"],
    )?;
    ensure!(kubectl(&["config", "current-context"])?.trim() != "other");
    has("nodes", &kubectl(&["get", "nodes"])?, &["Ready"])?;
    let printed = Command::new(tools::hydrofoil()?)
        .args(["kubeconfig", "--data-dir"])
        .arg(cluster.data_dir())
        .output()?;
    has(
        "kubeconfig",
        &String::from_utf8(printed.stdout)?,
        &["kind: Config", &cluster.addresses().apiserver],
    )
}

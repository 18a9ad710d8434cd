//! Programs of others that speak to etcd, against the store under test: upstream's storage suite of kube-apiserver 1.36, and the
//! examples of two client libraries. Each is a program that finds the server in STORE_ENDPOINT and fails when an answer is wrong.
//!
//! `HYDROFOIL_STORE_BIN=tests/tools/bin/etcd` shows whether they are fair.

use std::process::Command;

use anyhow::ensure;
use hydrofoil_store_tests::cluster::{Cluster, Ports};
use hydrofoil_store_tests::{ports, stage, tools};

/// Runs a program beside one member.
fn passes(program: &mut Command) -> anyhow::Result<()> {
    let folder = tempfile::Builder::new()
        .prefix("clients-")
        .tempdir_in(stage::memory())?;
    let free = ports::free(2)?;
    let at = Ports {
        client: free[0],
        peer: free[1],
    };
    let cluster = Cluster::start(&tools::ours()?, &[at], &[], folder.path())?;
    let done = program
        .env("STORE_ENDPOINT", cluster.members[0].endpoint())
        .output()?;
    ensure!(
        done.status.success(),
        "{program:?}: {}{}",
        String::from_utf8_lossy(&done.stdout),
        String::from_utf8_lossy(&done.stderr)
    );
    Ok(())
}

/// `tests/tools/apiserver`.
#[test]
fn kube_apiserver_stores_and_watches() {
    let suite = tools::tool("apiserver-storage").unwrap();
    passes(Command::new(suite).arg("-test.timeout=5m")).unwrap();
}

/// `tests/tools/etcd-client`: Rust.
#[test]
fn the_examples_of_etcd_client() {
    let examples = tools::tool("etcd-client").unwrap();
    passes(&mut Command::new(examples)).unwrap();
}

/// `tests/tools/etcd3`: Python.
#[test]
fn the_examples_of_etcd3() {
    let script = tools::repository().join("tests/tools/etcd3/examples.py");
    let python = tools::tool("etcd3/bin/python").unwrap();
    passes(Command::new(python).arg(script)).unwrap();
}

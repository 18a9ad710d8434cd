//! Upstream's storage suite of kube-apiserver 1.36 (`tests/tools/apiserver`) against the store under test.

use std::process::Command;

use hydrofoil_store_tests::cluster::{Cluster, Ports};
use hydrofoil_store_tests::{ports, stage, tools};

#[test]
fn kube_apiserver_stores_and_watches() {
    let folder = tempfile::Builder::new()
        .prefix("apiserver-")
        .tempdir_in(stage::memory())
        .unwrap();
    let free = ports::free(2).unwrap();
    let at = Ports {
        client: free[0],
        peer: free[1],
    };
    let cluster = Cluster::start(&tools::ours().unwrap(), &[at], &[], folder.path()).unwrap();
    let suite = Command::new(tools::tool("apiserver-storage").unwrap())
        .args(["-test.timeout=5m"])
        .env("STORE_ENDPOINT", cluster.members[0].endpoint())
        .output()
        .unwrap();
    assert!(
        suite.status.success(),
        "{}{}",
        String::from_utf8_lossy(&suite.stdout),
        String::from_utf8_lossy(&suite.stderr)
    );
}

//! Resident memory of `hydrofoil up`, with nothing running and with 1,000 idle Wasm pods. Aims: below 80 MB, below 1 GB.

use std::time::Duration;

use anyhow::ensure;
use hydrofoil_tests::measure::{cpu_between, cpu_by_thread, memory, print_cpu};
use hydrofoil_tests::wait::{settle, within};
use hydrofoil_tests::{Cluster, tools};

/// How long the cluster is left alone before its memory is read.
const SETTLE: Duration = Duration::from_secs(15);
const AIM_EMPTY_KIB: u64 = 80_000_000 / 1024;
const AIM_FULL_KIB: u64 = 1_000_000_000 / 1024;

fn main() -> anyhow::Result<()> {
    let pods: u32 = tools::number("BENCH_PODS", 1000)?;
    let cluster = Cluster::start()?;
    let pid = cluster.pid()?;
    settle(SETTLE);
    let empty = memory(pid)?;
    println!("nothing running: {empty}");
    verdict(empty.resident, AIM_EMPTY_KIB);

    cluster.push_guests()?;
    let kubectl = cluster.kubectl("idle")?;
    let manifest =
        std::fs::read_to_string(tools::repository().join("examples/hello-http/manifest.yaml"))?;
    let manifest = manifest
        .replace(
            "127.0.0.1:5000/",
            &format!("{}/", cluster.addresses().registry),
        )
        .replace("replicas: 2", &format!("replicas: {pods}"));
    kubectl.apply(&manifest)?;
    within(Duration::from_secs(300), || {
        let ready = kubectl.field("deployment/hello-http", ".status.readyReplicas")?;
        ensure!(ready == pods.to_string(), "{ready} of {pods} are ready");
        Ok(())
    })?;
    settle(SETTLE);
    let before = cpu_by_thread(pid)?;
    settle(SETTLE);
    let used = cpu_between(&before, &cpu_by_thread(pid)?);
    let full = memory(pid)?;
    println!("\n{pods} idle pods: {full}");
    println!(
        "each pod: {:.1} KiB",
        (full.resident.saturating_sub(empty.resident)) as f64 / f64::from(pods.max(1))
    );
    verdict(full.resident, AIM_FULL_KIB);
    println!(
        "\nCPU in {} s with {pods} idle pods (their readiness probes included):",
        SETTLE.as_secs()
    );
    print_cpu(&used, pods);
    Ok(())
}

fn verdict(resident: u64, aim: u64) {
    println!(
        "aim: below {:.0} MB: {}",
        aim as f64 * 1024.0 / 1e6,
        if resident < aim { "met" } else { "missed" }
    );
}

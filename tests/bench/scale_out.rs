//! How long `kubectl scale` takes from 0 to 1,000 replicas of a running Wasm Deployment until all are Ready, and where the CPU went.
//!
//! The image is in the cache and its code is compiled: one replica has run before. Aim: below 2 s on 2 cores.

use std::time::Instant;

use anyhow::ensure;
use hydrofoil_tests::Cluster;
use hydrofoil_tests::measure::{Samples, cpu_between, cpu_by_thread, print_cpu};
use hydrofoil_tests::tools;
use hydrofoil_tests::wait::{PATIENCE, eventually};

const AIM_MS: u128 = 2000;

fn main() -> anyhow::Result<()> {
    let pods: u32 = tools::number("BENCH_PODS", 1000)?;
    let rounds: u32 = tools::number("BENCH_ROUNDS", 3)?;
    let cluster = Cluster::start()?;
    cluster.push_guests()?;
    let kubectl = cluster.kubectl("scale-out")?;
    let manifest =
        std::fs::read_to_string(tools::repository().join("examples/hello-http/manifest.yaml"))?;
    kubectl.apply(&manifest.replace(
        "127.0.0.1:5000/",
        &format!("{}/", cluster.addresses().registry),
    ))?;
    let scale = |replicas: u32| {
        kubectl.run(&[
            "scale",
            "deployment/hello-http",
            &format!("--replicas={replicas}"),
        ])
    };
    kubectl.run(&[
        "rollout",
        "status",
        "deployment/hello-http",
        "--timeout=60s",
    ])?;
    let mut times = Samples::default();
    for round in 1..=rounds {
        scale(0)?;
        eventually(|| {
            let left = kubectl.run(&["get", "pods", "-o", "name"])?;
            ensure!(left.is_empty(), "pods remain");
            Ok(())
        })?;
        let ready = "jsonpath={.status.readyReplicas} of {.spec.replicas} are ready{\"\\n\"}";
        let mut watch = kubectl.stream(&["get", "deployment", "hello-http", "-w", "-o", ready])?;
        watch.line(" of 0 are ready", PATIENCE)?;
        let before = cpu_by_thread(cluster.pid()?)?;
        let begun = Instant::now();
        scale(pods)?;
        let asked = begun.elapsed();
        watch.line(&format!("{pods} of {pods} are ready"), 5 * PATIENCE)?;
        let took = begun.elapsed();
        let used = cpu_between(&before, &cpu_by_thread(cluster.pid()?)?);
        times.add(took);
        println!(
            "\nround {round}: {pods} replicas Ready in {:.0} ms (kubectl scale itself {:.0} ms)",
            took.as_secs_f64() * 1e3,
            asked.as_secs_f64() * 1e3
        );
        print_cpu(&used, pods);
    }
    println!("\nscale_out, 0 to {pods}: {times}");
    let median = times.quantile(0.5).as_millis();
    println!(
        "aim: below {AIM_MS} ms: {}",
        if median < AIM_MS { "met" } else { "missed" }
    );
    Ok(())
}

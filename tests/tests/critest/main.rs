//! Upstream's validation of container runtimes, `critest`, in full: against a containerd, and against `hydrofoil runtime` before one.
//! What passes on the former passes on the latter, and `exceptions.txt` names what does not pass. Needs root and what `tests/run`
//! installs; nothing of it is seen outside the namespaces that it makes, but for control groups while it runs.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod bed;
mod exceptions;
mod images;
mod inside;
mod layer;
mod process;
mod registry;
mod suite;

use std::path::Path;

use anyhow::ensure;
use bed::{Containerd, Hydrofoil};
use registry::Registry;
use suite::Run;

/// The handler of pods that containerd runs, as it and as we name it.
const RUNC: &str = "runc";

#[test]
fn the_suite_passes_as_it_does_on_containerd() -> anyhow::Result<()> {
    let Some(folder) = inside::folder("the_suite_passes_as_it_does_on_containerd")? else {
        return Ok(());
    };
    let compared = compare(&folder);
    inside::keep_logs(&folder)?;
    compared
}

/// `folder` is empty.
fn compare(folder: &Path) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Runtime::new()?;
    let _registry = runtime.block_on(async {
        let registry = Registry::start(&folder.join("registry")).await?;
        images::push(&registry, folder).await?;
        anyhow::Ok(registry)
    })?;
    let theirs = on_containerd(&folder.join("containerd"))?;
    let ours = on_hydrofoil(&folder.join("hydrofoil"))?;
    println!("critest: {ours} (stock containerd: {theirs})");
    let complaints = exceptions::complaints(&theirs.specs, &ours.specs, &exceptions::listed()?);
    ensure!(
        complaints.is_empty(),
        "{} specs are not as they should be:\n\n{}",
        complaints.len(),
        complaints.join("\n\n")
    );
    Ok(())
}

fn on_containerd(folder: &Path) -> anyhow::Result<Run> {
    let containerd = Containerd::start(folder)?;
    suite::run(&containerd.socket(), RUNC, &folder.join("critest"))
}

fn on_hydrofoil(folder: &Path) -> anyhow::Result<Run> {
    let containerd = Containerd::start(&folder.join("containerd"))?;
    let hydrofoil = Hydrofoil::start(&folder.join("runtime"), &containerd)?;
    suite::run(&hydrofoil.socket(), RUNC, &folder.join("critest"))
}

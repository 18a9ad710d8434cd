//! Runs a test again inside namespaces of its own: network, mounts and processes. Whatever is made there ends with it, also if
//! the test is killed.

use std::process::Command;

use anyhow::{Context as _, ensure};

use super::network::run;

/// Tells the test that it is inside.
const VARIABLE: &str = "ROBUSTNESS_INSIDE";

/// Whether the test `name` is inside. If it is not, it was run again there, has passed, and has nothing more to do.
///
/// # Errors
/// What the run inside said before it failed is printed.
pub fn is_inside(name: &str) -> anyhow::Result<bool> {
    if std::env::var_os(VARIABLE).is_some() {
        // What is mounted under /run from here on is seen by nobody else.
        run("mount", &["-t", "tmpfs", "robustness", "/run"])?;
        return Ok(true);
    }
    if !rustix::process::geteuid().is_root() {
        println!("{name}: not run, because making namespaces needs root");
        return Ok(false);
    }
    let status = Command::new("unshare")
        .args([
            "--net",
            "--mount",
            "--pid",
            "--fork",
            "--kill-child",
            "--mount-proc",
        ])
        .arg(std::env::current_exe()?)
        .args([name, "--exact", "--nocapture"])
        .env(VARIABLE, "1")
        .status()
        .context("unshare")?;
    ensure!(status.success(), "{name} failed inside its namespaces");
    Ok(false)
}

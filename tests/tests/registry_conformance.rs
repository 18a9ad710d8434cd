//! The OCI distribution conformance suite (pull, push, discovery, management) against the embedded registry.

use std::process::Command;

use anyhow::{Context as _, ensure};
use hydrofoil_runtime_shim::registry::{Config, start};
use hydrofoil_tests::tools;

#[test]
fn the_registry_conforms() -> anyhow::Result<()> {
    let suite = tools::tool("conformance")?;
    let folder = tempfile::tempdir()?;
    let runtime = tokio::runtime::Runtime::new()?;
    let registry = runtime.block_on(start(Config {
        listen: ([127, 0, 0, 1], 0).into(),
        root: folder.path().join("registry"),
    }))?;
    let results = folder.path().join("results");
    let output = Command::new(suite)
        .current_dir(folder.path())
        .env_clear()
        .env("OCI_REGISTRY", registry.local_addr().to_string())
        .env("OCI_TLS", "disabled")
        .env("OCI_VERSION", "1.1")
        .env("OCI_RESULTS_DIR", &results)
        .env("OCI_API_BLOBS_DIGEST_HEADER", "true")
        .env("OCI_API_BLOBS_UPLOAD_CANCEL", "true")
        .env("OCI_API_MANIFESTS_DIGEST_HEADER", "true")
        .output()
        .context("cannot run the conformance suite")?;
    runtime.block_on(registry.shutdown());
    let report = String::from_utf8_lossy(&output.stdout);
    // Each failed test is a line of the suite's log.
    ensure!(
        output.status.success(),
        "{}\n{}",
        output.status,
        String::from_utf8_lossy(&output.stderr)
    );
    for part in [
        "Blob chunked",
        "Blob get range",
        "Tag listing",
        "Referrers",
        "Manifest delete",
    ] {
        ensure!(passed(&report, part), "{part} was not tested:\n{report}");
    }
    Ok(())
}

/// Whether the report's summary has a line of this name that says `Pass`: a suite that skips everything also succeeds.
fn passed(report: &str, part: &str) -> bool {
    report.lines().any(|line| {
        let line = line.trim();
        line.to_lowercase().starts_with(&part.to_lowercase()) && line.ends_with("Pass")
    })
}

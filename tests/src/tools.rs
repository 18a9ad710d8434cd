//! Programs that the tests run: the `hydrofoil` binary, and the Go tools that `tests/run` builds into `tests/tools/bin`.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, ensure};

/// The repository's folder.
pub fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap_or(Path::new("."))
}

/// A Go tool by name.
pub fn tool(name: &str) -> anyhow::Result<PathBuf> {
    let path = repository().join("tests/tools/bin").join(name);
    ensure!(
        path.is_file(),
        "{} is missing: `tests/run tools` builds it",
        path.display()
    );
    Ok(path)
}

/// The binary under test: `HYDROFOIL_BIN`, or the one in the target folder that these tests were built into.
pub fn hydrofoil() -> anyhow::Result<PathBuf> {
    let path = match std::env::var_os("HYDROFOIL_BIN") {
        Some(path) => PathBuf::from(path),
        None => {
            // target/debug/deps/test-hash -> target/debug/hydrofoil
            let test = std::env::current_exe()?;
            let profile = test
                .parent()
                .and_then(Path::parent)
                .context("the test binary has no profile folder")?;
            profile.join("hydrofoil")
        }
    };
    ensure!(
        path.is_file(),
        "{} is missing: `cargo build -p hydrofoil` builds it, or set HYDROFOIL_BIN",
        path.display()
    );
    Ok(path)
}

/// Looks a program up in `PATH`.
pub fn on_path(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path)
        .map(|folder| folder.join(name))
        .find(|candidate| candidate.is_file())
}

/// The guests' images: names in the registry, and files that `tests/run` builds.
pub fn guests() -> Vec<(&'static str, PathBuf)> {
    let examples = repository().join("examples/target/wasm32-wasip2/release");
    let guests = repository().join("tests/guests/target");
    vec![
        ("hello-http", examples.join("hello_http.wasm")),
        ("hello-cli", examples.join("hello-cli.wasm")),
        ("echo-tcp", examples.join("echo-tcp.wasm")),
        ("greet-c", guests.join("greet.wasm")),
        ("probe", guests.join("wasm32-wasip2/release/probe.wasm")),
        (
            "probe-module",
            guests.join("wasm32-wasip1/release/probe.wasm"),
        ),
        (
            "missing-import",
            guests.join("wasm32-wasip2/release/missing-import.wasm"),
        ),
    ]
}

/// A number from the environment, or `otherwise`.
pub fn number(variable: &str, otherwise: u32) -> anyhow::Result<u32> {
    match std::env::var(variable) {
        Ok(text) => text
            .parse()
            .with_context(|| format!("{variable} is {text:?}, expected a number")),
        Err(_) => Ok(otherwise),
    }
}

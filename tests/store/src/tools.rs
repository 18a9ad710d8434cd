//! The programs that the tests run: the store under test, and the Go tools that `tests/run` builds into `tests/tools/bin`.
//!
//! `HYDROFOIL_STORE_BIN` names the store: a program and, after blanks, its first arguments (`target/debug/hydrofoil store`, which is
//! also the default; `tests/tools/bin/etcd` makes every comparison one of etcd with itself).

use std::path::{Path, PathBuf};

use anyhow::{Context as _, ensure};

/// How a program that serves as a store is started: etcd's flags are appended.
#[derive(Clone, Debug)]
pub struct Server {
    /// The program.
    pub program: PathBuf,
    /// Arguments before the flags.
    pub first: Vec<String>,
}

/// The repository's folder.
pub fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .nth(2)
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

/// The real etcd.
pub fn etcd() -> anyhow::Result<Server> {
    Ok(Server {
        program: tool("etcd")?,
        first: Vec::new(),
    })
}

/// The store under test.
pub fn ours() -> anyhow::Result<Server> {
    let server = match std::env::var("HYDROFOIL_STORE_BIN") {
        Ok(words) => {
            let mut words = words.split_whitespace().map(str::to_owned);
            let program = words.next().context("HYDROFOIL_STORE_BIN is empty")?;
            Server {
                // A test runs in its package's folder, who sets the variable stands at the top.
                program: repository().join(program),
                first: words.collect(),
            }
        }
        Err(_) => {
            // target/debug/deps/test-hash -> target/debug/hydrofoil
            let test = std::env::current_exe()?;
            let profile = test
                .ancestors()
                .find(|folder| folder.join("hydrofoil").is_file())
                .context("no `hydrofoil` beside the tests: `cargo build -p hydrofoil` builds it, or set HYDROFOIL_STORE_BIN")?;
            Server {
                program: profile.join("hydrofoil"),
                first: vec!["store".into()],
            }
        }
    };
    ensure!(
        server.program.is_file(),
        "{} is missing (HYDROFOIL_STORE_BIN)",
        server.program.display()
    );
    Ok(server)
}

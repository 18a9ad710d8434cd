//! A process that lives as long as the value that stands for it, and whose output is kept.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::Context as _;

/// How much of an output is told when something failed.
const TOLD_LINES: usize = 40;

/// See the module header.
pub struct Process {
    child: Child,
    log: PathBuf,
}

impl Process {
    /// Starts a program that writes to a log in `folder`.
    pub fn start(name: &str, command: &mut Command, folder: &Path) -> anyhow::Result<Self> {
        let log = folder.join(format!("{name}.log"));
        let file = File::options().create(true).append(true).open(&log)?;
        let child = command
            .stdin(Stdio::null())
            .stdout(file.try_clone()?)
            .stderr(file)
            .spawn()
            .with_context(|| format!("{name}: `tests/run` installs it"))?;
        Ok(Self { child, log })
    }

    /// The last lines of what it said.
    pub fn said(&self) -> String {
        last_lines(&self.log, TOLD_LINES)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The last lines of a file.
pub fn last_lines(file: &Path, count: usize) -> String {
    let text = std::fs::read(file).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let from = text.lines().count().saturating_sub(count);
    text.lines().skip(from).collect::<Vec<_>>().join("\n")
}

//! A member: a process in its network namespace, with its data on a file system of its own.

use std::{
    fs::{self, File},
    io::{self, Write as _},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use anyhow::Context as _;
use rustix::process::{Pid, Signal, kill_process};

use super::network::{address, namespace, run};
use crate::tools::Server;

/// Bytes of a member's disk: some segments of the log, and the state.
const DISK_BYTES: &str = "size=96m";
/// What a full disk is filled with.
const BALLAST: &str = "ballast";

/// See the module header.
#[derive(Debug)]
pub struct Member {
    number: usize,
    members: usize,
    server: Server,
    disk: PathBuf,
    log: PathBuf,
    child: Option<Child>,
}

impl Member {
    /// Makes its disk under `folder`.
    ///
    /// # Errors
    /// Of the programs that do it.
    pub fn new(
        number: usize,
        members: usize,
        server: &Server,
        folder: &Path,
    ) -> anyhow::Result<Self> {
        let disk = folder.join(namespace(number));
        fs::create_dir(&disk)?;
        let target = disk.to_string_lossy();
        run(
            "mount",
            &["-t", "tmpfs", "-o", DISK_BYTES, "robustness", &target],
        )?;
        Ok(Member {
            number,
            members,
            server: server.clone(),
            log: folder.join(format!("m{number}.log")),
            disk,
            child: None,
        })
    }

    /// Starts the process, for the first time or again.
    ///
    /// # Errors
    /// If it cannot be started; whether it then serves is for others to see.
    pub fn start(&mut self) -> anyhow::Result<()> {
        let name = namespace(self.number);
        let (clients, peers) = (
            format!("http://{}:2379", address(self.number)),
            format!("http://{}:2380", address(self.number)),
        );
        let cluster: Vec<String> = (0..self.members)
            .map(|n| format!("m{n}=http://{}:2380", address(n)))
            .collect();
        let log = File::options().create(true).append(true).open(&self.log)?;
        let child = Command::new("ip")
            .args(["netns", "exec", &name])
            .arg(&self.server.program)
            .args(&self.server.first)
            .args(["--name", &name])
            .arg("--data-dir")
            .arg(self.disk.join("data"))
            .args(["--listen-client-urls", &clients])
            .args(["--advertise-client-urls", &clients])
            .args(["--listen-peer-urls", &peers])
            .args(["--initial-advertise-peer-urls", &peers])
            .args(["--initial-cluster", &cluster.join(",")])
            .args(["--initial-cluster-state", "new"])
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()
            .with_context(|| format!("starting {name}"))?;
        self.child = Some(child);
        Ok(())
    }

    /// Whether the process is there.
    ///
    /// # Errors
    /// Of asking for it.
    pub fn runs(&mut self) -> io::Result<bool> {
        match &mut self.child {
            Some(child) => Ok(child.try_wait()?.is_none()),
            None => Ok(false),
        }
    }

    /// Ends the process as kill -9 does.
    ///
    /// # Errors
    /// Of ending it.
    pub fn kill(&mut self) -> io::Result<()> {
        if let Some(mut child) = self.child.take() {
            child.kill()?;
            child.wait()?;
        }
        Ok(())
    }

    /// Sends the process a signal. `ip netns exec` has become the process, so it is the one that was started.
    ///
    /// # Errors
    /// If there is none.
    pub fn signal(&self, signal: Signal) -> io::Result<()> {
        let child = self.child.as_ref().ok_or(io::ErrorKind::NotFound)?;
        Ok(kill_process(Pid::from_child(child), signal)?)
    }

    /// Fills the disk to its last byte.
    ///
    /// # Errors
    /// Any but that the disk is full.
    pub fn fill_disk(&self) -> io::Result<()> {
        let mut ballast = File::create(self.disk.join(BALLAST))?;
        for size in [1 << 20, 4_096, 1] {
            let block = vec![0; size];
            loop {
                match ballast.write_all(&block) {
                    Ok(()) => {}
                    Err(error) if error.kind() == io::ErrorKind::StorageFull => break,
                    Err(error) => return Err(error),
                }
            }
        }
        Ok(())
    }

    /// Gives the space back.
    ///
    /// # Errors
    /// Of removing a file.
    pub fn empty_disk(&self) -> io::Result<()> {
        fs::remove_file(self.disk.join(BALLAST))
    }

    /// The last lines that the process said.
    pub fn last_words(&self) -> String {
        let text = fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(20)..].join("\n")
    }
}

impl Drop for Member {
    fn drop(&mut self) {
        // If it cannot be ended here, it ends with the namespace of processes.
        drop(self.kill());
    }
}

//! A cluster of etcd's or of our processes on loopback, of one member or more, and its end.
//!
//! Both kinds are started with the same flags. Ports are given by the caller, so that two clusters one after the other have the same
//! addresses, and with them the same ids.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use hydrofoil_etcd_wire::etcdserverpb::{
    RangeRequest, StatusRequest, StatusResponse, kv_client::KvClient,
    maintenance_client::MaintenanceClient,
};
use rustix::process::{Pid, Signal, kill_process};
use tonic::transport::Endpoint;

use crate::ports;
use crate::tools::Server;
use crate::wait::{self, PATIENCE};

const WIDEST_LINE: usize = 300;
const ANSWER: Duration = Duration::from_secs(5);

/// Where one member listens.
#[derive(Clone, Copy, Debug)]
pub struct Ports {
    /// For clients.
    pub client: u16,
    /// For its peers.
    pub peer: u16,
}

impl Ports {
    /// Those of so many members, on which nobody listens now: see [`ports::free`].
    pub fn free(members: usize) -> anyhow::Result<Vec<Ports>> {
        let free = ports::free(2 * members)?;
        let pairs = free.chunks(2).map(|pair| Ports {
            client: pair[0],
            peer: pair[1],
        });
        Ok(pairs.collect())
    }
}

/// One member's process.
#[derive(Debug)]
pub struct Member {
    /// Its `--name`: m1, m2 and so on.
    pub name: String,
    /// Where it listens.
    pub ports: Ports,
    /// Its `--data-dir`.
    pub data: PathBuf,
    log: PathBuf,
    command: Vec<String>,
    program: PathBuf,
    process: Option<Child>,
}

/// Members of one cluster. Dropping it ends them.
#[derive(Debug)]
pub struct Cluster {
    /// In the order of their names.
    pub members: Vec<Member>,
}

impl Cluster {
    /// Starts a member for each of `ports`, with their folders and logs in `folder`, and waits until each knows the leader.
    pub fn start(
        server: &Server,
        ports: &[Ports],
        flags: &[String],
        folder: &Path,
    ) -> anyhow::Result<Self> {
        let everyone = ports
            .iter()
            .enumerate()
            .map(|(i, at)| format!("m{}=http://127.0.0.1:{}", i + 1, at.peer))
            .collect::<Vec<_>>()
            .join(",");
        let members = ports
            .iter()
            .enumerate()
            .map(|(i, at)| {
                Member::new(
                    server,
                    &format!("m{}", i + 1),
                    *at,
                    &everyone,
                    "new",
                    flags,
                    folder,
                )
            })
            .collect();
        let mut cluster = Cluster { members };
        for member in &mut cluster.members {
            member.start()?;
        }
        cluster.wait_ready()?;
        Ok(cluster)
    }

    /// Waits until each member that runs knows the leader.
    pub fn wait_ready(&mut self) -> anyhow::Result<()> {
        for member in self.members.iter_mut().filter(|m| m.process.is_some()) {
            member.wait_ready()?;
        }
        Ok(())
    }

    /// All client addresses, separated by commas.
    pub fn endpoints(&self) -> String {
        self.members
            .iter()
            .map(Member::endpoint)
            .collect::<Vec<_>>()
            .join(",")
    }

    /// The index of the member that leads.
    pub fn leader(&self) -> anyhow::Result<usize> {
        wait::within(PATIENCE, || {
            let status = self.members[0].status()?;
            for (index, member) in self.members.iter().enumerate() {
                if member.status()?.header.unwrap_or_default().member_id == status.leader {
                    return Ok(index);
                }
            }
            bail!("no member is the leader {:x}", status.leader)
        })
    }
}

impl Member {
    /// A member that is not started yet. `state` is `new` or `existing`; `everyone` is `--initial-cluster`.
    pub fn new(
        server: &Server,
        name: &str,
        ports: Ports,
        everyone: &str,
        state: &str,
        flags: &[String],
        folder: &Path,
    ) -> Self {
        let data = folder.join(name);
        let client = format!("http://127.0.0.1:{}", ports.client);
        let peer = format!("http://127.0.0.1:{}", ports.peer);
        let pairs = [
            ("--name", name),
            ("--data-dir", data.to_str().unwrap_or_default()),
            ("--listen-client-urls", &client),
            ("--advertise-client-urls", &client),
            ("--listen-peer-urls", &peer),
            ("--initial-advertise-peer-urls", &peer),
            ("--initial-cluster", everyone),
            ("--initial-cluster-state", state),
            ("--initial-cluster-token", "judged"),
        ];
        let own = pairs
            .iter()
            .flat_map(|(flag, value)| [(*flag).to_owned(), (*value).to_owned()]);
        Member {
            name: name.into(),
            ports,
            log: folder.join(format!("{name}.log")),
            command: server
                .first
                .iter()
                .cloned()
                .chain(own)
                .chain(flags.iter().cloned())
                .collect(),
            program: server.program.clone(),
            data,
            process: None,
        }
    }

    /// Starts the process, which appends to its log.
    pub fn start(&mut self) -> anyhow::Result<()> {
        let log = File::options().append(true).create(true).open(&self.log)?;
        let process = Command::new(&self.program)
            .args(&self.command)
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()
            .with_context(|| format!("starting {}", self.program.display()))?;
        self.process = Some(process);
        Ok(())
    }

    /// Waits until the member answers and knows the leader, and fails at once when its process ends.
    pub fn wait_ready(&mut self) -> anyhow::Result<()> {
        let mut ended = None;
        let answer = wait::within(PATIENCE, || {
            if let Some(process) = &mut self.process
                && let Some(status) = process.try_wait()?
            {
                ended = Some(status);
                return Ok(());
            }
            ensure!(self.status()?.leader != 0, "{} has no leader", self.name);
            Ok(())
        });
        let answer = match ended {
            Some(status) => Err(anyhow::anyhow!("{} ended with {status}", self.name)),
            None => answer,
        };
        answer.with_context(|| {
            format!(
                "{} {}\n{}",
                self.program.display(),
                self.command.join(" "),
                self.log_tail(15)
            )
        })
    }

    /// Its address for clients.
    pub fn endpoint(&self) -> String {
        format!("127.0.0.1:{}", self.ports.client)
    }

    /// Its address for peers, as a URL.
    pub fn peer_url(&self) -> String {
        format!("http://127.0.0.1:{}", self.ports.peer)
    }

    /// The process' id, while it runs.
    pub fn pid(&self) -> Option<u32> {
        self.process.as_ref().map(Child::id)
    }

    /// What it says of itself.
    pub fn status(&self) -> anyhow::Result<StatusResponse> {
        let endpoint = Endpoint::new(format!("http://{}", self.endpoint()))?.timeout(ANSWER);
        block_on(async move {
            let mut client = MaintenanceClient::new(endpoint.connect().await?);
            Ok(client.status(StatusRequest {}).await?.into_inner())
        })
    }

    /// The cluster's revision.
    pub fn revision(&self) -> anyhow::Result<i64> {
        let endpoint = Endpoint::new(format!("http://{}", self.endpoint()))?.timeout(ANSWER);
        block_on(async move {
            let mut client = KvClient::new(endpoint.connect().await?);
            let request = RangeRequest {
                key: "\0".into(),
                count_only: true,
                ..RangeRequest::default()
            };
            let answer = client.range(request).await?.into_inner();
            Ok(answer.header.unwrap_or_default().revision)
        })
    }

    /// Sends a signal to the process.
    pub fn signal(&self, signal: Signal) -> anyhow::Result<()> {
        let pid = self
            .pid()
            .with_context(|| format!("{} does not run", self.name))?;
        let pid = Pid::from_raw(pid.try_into()?).context("a process of id 0")?;
        Ok(kill_process(pid, signal)?)
    }

    /// Ends the process with a signal and waits for it to be gone.
    pub fn stop(&mut self, signal: Signal) -> anyhow::Result<()> {
        self.signal(signal)?;
        let name = self.name.clone();
        if let Some(process) = &mut self.process {
            wait::within(PATIENCE, || {
                ensure!(process.try_wait()?.is_some(), "{name} still runs");
                Ok(())
            })?;
        }
        self.process = None;
        Ok(())
    }

    /// Whether its process has ended by itself.
    pub fn has_ended(&mut self) -> anyhow::Result<bool> {
        Ok(match &mut self.process {
            Some(process) => process.try_wait()?.is_some(),
            None => true,
        })
    }

    /// The value of a flag that it is started with.
    pub fn flag(&self, name: &str) -> Option<String> {
        let at = self.command.iter().position(|word| word == name)?;
        self.command.get(at + 1).cloned()
    }

    /// The last lines of its log, each cut to what a report can bear.
    pub fn log_tail(&self, count: usize) -> String {
        let log = std::fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<String> = log
            .lines()
            .map(|line| line.chars().take(WIDEST_LINE).collect())
            .collect();
        lines[lines.len().saturating_sub(count)..].join("\n")
    }
}

impl Drop for Member {
    fn drop(&mut self) {
        if let Some(mut process) = self.process.take() {
            let _ = process.kill();
            let _ = process.wait();
        }
    }
}

fn block_on<T>(future: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?
        .block_on(future)
}

//! Plays a scenario on one cluster and writes down what was printed.
//!
//! Kept values that exist from the beginning: `{ep1}` to `{ep3}` (clients' addresses), `{eps}` (all), `{peer1}` to `{peer3}` (peers' URLs),
//! `{id1}` to `{id3}` (member ids), `{leader}`, `{follower}` (addresses) and `{leaderid}`, `{followerid}`, looked up anew at each step,
//! `{dir}` (a folder of this run), `{new}`, `{newpeer}`, `{new2}`, `{newpeer2}` (addresses that nobody listens on), `{60000y}` (so many letters).
//! Commands speak to one member (see [`Seat`]) when they don't say `--endpoints`.

use std::collections::BTreeMap;
use std::io::{Read, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use base64::prelude::{BASE64_STANDARD, Engine as _};
use rustix::process::{Pid, Signal, kill_process};

use crate::cluster::{Cluster, Ports};
use crate::normal::{self, Known};
use crate::protobuf;
use crate::script::{Action, Run, Script, Step};
use crate::tools::{self, Server};
use crate::wait;

const LIMIT: Duration = Duration::from_secs(60);
const SETTLED: Duration = Duration::from_secs(20);

/// A release of etcd's tools and an output format.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Variant {
    /// `3.5` or `3.6`.
    pub release: &'static str,
    /// Of [`crate::script::FORMATS`].
    pub format: String,
}

/// What one command printed, after [`normal`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Printed {
    /// The step's line in the scenario.
    pub line: usize,
    /// The command as it stands there.
    pub text: String,
    /// The variant it was run in.
    pub variant: Variant,
    /// Its exit code, output and error output.
    pub output: String,
}

/// The cluster that a scenario is played on.
#[derive(Clone, Copy, Debug)]
pub struct Seat {
    /// How many members it has.
    pub members: usize,
    /// The place, from 0 on, of the member that commands speak to.
    pub spoken_to: usize,
}

/// Addresses for both sides of a comparison.
#[derive(Clone, Debug)]
pub struct Addresses {
    spoken_to: usize,
    members: Vec<Ports>,
    spare: Vec<Ports>,
}

impl Addresses {
    /// Addresses that are free now.
    pub fn free(seat: Seat) -> anyhow::Result<Self> {
        let Seat { members, spoken_to } = seat;
        let mut ports = Ports::free(members + 2)?;
        let spare = ports.split_off(members);
        Ok(Addresses {
            spoken_to,
            members: ports,
            spare,
        })
    }
}

/// Plays a scenario in each of the variants and returns what its compared commands printed. `shared` takes the ids that a run shows.
pub fn play(
    server: &Server,
    script: &Script,
    variants: &[Variant],
    addresses: &Addresses,
    shared: &mut Known,
) -> anyhow::Result<Vec<Printed>> {
    let mut printed = Vec::new();
    let mut stage: Option<Stage<'_>> = None;
    for variant in variants {
        if script.fresh {
            stage = None;
        }
        let stage = match &mut stage {
            Some(stage) => stage,
            none => none.insert(Stage::set(server, script, addresses, shared)?),
        };
        stage.variant = variant.clone();
        stage.clean()?;
        for step in &script.steps {
            stage
                .step(step, &mut printed)
                .with_context(|| format!("line {}: {} ({variant:?})", step.line, step.text))
                .with_context(|| stage.logs())?;
        }
    }
    Ok(printed)
}

struct Stage<'a> {
    folder: tempfile::TempDir,
    server: &'a Server,
    addresses: &'a Addresses,
    cluster: Cluster,
    more: Vec<Child>,
    kept: BTreeMap<String, String>,
    running: BTreeMap<String, Running>,
    known: Known,
    variant: Variant,
}

struct Running {
    process: Child,
    run: Run,
    output: Arc<Mutex<Vec<u8>>>,
    errors: Arc<Mutex<Vec<u8>>>,
    readers: Vec<std::thread::JoinHandle<()>>,
}

impl<'a> Stage<'a> {
    fn set(
        server: &'a Server,
        script: &Script,
        addresses: &'a Addresses,
        shared: &mut Known,
    ) -> anyhow::Result<Self> {
        let folder = tempfile::Builder::new()
            .prefix("etcdctl-")
            .tempdir_in(memory())?;
        let cluster = Cluster::start(server, &addresses.members, &script.server, folder.path())?;
        let mut kept = BTreeMap::new();
        for (index, member) in cluster.members.iter().enumerate() {
            let header = member.status()?.header.unwrap_or_default();
            for id in [header.member_id, header.cluster_id] {
                // The first side's ids are what the second must show.
                if shared.folder.is_empty() {
                    shared.shared.insert(id.to_string());
                    shared.shared.insert(format!("{id:x}"));
                }
            }
            kept.insert(format!("ep{}", index + 1), member.endpoint());
            kept.insert(format!("peer{}", index + 1), member.peer_url());
            kept.insert(
                format!("id{}", index + 1),
                format!("{:x}", header.member_id),
            );
        }
        for (suffix, ports) in ["", "2"].iter().zip(&addresses.spare) {
            kept.insert(
                format!("new{suffix}"),
                format!("127.0.0.1:{}", ports.client),
            );
            kept.insert(
                format!("newpeer{suffix}"),
                format!("127.0.0.1:{}", ports.peer),
            );
        }
        kept.insert("eps".into(), cluster.endpoints());
        kept.insert("dir".into(), folder.path().display().to_string());
        shared.hide.clone_from(&script.hide);
        shared.folder = folder.path().display().to_string();
        let stage = Stage {
            known: shared.clone(),
            folder,
            server,
            addresses,
            cluster,
            more: Vec::new(),
            kept,
            running: BTreeMap::new(),
            variant: Variant {
                release: "3.5",
                format: "simple".into(),
            },
        };
        stage.lead()?;
        Ok(stage)
    }

    /// Each variant finds no keys and no files.
    fn clean(&mut self) -> anyhow::Result<()> {
        for entry in std::fs::read_dir(self.folder.path())? {
            let path = entry?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            let member = name.starts_with('m') && name[1..].parse::<u8>().is_ok();
            if !member && !name.ends_with(".log") {
                if path.is_dir() {
                    std::fs::remove_dir_all(&path)?;
                } else {
                    std::fs::remove_file(&path)?;
                }
            }
        }
        let clean = Run {
            tool: "etcdctl".into(),
            args: ["del", "", "--prefix"].map(str::to_owned).to_vec(),
            input: String::new(),
        };
        let (status, _, errors) = self.finish(&clean, None)?;
        ensure!(status.success(), "{}", String::from_utf8_lossy(&errors));
        Ok(())
    }

    fn step(&mut self, step: &Step, printed: &mut Vec<Printed>) -> anyhow::Result<()> {
        match &step.action {
            Action::Compare { run, sorted } => {
                let (status, output, errors) = self.finish(run, Some(&self.variant.format))?;
                printed.push(self.print(step, run, status, &output, &errors, *sorted));
            }
            Action::Setup(run) => {
                self.succeed(run, None)?;
            }
            Action::Until { text, run } => {
                let text = self.fill(text)?;
                let (status, output, errors) = wait::within(LIMIT, || {
                    let (status, output, errors) = self.finish(run, Some(&self.variant.format))?;
                    let seen = String::from_utf8_lossy(&output);
                    let said = String::from_utf8_lossy(&errors);
                    ensure!(
                        seen.contains(&text) || said.contains(&text),
                        "printed {seen}{said}"
                    );
                    Ok((status, output, errors))
                })?;
                printed.push(self.print(step, run, status, &output, &errors, false));
            }
            Action::Let { name, path, run } => {
                let output = self.succeed(run, Some("json"))?;
                let answer: serde_json::Value = serde_json::from_slice(&output)?;
                let number = path
                    .split('.')
                    .try_fold(&answer, |value, part| value.get(part))
                    .and_then(serde_json::Value::as_u64)
                    .with_context(|| format!("no number at {path} in {answer}"))?;
                self.kept.insert(name.clone(), format!("{number:x}"));
            }
            Action::Revision(name) => {
                let revision = self.spoken_to().revision()?;
                self.kept.insert(name.clone(), revision.to_string());
            }
            Action::Spawn { name, run } => {
                let running = self.spawn(run, Some(&self.variant.format))?;
                self.running.insert(name.clone(), running);
            }
            Action::Await { name, text } => {
                let text = self.fill(text)?;
                let encoded = BASE64_STANDARD.encode(&text);
                let running = self
                    .running
                    .get(name)
                    .with_context(|| format!("{name} does not run"))?;
                wait::within(LIMIT, || {
                    let seen = String::from_utf8_lossy(&locked(&running.output)).into_owned();
                    ensure!(
                        seen.contains(&text) || seen.contains(&encoded),
                        "{name} printed {seen:?} {:?}",
                        String::from_utf8_lossy(&locked(&running.errors))
                    );
                    Ok(())
                })?;
            }
            Action::End { name, interrupt } => {
                let mut running = self
                    .running
                    .remove(name)
                    .with_context(|| format!("{name} does not run"))?;
                if *interrupt {
                    send(&running.process, Signal::INT)?;
                }
                let status = finish(&mut running)?;
                let (output, errors) = (
                    locked(&running.output).clone(),
                    locked(&running.errors).clone(),
                );
                printed.push(self.print(step, &running.run, status, &output, &errors, false));
            }
            Action::Stop(name) => self.member(name)?.stop(Signal::TERM)?,
            Action::Start(name) => {
                let member = self.member(name)?;
                member.start()?;
                member.wait_ready()?;
            }
            Action::Store(flags) => self.store(flags)?,
            Action::Write { file, text } => {
                let (file, text) = (self.fill(file)?, self.fill(text)?);
                std::fs::write(file, text)?;
            }
        }
        Ok(())
    }

    /// Runs what must succeed, again while it does not: a cluster that has just begun refuses to change its members, for one.
    fn succeed(&self, run: &Run, format: Option<&str>) -> anyhow::Result<Vec<u8>> {
        wait::within(SETTLED, || {
            let (status, output, errors) = self.finish(run, format)?;
            ensure!(
                status.success(),
                "{status}: {}{}",
                String::from_utf8_lossy(&output),
                String::from_utf8_lossy(&errors)
            );
            Ok(output)
        })
    }

    /// The first member leads when a scenario begins.
    fn lead(&self) -> anyhow::Result<()> {
        let leader = self.cluster.leader()?;
        if leader != 0 {
            let run = Run {
                tool: "etcdctl".into(),
                args: ["move-leader", "{id1}", "--endpoints={leader}"]
                    .map(str::to_owned)
                    .to_vec(),
                input: String::new(),
            };
            self.succeed(&run, None)?;
        }
        Ok(())
    }

    fn spoken_to(&self) -> &crate::cluster::Member {
        &self.cluster.members[self.addresses.spoken_to]
    }

    fn member(&mut self, name: &str) -> anyhow::Result<&mut crate::cluster::Member> {
        self.cluster
            .members
            .iter_mut()
            .find(|member| member.name == name)
            .with_context(|| format!("no member {name}"))
    }

    fn store(&mut self, flags: &[String]) -> anyhow::Result<()> {
        let flags = flags
            .iter()
            .map(|flag| self.fill(flag))
            .collect::<anyhow::Result<Vec<_>>>()?;
        let log = std::fs::File::options()
            .append(true)
            .create(true)
            .open(self.folder.path().join("new.log"))?;
        let process = Command::new(&self.server.program)
            .args(&self.server.first)
            .args(flags)
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()?;
        self.more.push(process);
        let at = ("127.0.0.1", self.addresses.spare[0].client);
        wait::within(LIMIT, || {
            std::net::TcpStream::connect(at).context("the new server does not listen")?;
            Ok(())
        })
    }

    fn finish(
        &self,
        run: &Run,
        format: Option<&str>,
    ) -> anyhow::Result<(ExitStatus, Vec<u8>, Vec<u8>)> {
        let mut running = self.spawn(run, format)?;
        let status = finish(&mut running)?;
        let output = std::mem::take(&mut *locked(&running.output));
        let errors = std::mem::take(&mut *locked(&running.errors));
        Ok((status, output, errors))
    }

    fn spawn(&self, run: &Run, format: Option<&str>) -> anyhow::Result<Running> {
        let program = match self.variant.release {
            "3.5" => tools::tool(&run.tool)?,
            release => tools::tool(&format!("{}-{release}", run.tool))?,
        };
        let args = run
            .args
            .iter()
            .map(|arg| self.fill(arg))
            .collect::<anyhow::Result<Vec<_>>>()?;
        let mut command = Command::new(program);
        let names = |flag: &str| args.iter().any(|arg| arg.starts_with(flag));
        if run.tool == "etcdctl" && !names("--endpoints") {
            command.args(["--endpoints", &self.spoken_to().endpoint()]);
        }
        if let Some(format) = format
            && !names("-w")
            && !names("--write-out")
        {
            command.args(["-w", format]);
        }
        let mut process = command
            .args(args)
            .current_dir(self.folder.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        if let Some(mut stdin) = process.stdin.take() {
            let input = self.fill(&run.input)?;
            // Who ends without reading its input closes the pipe.
            let _ = stdin.write_all(input.as_bytes());
        }
        let output = Arc::new(Mutex::new(Vec::new()));
        let errors = Arc::new(Mutex::new(Vec::new()));
        let mut readers = Vec::new();
        if let Some(pipe) = process.stdout.take() {
            readers.push(collect(pipe, Arc::clone(&output)));
        }
        if let Some(pipe) = process.stderr.take() {
            readers.push(collect(pipe, Arc::clone(&errors)));
        }
        Ok(Running {
            process,
            run: run.clone(),
            output,
            errors,
            readers,
        })
    }

    fn print(
        &self,
        step: &Step,
        run: &Run,
        status: ExitStatus,
        output: &[u8],
        errors: &[u8],
        sorted: bool,
    ) -> Printed {
        let command = format!("{} {}", run.tool, run.args.join(" "));
        let shown = match protobuf::show(output) {
            Some(shown) if self.variant.format == "protobuf" => shown,
            _ => String::from_utf8_lossy(output).into_owned(),
        };
        let mut shown = normal::normal(&command, &shown, &self.known);
        if sorted {
            let mut lines: Vec<&str> = shown.lines().collect();
            lines.sort_unstable();
            shown = lines.join("\n");
        }
        let errors = normal::normal(&command, &String::from_utf8_lossy(errors), &self.known);
        Printed {
            line: step.line,
            text: step.text.clone(),
            variant: self.variant.clone(),
            output: format!("{shown}\n[stderr]\n{errors}\n[{status}]"),
        }
    }

    fn fill(&self, text: &str) -> anyhow::Result<String> {
        let mut filled = String::new();
        let mut rest = text;
        while let Some(open) = rest.find('{') {
            filled.push_str(&rest[..open]);
            let close = rest[open..].find('}').context("`{` without `}`")? + open;
            filled.push_str(&self.value(&rest[open + 1..close])?);
            rest = &rest[close + 1..];
        }
        filled.push_str(rest);
        Ok(filled)
    }

    fn value(&self, name: &str) -> anyhow::Result<String> {
        if let Some(value) = self.kept.get(name) {
            return Ok(value.clone());
        }
        if let Some((name, more)) = name.split_once('+') {
            let value: i64 = self.value(name)?.parse()?;
            return Ok((value + more.parse::<i64>()?).to_string());
        }
        if let Some((name, less)) = name.split_once('-') {
            let value: i64 = self.value(name)?.parse()?;
            return Ok((value - less.parse::<i64>()?).to_string());
        }
        if let Some(length) = name
            .strip_suffix('y')
            .and_then(|length| length.parse().ok())
        {
            return Ok("y".repeat(length));
        }
        let leader = self.cluster.leader()?;
        let follower = (leader + 1) % self.cluster.members.len();
        match name {
            "leader" => Ok(self.cluster.members[leader].endpoint()),
            "follower" => Ok(self.cluster.members[follower].endpoint()),
            "leaderid" => self.value(&format!("id{}", leader + 1)),
            "followerid" => self.value(&format!("id{}", follower + 1)),
            _ => bail!("nothing is kept as {name}"),
        }
    }

    fn logs(&self) -> String {
        self.cluster
            .members
            .iter()
            .map(|member| format!("{}:\n{}", member.name, member.log_tail(4)))
            .collect::<Vec<_>>()
            .join("\n")
    }
}

impl Drop for Stage<'_> {
    fn drop(&mut self) {
        for running in self.running.values_mut() {
            let _ = running.process.kill();
            let _ = running.process.wait();
        }
        for process in &mut self.more {
            let _ = process.kill();
            let _ = process.wait();
        }
    }
}

/// A folder in memory, where a flush costs nothing, or the usual one.
pub fn memory() -> PathBuf {
    let shared = Path::new("/dev/shm");
    if shared.is_dir() {
        shared.into()
    } else {
        std::env::temp_dir()
    }
}

fn finish(running: &mut Running) -> anyhow::Result<ExitStatus> {
    let ended = wait::within(LIMIT, || {
        running
            .process
            .try_wait()?
            .context("the command still runs")
    });
    let status = match ended {
        Ok(status) => status,
        Err(error) => {
            let _ = running.process.kill();
            let _ = running.process.wait();
            return Err(error);
        }
    };
    for reader in running.readers.drain(..) {
        let _ = reader.join();
    }
    Ok(status)
}

fn send(process: &Child, signal: Signal) -> anyhow::Result<()> {
    let pid = Pid::from_raw(process.id().try_into()?).context("a process of id 0")?;
    Ok(kill_process(pid, signal)?)
}

fn collect(
    mut pipe: impl Read + Send + 'static,
    into: Arc<Mutex<Vec<u8>>>,
) -> std::thread::JoinHandle<()> {
    std::thread::spawn(move || {
        let mut buffer = [0; 8192];
        while let Ok(read @ 1..) = pipe.read(&mut buffer) {
            locked(&into).extend_from_slice(&buffer[..read]);
        }
    })
}

fn locked(bytes: &Mutex<Vec<u8>>) -> std::sync::MutexGuard<'_, Vec<u8>> {
    bytes.lock().unwrap_or_else(PoisonError::into_inner)
}

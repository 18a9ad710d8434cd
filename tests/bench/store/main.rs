//! The store beside a real etcd, in one run on one machine: rates, latencies, CPU and memory of the server, and ratios.
//!
//! `BENCH_SECONDS` is the length of each load (5), `BENCH_KEYS` the keys of the large store (1,000,000), `BENCH_FOLDERS` the folders that
//! are measured, separated by colons (the target folder's disk, and /dev/shm), `BENCH_ONLY` what is measured (all): the parts `loads`,
//! `keys` and `leader`, or words of loads, separated by commas (`put,events`). The load comes from this process, the same for both.
//!
//! The load shares the machine's cores with the server: on a small machine the rate says what both together reach, and the CPU time
//! per operation says what the server costs.

mod cost;
mod large;
mod load;
mod succession;
mod table;

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context as _;
use hydrofoil_store_tests::cluster::{Cluster, Ports};
use hydrofoil_store_tests::tools::{self, Server};
use load::Work;
use table::Table;

/// Clients of the put load.
const PUT_CLIENTS: [usize; 3] = [1, 100, 1000];
const OTHER_CLIENTS: usize = 100;
const FLAGS: [&str; 1] = ["--quota-backend-bytes=8589934592"];

fn main() -> anyhow::Result<()> {
    let seconds = Duration::from_secs(number("BENCH_SECONDS", 5)?);
    let keys = number("BENCH_KEYS", 1_000_000)?;
    let sides = [("etcd", tools::etcd()?), ("ours", tools::ours()?)];
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    let only = Only::read();
    for folder in folders() {
        let place = || {
            tempfile::Builder::new()
                .prefix("bench-")
                .tempdir_in(&folder)
        };
        let mut table = Table::default();
        for (side, server) in &sides {
            loads(
                &runtime,
                side,
                server,
                place()?.path(),
                seconds,
                &only,
                &mut table,
            )
            .with_context(|| format!("loads on {side}"))?;
            if only.wants("keys") {
                large::measure(&runtime, side, server, place()?.path(), keys, &mut table)
                    .with_context(|| format!("{keys} keys in {side}"))?;
            }
            if only.wants("leader") {
                succession::measure(&runtime, side, server, place()?.path(), &mut table)
                    .with_context(|| format!("losing the leader of {side}"))?;
            }
        }
        println!("\n{}", folder.display());
        table.print();
    }
    Ok(())
}

/// What is measured.
struct Only(Option<Vec<String>>);

impl Only {
    fn read() -> Self {
        let words = std::env::var("BENCH_ONLY").ok();
        Only(words.map(|words| words.split(',').map(str::to_owned).collect()))
    }

    fn wants(&self, name: &str) -> bool {
        let Only(words) = self;
        words
            .as_ref()
            .is_none_or(|words| words.iter().any(|word| name.contains(word.as_str())))
    }

    fn wants_load(&self, name: &str) -> bool {
        self.wants(name) || self.wants("loads")
    }
}

fn loads(
    runtime: &tokio::runtime::Runtime,
    side: &'static str,
    server: &Server,
    place: &Path,
    seconds: Duration,
    only: &Only,
    table: &mut Table,
) -> anyhow::Result<()> {
    let cluster = start(server, place, 1)?;
    let member = &cluster.members[0];
    let pid = member.pid().context("the server does not run")?;
    let address = format!("http://{}", member.endpoint());
    let works = PUT_CLIENTS
        .map(|clients| (Work::Put, clients))
        .into_iter()
        .chain([
            (Work::Update, OTHER_CLIENTS),
            (
                Work::Range {
                    serializable: false,
                },
                OTHER_CLIENTS,
            ),
            (Work::Range { serializable: true }, OTHER_CLIENTS),
        ]);
    for (work, clients) in works {
        let name = format!("{work} {clients} clients");
        if !only.wants_load(&name) {
            continue;
        }
        let run = runtime.block_on(load::drive(&address, pid, work, clients, seconds))?;
        run.record(&name, side, table);
    }
    let name = format!("events to {} watchers", load::WATCHERS);
    if only.wants_load(&name) {
        let run = runtime.block_on(load::fan_out(&address, pid, seconds))?;
        run.record(&name, side, table);
    }
    Ok(())
}

/// Starts a cluster on ports that are free now.
fn start(server: &Server, place: &Path, members: usize) -> anyhow::Result<Cluster> {
    let ports = Ports::free(members)?;
    Cluster::start(server, &ports, &FLAGS.map(str::to_owned), place)
}

fn folders() -> Vec<PathBuf> {
    match std::env::var("BENCH_FOLDERS") {
        Ok(folders) => folders.split(':').map(PathBuf::from).collect(),
        Err(_) => vec![
            tools::repository().join("target"),
            hydrofoil_store_tests::stage::memory(),
        ],
    }
}

fn number(variable: &str, otherwise: u64) -> anyhow::Result<u64> {
    match std::env::var(variable) {
        Ok(text) => text
            .parse()
            .with_context(|| format!("{variable} is {text:?}, expected a number")),
        Err(_) => Ok(otherwise),
    }
}

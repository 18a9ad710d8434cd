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

use anyhow::{Context as _, ensure};
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
    let only = Only::read()?;
    let works = works(&only);
    for folder in folders() {
        let place = || {
            tempfile::Builder::new()
                .prefix("bench-")
                .tempdir_in(&folder)
        };
        let mut table = Table::default();
        for (side, server) in &sides {
            if !works.is_empty() {
                let place = place()?;
                loads(
                    &runtime,
                    side,
                    server,
                    place.path(),
                    seconds,
                    &works,
                    &mut table,
                )
                .with_context(|| format!("loads on {side}"))?;
            }
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
    fn read() -> anyhow::Result<Self> {
        let Ok(words) = std::env::var("BENCH_ONLY") else {
            return Ok(Only(None));
        };
        for word in words.split(',') {
            let one = Only(Some(vec![word.to_owned()]));
            let known = ["keys", "leader"].iter().any(|part| one.wants(part));
            ensure!(
                known || !works(&one).is_empty(),
                "BENCH_ONLY: nothing is called {word:?}"
            );
        }
        Ok(Only(Some(words.split(',').map(str::to_owned).collect())))
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

/// The loads that are measured, by their names.
fn works(only: &Only) -> Vec<(String, Load)> {
    let range = |serializable| Load::Of(Work::Range { serializable }, OTHER_CLIENTS);
    let puts = PUT_CLIENTS.map(|clients| Load::Of(Work::Put, clients));
    let others = [
        Load::Of(Work::Update, OTHER_CLIENTS),
        range(false),
        range(true),
        Load::Events,
    ];
    let named = puts.into_iter().chain(others).map(|load| {
        let name = match load {
            Load::Of(work, clients) => format!("{work} {clients} clients"),
            Load::Events => format!("events to {} watchers", load::WATCHERS),
        };
        (name, load)
    });
    named.filter(|(name, _)| only.wants_load(name)).collect()
}

/// A load.
#[derive(Clone, Copy)]
enum Load {
    /// So many clients that do this.
    Of(Work, usize),
    /// Events to many watchers.
    Events,
}

fn loads(
    runtime: &tokio::runtime::Runtime,
    side: &'static str,
    server: &Server,
    place: &Path,
    seconds: Duration,
    works: &[(String, Load)],
    table: &mut Table,
) -> anyhow::Result<()> {
    let cluster = start(server, place, 1)?;
    let member = &cluster.members[0];
    let pid = member.pid().context("the server does not run")?;
    let address = format!("http://{}", member.endpoint());
    for (name, load) in works {
        let run = match *load {
            Load::Of(work, clients) => {
                runtime.block_on(load::drive(&address, pid, work, clients, seconds))?
            }
            Load::Events => runtime.block_on(load::fan_out(&address, pid, seconds))?,
        };
        run.record(name, side, table);
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

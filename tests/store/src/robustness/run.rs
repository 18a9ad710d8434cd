//! A whole run: three members, clients and watchers on each, one kind of fault again and again, and the checks.

use std::{
    collections::BTreeMap,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::{Context as _, ensure};
use rand::{Rng, SeedableRng, rngs::SmallRng};

use super::{
    checks,
    faults::{self, Fault},
    history::{Recorder, Seen},
    member::Member,
    network, watching,
    workload::Client,
};
use crate::tools;

const MEMBERS: usize = 3;
/// Clients of each member.
const CLIENTS: usize = 2;
/// Fewest answers that a run must have to say something, also on a slow machine.
const LEAST: usize = 30;
/// Longest time until everybody serves, at the beginning and after the faults.
const RECOVERY: Duration = Duration::from_secs(60);
/// Says how many seconds things go wrong, for each kind of fault.
const SECONDS: &str = "ROBUSTNESS_SECONDS";
/// How many if it says nothing.
const USUAL_SECONDS: u64 = 12;

/// Runs with faults of one kind. Prints what was done.
///
/// # Errors
/// What does not hold, with what the members said last.
pub fn with(fault: Fault) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    let folder = tempfile::tempdir()?;
    network::make(MEMBERS)?;
    let server = tools::ours()?;
    let mut members = (0..MEMBERS)
        .map(|n| Member::new(n, MEMBERS, &server, folder.path()))
        .collect::<anyhow::Result<Vec<_>>>()?;
    for member in &mut members {
        member.start()?;
    }
    let result = runtime.block_on(play(fault, &mut members));
    if result.is_err() {
        for (n, member) in members.iter().enumerate() {
            println!("the last words of m{n}:\n{}\n", member.last_words());
        }
    }
    result
}

async fn play(fault: Fault, members: &mut [Member]) -> anyhow::Result<()> {
    let seconds = match std::env::var(SECONDS) {
        Ok(seconds) => seconds.parse().context(SECONDS)?,
        Err(_) => USUAL_SECONDS,
    };
    let recorder = Recorder::default();
    let go_on = Arc::new(AtomicBool::new(true));
    mark("begin", &recorder).await?;
    let mut watchers = tokio::task::JoinSet::new();
    let mut clients = tokio::task::JoinSet::new();
    for member in 0..MEMBERS {
        watchers.spawn(watching::follow(member, recorder.clone()));
        for client in 0..CLIENTS {
            let client = Client::new(member * CLIENTS + client, member, &recorder);
            let go_on = Arc::clone(&go_on);
            clients.spawn(async move { client.work(&go_on).await });
        }
    }
    let mut rng = SmallRng::seed_from_u64(rand::rng().random());
    let (begun, mut times) = (Instant::now(), 0);
    while begun.elapsed() < Duration::from_secs(seconds) {
        tokio::time::sleep(Duration::from_millis(rng.random_range(300..1_500))).await;
        faults::happen(fault, members, &mut rng).await?;
        times += 1;
    }
    go_on.store(false, Ordering::Relaxed);
    while clients.join_next().await.is_some() {}
    for (n, member) in members.iter_mut().enumerate() {
        ensure!(member.runs()?, "m{n} has ended");
    }
    let last = mark("end", &recorder).await?;
    until_seen(last, &recorder).await?;
    watchers.shutdown().await;
    println!("{times} times {fault:?} in {:?}", begun.elapsed());
    check(fault, &recorder, last).await
}

/// Writes through every member, which shows that it serves. Returns the last revision.
async fn mark(name: &str, recorder: &Recorder) -> anyhow::Result<i64> {
    let begun = Instant::now();
    let mut last = 0;
    for member in 0..MEMBERS {
        let mut client = Client::new(1_000 + member, member, recorder);
        last = loop {
            if let Some(revision) = client.mark(&format!("{name}/m{member}")).await {
                break revision;
            }
            ensure!(begun.elapsed() < RECOVERY, "m{member} does not serve");
            tokio::time::sleep(Duration::from_millis(100)).await;
        };
    }
    Ok(last)
}

async fn until_seen(last: i64, recorder: &Recorder) -> anyhow::Result<()> {
    let begun = Instant::now();
    let behind = || {
        let history = recorder.lock();
        let reached = |seen: &Vec<(Seen, u64)>| seen.last().is_some_and(|s| s.0.revision >= last);
        let reached = history
            .watched
            .values()
            .filter(|seen| reached(seen))
            .count();
        reached < MEMBERS
    };
    while behind() {
        ensure!(
            begun.elapsed() < RECOVERY,
            "a watcher does not see revision {last}"
        );
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    Ok(())
}

async fn check(fault: Fault, recorder: &Recorder, last: i64) -> anyhow::Result<()> {
    let mut watched = BTreeMap::new();
    for member in 0..MEMBERS {
        let replay = watching::replay(member, last);
        let replay = tokio::time::timeout(RECOVERY, replay).await;
        let replayed = replay.context("a watch of the past does not end")??;
        watched.insert(format!("a watch of the past of m{member}"), replayed);
    }
    let history = recorder.lock();
    for (member, seen) in &history.watched {
        let upto = seen.iter().map(|(seen, _)| seen.clone());
        let upto = upto.filter(|seen| seen.revision <= last).collect();
        watched.insert(format!("the watcher of m{member}"), upto);
    }
    checks::watches(&watched)?;
    let all = &history.watched[&0];
    let changes: Vec<Seen> = all.iter().map(|(seen, _)| seen.clone()).collect();
    checks::acknowledged(&history, &changes)?;
    let operations = checks::settled(&history, all);
    let answered = history
        .operations
        .iter()
        .filter(|op| op.end.is_some())
        .count();
    println!(
        "{} operations, {answered} answered, {} settled, {last} revisions",
        history.operations.len(),
        operations.len()
    );
    ensure!(answered >= LEAST, "{answered} answers say little");
    let name = format!("{fault:?}").to_lowercase();
    let said = checks::linearizable(
        &operations,
        Path::new("/tmp"),
        &format!("robustness-{name}"),
    )?;
    println!("{said}");
    Ok(())
}

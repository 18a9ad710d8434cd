//! The leader of three is killed: how long until a write is acknowledged again.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use hydrofoil_etcd_wire::etcdserverpb::{PutRequest, kv_client::KvClient};
use hydrofoil_store_tests::tools::Server;
use rustix::process::Signal;
use tokio::task::JoinSet;
use tonic::transport::Channel;

use crate::table::Table;
use crate::{load, start};

const ROUNDS: usize = 5;
const ATTEMPT_EVERY: Duration = Duration::from_millis(10);
const LIMIT: Duration = Duration::from_secs(30);

/// Kills the leader a few times; the median and the longest time to the next acknowledged write through a survivor.
pub fn measure(
    runtime: &tokio::runtime::Runtime,
    side: &'static str,
    server: &Server,
    place: &Path,
    table: &mut Table,
) -> anyhow::Result<()> {
    let mut cluster = start(server, place, 3)?;
    let mut times = Vec::new();
    for round in 0..ROUNDS {
        cluster.wait_ready()?;
        let leader = cluster.leader()?;
        let survivors: Vec<String> = cluster
            .members
            .iter()
            .enumerate()
            .filter(|(index, _)| *index != leader)
            .map(|(_, member)| format!("http://{}", member.endpoint()))
            .collect();
        let mut channels = Vec::new();
        for address in &survivors {
            channels.extend(runtime.block_on(load::connect(address, 1))?);
        }
        let begun = Instant::now();
        cluster.members[leader].stop(Signal::KILL)?;
        runtime
            .block_on(next_write(&channels))
            .with_context(|| format!("round {round}"))?;
        times.push(begun.elapsed().as_secs_f64() * 1000.0);
        cluster.members[leader].start()?;
    }
    times.sort_by(f64::total_cmp);
    table.add(
        "leader killed to next write: median, ms",
        side,
        times[ROUNDS / 2],
    );
    table.add(
        "leader killed to next write: longest, ms",
        side,
        times[ROUNDS - 1],
    );
    Ok(())
}

/// A write is tried on each survivor every 10 ms, without waiting for those before it: the first answer ends it.
async fn next_write(channels: &[Channel]) -> anyhow::Result<()> {
    let mut attempts = JoinSet::new();
    let mut pace = tokio::time::interval(ATTEMPT_EVERY);
    let end = tokio::time::Instant::now() + LIMIT;
    loop {
        tokio::select! {
            _ = pace.tick() => for channel in channels {
                let mut kv = KvClient::new(channel.clone());
                attempts.spawn(async move {
                    kv.put(PutRequest {
                        key: "/succession".into(),
                        value: "written".into(),
                        ..PutRequest::default()
                    })
                    .await
                });
            },
            Some(done) = attempts.join_next() => if done?.is_ok() {
                return Ok(());
            },
            () = tokio::time::sleep_until(end) => bail!("no write within {LIMIT:?}"),
        }
    }
}

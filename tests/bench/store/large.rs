//! Many keys of 1 KB: the memory they take, a restart with them, their snapshot, and its restore.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use hydrofoil_etcd_wire::etcdserverpb::{
    PutRequest, RequestOp, TxnRequest, kv_client::KvClient, request_op::Request,
};
use hydrofoil_store_tests::tools::{self, Server};
use rustix::process::Signal;
use tokio::task::JoinSet;

use crate::table::Table;
use crate::{cost, load, start};

const VALUE: usize = 1024;
const BATCH: u64 = 100;
const WRITERS: u64 = 16;
// A gRPC answer of a snapshot's size is streamed; etcdctl's own limit is this command's.
const SAVE_TIMEOUT: &str = "--command-timeout=600s";

/// Fills one member with `keys` keys and measures.
pub fn measure(
    runtime: &tokio::runtime::Runtime,
    side: &'static str,
    server: &Server,
    place: &Path,
    keys: u64,
    table: &mut Table,
) -> anyhow::Result<()> {
    let mut cluster = start(server, place, 1)?;
    let member = &mut cluster.members[0];
    let address = format!("http://{}", member.endpoint());
    let took = runtime.block_on(fill(&address, keys))?;
    let name = |what: &str| format!("{keys} keys of 1 KB: {what}");
    table.add(&name("filling, s"), side, took.as_secs_f64());
    let pid = member.pid().context("the server does not run")?;
    table.add(&name("memory, MiB"), side, cost::resident(pid)?);

    let file = place.join("snapshot.db");
    let begun = Instant::now();
    run(Command::new(tools::tool("etcdctl")?)
        .args([
            "--endpoints",
            &member.endpoint(),
            SAVE_TIMEOUT,
            "snapshot",
            "save",
        ])
        .arg(&file))?;
    table.add(
        &name("snapshot save, s"),
        side,
        begun.elapsed().as_secs_f64(),
    );

    member.stop(Signal::TERM)?;
    let begun = Instant::now();
    member.start()?;
    member.wait_ready()?;
    table.add(&name("restart, s"), side, begun.elapsed().as_secs_f64());
    let pid = member.pid().context("the server does not run")?;
    table.add(
        &name("memory after restart, MiB"),
        side,
        cost::resident(pid)?,
    );
    member.stop(Signal::TERM)?;

    let begun = Instant::now();
    let mut restore = match side {
        "etcd" => Command::new(tools::tool("etcdutl")?),
        _ => {
            let mut command = Command::new(&server.program);
            command.args(&server.first);
            command
        }
    };
    run(restore
        .args(["snapshot", "restore"])
        .arg(&file)
        .arg("--data-dir")
        .arg(place.join("restored")))?;
    table.add(
        &name("snapshot restore, s"),
        side,
        begun.elapsed().as_secs_f64(),
    );
    Ok(())
}

fn run(command: &mut Command) -> anyhow::Result<()> {
    let done = command.stdin(Stdio::null()).output()?;
    ensure!(
        done.status.success(),
        "{command:?}: {}",
        String::from_utf8_lossy(&done.stderr)
    );
    Ok(())
}

async fn fill(address: &str, keys: u64) -> anyhow::Result<Duration> {
    let channels = load::connect(address, 4).await?;
    let begun = Instant::now();
    let mut writers = JoinSet::new();
    for writer in 0..WRITERS {
        let mut kv = KvClient::new(channels[writer as usize % channels.len()].clone());
        writers.spawn(async move {
            let mut first = writer * BATCH;
            while first < keys {
                let puts = (first..keys.min(first + BATCH)).map(|key| RequestOp {
                    request: Some(Request::RequestPut(PutRequest {
                        key: format!("/large/{key:010}").into(),
                        value: vec![b'v'; VALUE].into(),
                        ..PutRequest::default()
                    })),
                });
                kv.txn(TxnRequest {
                    success: puts.collect(),
                    ..TxnRequest::default()
                })
                .await?;
                first += WRITERS * BATCH;
            }
            anyhow::Ok(())
        });
    }
    while let Some(done) = writers.join_next().await {
        done??;
    }
    Ok(begun.elapsed())
}

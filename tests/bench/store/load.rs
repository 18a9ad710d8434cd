//! Load from many clients over a few connections, each client waiting for its answer before it asks again.

use std::fmt;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use hydrofoil_etcd_wire::etcdserverpb::{
    Compare, PutRequest, RangeRequest, RequestOp, TxnRequest, WatchCreateRequest, WatchRequest,
    compare, kv_client::KvClient, request_op::Request, watch_client::WatchClient,
    watch_request::RequestUnion,
};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio_stream::wrappers::ReceiverStream;
use tonic::transport::{Channel, Endpoint};

use crate::{cost, table::Table};

/// Watchers of the fan-out, over [`CONNECTIONS`] streams.
pub const WATCHERS: usize = 1000;
const CONNECTIONS: usize = 10;
const VALUE: usize = 256;
const WRITERS: usize = 4;
// After the last write, this long without an event is a lost one.
const STRAGGLER: Duration = Duration::from_secs(20);

/// What the clients ask.
#[derive(Clone, Copy, Debug)]
pub enum Work {
    /// A put of a value of 256 bytes, each client on keys of its own.
    Put,
    /// The transaction with which an API server updates an object.
    Update,
    /// One key.
    Range {
        /// Whether any member may answer from what it has.
        serializable: bool,
    },
}

impl fmt::Display for Work {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Work::Put => "put,",
            Work::Update => "update transaction,",
            Work::Range {
                serializable: false,
            } => "linearizable range,",
            Work::Range { serializable: true } => "serializable range,",
        })
    }
}

/// What a load measured.
#[derive(Debug)]
pub struct Run {
    took: Duration,
    /// What the server used meanwhile.
    cpu: Duration,
    operations: usize,
    /// Latencies in microseconds, sorted. Empty when there are none.
    latencies: Vec<u32>,
}

impl Run {
    /// Notes the figures of this run.
    pub fn record(&self, name: &str, side: &'static str, table: &mut Table) {
        let operations = self.operations as f64;
        table.add(
            &format!("{name}: per second"),
            side,
            operations / self.took.as_secs_f64(),
        );
        if self.cpu > Duration::ZERO {
            let rate = operations / self.cpu.as_secs_f64();
            table.add(&format!("{name}: per server CPU-second"), side, rate);
        }
        for (quantile, percent) in [(0.5, "p50"), (0.99, "p99")] {
            let index = (self.latencies.len() as f64 * quantile) as usize;
            if let Some(micros) = self.latencies.get(index) {
                table.add(
                    &format!("{name}: {percent}, ms"),
                    side,
                    f64::from(*micros) / 1000.0,
                );
            }
        }
    }
}

/// Connections to one server.
pub async fn connect(address: &str, count: usize) -> anyhow::Result<Vec<Channel>> {
    let mut channels = Vec::with_capacity(count);
    for _ in 0..count {
        channels.push(Endpoint::new(address.to_owned())?.connect().await?);
    }
    Ok(channels)
}

/// Runs `clients` clients for `time`. The server's process is `pid`. What each client writes before it begins is not counted.
pub async fn drive(
    address: &str,
    pid: u32,
    work: Work,
    clients: usize,
    time: Duration,
) -> anyhow::Result<Run> {
    let channels = connect(address, CONNECTIONS.min(clients)).await?;
    let mut preparing = JoinSet::new();
    for client in 0..clients {
        let mut kv = KvClient::new(channels[client % channels.len()].clone());
        preparing.spawn(async move {
            let state = State::prepare(&mut kv, work, client).await?;
            anyhow::Ok((kv, state))
        });
    }
    let mut ready = Vec::with_capacity(clients);
    while let Some(prepared) = preparing.join_next().await {
        ready.push(prepared??);
    }
    let before = cost::cpu(pid)?;
    let begun = Instant::now();
    let end = begun + time;
    let mut tasks = JoinSet::new();
    for (mut kv, mut state) in ready {
        tasks.spawn(async move {
            let mut latencies = Vec::new();
            while Instant::now() < end {
                let asked = Instant::now();
                state.ask(&mut kv).await?;
                latencies.push(u32::try_from(asked.elapsed().as_micros()).unwrap_or(u32::MAX));
            }
            anyhow::Ok(latencies)
        });
    }
    let mut latencies = Vec::new();
    while let Some(done) = tasks.join_next().await {
        latencies.extend(done??);
    }
    let took = begun.elapsed();
    let cpu = cost::cpu(pid)?.saturating_sub(before);
    latencies.sort_unstable();
    Ok(Run {
        took,
        cpu,
        operations: latencies.len(),
        latencies,
    })
}

struct State {
    work: Work,
    key: String,
    count: u64,
    revision: i64,
}

impl State {
    async fn prepare(
        kv: &mut KvClient<Channel>,
        work: Work,
        client: usize,
    ) -> anyhow::Result<Self> {
        let key = format!("/bench/{client:06}");
        let put = PutRequest {
            key: key.clone().into(),
            value: vec![b'v'; VALUE].into(),
            ..PutRequest::default()
        };
        let answer = kv.put(put).await?.into_inner();
        Ok(State {
            work,
            key,
            count: 0,
            revision: answer.header.unwrap_or_default().revision,
        })
    }

    async fn ask(&mut self, kv: &mut KvClient<Channel>) -> anyhow::Result<()> {
        self.count += 1;
        let put = |key: String| PutRequest {
            key: key.into(),
            value: vec![b'v'; VALUE].into(),
            ..PutRequest::default()
        };
        match self.work {
            Work::Put => {
                kv.put(put(format!("{}/{}", self.key, self.count % 100)))
                    .await?;
            }
            Work::Range { serializable } => {
                let range = RangeRequest {
                    key: self.key.clone().into(),
                    serializable,
                    ..RangeRequest::default()
                };
                ensure!(
                    kv.range(range).await?.into_inner().count == 1,
                    "the key is gone"
                );
            }
            Work::Update => {
                let unchanged = Compare {
                    result: compare::CompareResult::Equal.into(),
                    target: compare::CompareTarget::Mod.into(),
                    key: self.key.clone().into(),
                    target_union: Some(compare::TargetUnion::ModRevision(self.revision)),
                    ..Compare::default()
                };
                let get = RangeRequest {
                    key: self.key.clone().into(),
                    ..RangeRequest::default()
                };
                let update = TxnRequest {
                    compare: vec![unchanged],
                    success: vec![RequestOp {
                        request: Some(Request::RequestPut(put(self.key.clone()))),
                    }],
                    failure: vec![RequestOp {
                        request: Some(Request::RequestRange(get)),
                    }],
                };
                let answer = kv.txn(update).await?.into_inner();
                ensure!(answer.succeeded, "nobody else writes {}", self.key);
                self.revision = answer.header.unwrap_or_default().revision;
            }
        }
        Ok(())
    }
}

/// A few writers to one prefix that [`WATCHERS`] watch, and the time until each watcher has each event. The server's process is `pid`.
pub async fn fan_out(address: &str, pid: u32, time: Duration) -> anyhow::Result<Run> {
    let channels = connect(address, CONNECTIONS).await?;
    let each = WATCHERS / CONNECTIONS;
    let (seen, mut events) = mpsc::channel::<usize>(1024);
    let (ready, mut readies) = mpsc::channel::<()>(WATCHERS);
    let mut watchers = JoinSet::new();
    for channel in &channels {
        let mut client = WatchClient::new(channel.clone());
        let (seen, ready) = (seen.clone(), ready.clone());
        watchers.spawn(async move {
            let (ask, asked) = mpsc::channel(each);
            for _ in 0..each {
                let create = WatchCreateRequest {
                    key: "/watched/".into(),
                    range_end: "/watched0".into(),
                    ..WatchCreateRequest::default()
                };
                ask.send(WatchRequest {
                    request_union: Some(RequestUnion::CreateRequest(create)),
                })
                .await?;
            }
            let mut stream = client.watch(ReceiverStream::new(asked)).await?.into_inner();
            while let Some(answer) = stream.message().await? {
                ensure!(
                    !answer.canceled,
                    "a watch was cancelled: {}",
                    answer.cancel_reason
                );
                if answer.created {
                    ready.send(()).await?;
                }
                if !answer.events.is_empty() {
                    seen.send(answer.events.len()).await?;
                }
            }
            drop(ask);
            anyhow::Ok(())
        });
    }
    drop((seen, ready));
    for _ in 0..WATCHERS {
        readies.recv().await.context("a watch stream ended")?;
    }
    let before = cost::cpu(pid)?;
    let begun = Instant::now();
    let end = begun + time;
    let mut writers = JoinSet::new();
    for writer in 0..WRITERS {
        let mut kv = KvClient::new(channels[writer % channels.len()].clone());
        writers.spawn(async move {
            let mut puts = 0usize;
            while Instant::now() < end {
                kv.put(PutRequest {
                    key: format!("/watched/{writer}").into(),
                    value: vec![b'v'; VALUE].into(),
                    ..PutRequest::default()
                })
                .await?;
                puts += 1;
            }
            anyhow::Ok(puts)
        });
    }
    let written = tokio::spawn(async move {
        let mut sum = 0;
        while let Some(done) = writers.join_next().await {
            sum += done??;
        }
        anyhow::Ok(sum)
    });
    let mut got = 0;
    while !written.is_finished() {
        if let Ok(Some(more)) =
            tokio::time::timeout(Duration::from_millis(100), events.recv()).await
        {
            got += more;
        }
    }
    let expected = written.await?? * WATCHERS;
    while got < expected {
        got += tokio::time::timeout(STRAGGLER, events.recv())
            .await
            .with_context(|| format!("{got} of {expected} events arrived"))?
            .context("a watch stream ended")?;
    }
    ensure!(
        got == expected,
        "{got} events where {expected} were expected"
    );
    let took = begun.elapsed();
    let cpu = cost::cpu(pid)?.saturating_sub(before);
    watchers.shutdown().await;
    Ok(Run {
        took,
        cpu,
        operations: got,
        latencies: Vec::new(),
    })
}

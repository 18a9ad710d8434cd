//! What clients do: registers that are set, read and swapped, lists that are appended to, and transactions over two keys.

use std::{sync::atomic::AtomicBool, sync::atomic::Ordering, time::Duration};

use hydrofoil_etcd_wire::etcdserverpb::{
    Compare, PutRequest, RangeRequest, RangeResponse, RequestOp, StatusRequest, TxnRequest,
    TxnResponse,
    compare::{CompareResult, CompareTarget, TargetUnion},
    kv_client::KvClient,
    maintenance_client::MaintenanceClient,
    request_op, response_op,
};
use rand::{Rng, SeedableRng, rngs::SmallRng};
use tonic::transport::{Channel, Endpoint};

use super::{
    history::{Recorder, Values},
    network::address,
};

/// Longest wait for an answer: longer than the store itself waits for one in a cluster that is well.
const PATIENCE: Duration = Duration::from_secs(4);
/// Registers, lists, and pairs of keys.
const REGISTERS: usize = 4;
const LISTS: usize = 2;
const PAIRS: usize = 2;
/// Length from which on a list begins anew.
const LONG: usize = 400;

/// The way to a member, which is connected when it is used.
pub fn channel(member: usize) -> Channel {
    // The address is one, so the URI is.
    Endpoint::from_shared(format!("http://{}:2379", address(member)))
        .unwrap_or_else(|_| Endpoint::from_static("http://invalid"))
        .connect_timeout(Duration::from_secs(1))
        .timeout(PATIENCE)
        .connect_lazy()
}

/// Whether a member says that it leads.
pub async fn leads(member: usize) -> bool {
    let mut client = MaintenanceClient::new(channel(member));
    let asked = client.status(StatusRequest {});
    match tokio::time::timeout(Duration::from_millis(500), asked).await {
        Ok(Ok(status)) => {
            let status = status.into_inner();
            status.leader != 0 && status.header.is_some_and(|h| h.member_id == status.leader)
        }
        Ok(Err(_)) | Err(_) => false,
    }
}

/// One client of one member.
#[derive(Debug)]
pub struct Client {
    number: usize,
    kv: KvClient<Channel>,
    recorder: Recorder,
    rng: SmallRng,
    written: u64,
}

type Answered = Option<(i64, bool, Values)>;

impl Client {
    /// Of `member`.
    pub fn new(number: usize, member: usize, recorder: &Recorder) -> Self {
        Client {
            number,
            kv: KvClient::new(channel(member)),
            recorder: recorder.clone(),
            rng: SmallRng::seed_from_u64(number as u64),
            written: 0,
        }
    }

    /// Does one thing after the other while `go_on`.
    pub async fn work(mut self, go_on: &AtomicBool) {
        while go_on.load(Ordering::Relaxed) {
            let done = match self.rng.random_range(0..10) {
                0..5 => self.register().await,
                5..7 => self.append().await,
                _ => self.transact().await,
            };
            let pause = if done.is_some() { 2..30 } else { 50..150 };
            let pause = self.rng.random_range(pause);
            tokio::time::sleep(Duration::from_millis(pause)).await;
        }
    }

    fn value(&mut self) -> String {
        self.written += 1;
        format!("{}.{}", self.number, self.written)
    }

    /// Sets, reads or swaps.
    async fn register(&mut self) -> Answered {
        let key = format!("r{}", self.rng.random_range(0..REGISTERS));
        let one = |value: Option<String>| Values::from([(key.clone(), value)]);
        match self.rng.random_range(0..3) {
            0 => {
                let value = self.value();
                self.transaction(&key, Values::new(), one(Some(value)), &[])
                    .await
            }
            1 => {
                self.transaction(&key, Values::new(), Values::new(), &[&key])
                    .await
            }
            _ => {
                let (_, _, found) = self
                    .transaction(&key, Values::new(), Values::new(), &[&key])
                    .await?;
                let value = self.value();
                self.transaction(&key, found, one(Some(value)), &[]).await
            }
        }
    }

    /// Reads a list and adds to what was read, if it is still that.
    async fn append(&mut self) -> Answered {
        let key = format!("l{}", self.rng.random_range(0..LISTS));
        let (_, _, found) = self
            .transaction(&key, Values::new(), Values::new(), &[&key])
            .await?;
        let before = found.get(&key).cloned().flatten().unwrap_or_default();
        let item = self.value();
        let value = if before.len() > LONG {
            item
        } else {
            format!("{before} {item}")
        };
        self.transaction(&key, found, Values::from([(key.clone(), Some(value))]), &[])
            .await
    }

    /// Reads two keys at once, or writes both if one is as it was.
    async fn transact(&mut self) -> Answered {
        let pair = format!("t{}", self.rng.random_range(0..PAIRS));
        let (a, b) = (format!("{pair}/a"), format!("{pair}/b"));
        let (_, _, found) = self
            .transaction(&pair, Values::new(), Values::new(), &[&a, &b])
            .await?;
        if self.rng.random_bool(0.4) {
            return Some((0, true, found));
        }
        let value = self.value();
        let conditions = found.into_iter().filter(|(key, _)| *key == a).collect();
        let writes = Values::from([
            (a, Some(format!("{value}/a"))),
            (b.clone(), Some(format!("{value}/b"))),
        ]);
        self.transaction(&pair, conditions, writes, &[&b]).await
    }

    /// One transaction: if `conditions` hold, `writes`; in any case `reads` after that. `None`: nobody knows.
    async fn transaction(
        &mut self,
        group: &str,
        conditions: Values,
        writes: Values,
        reads: &[&str],
    ) -> Answered {
        let request = request(&conditions, &writes, reads);
        let number = self.recorder.begin(self.number, group, conditions, writes);
        let asked = self.kv.txn(request);
        let answer = tokio::time::timeout(PATIENCE, asked).await.ok()?.ok()?;
        let answer = answer.into_inner();
        let revision = answer.header.as_ref().map_or(0, |header| header.revision);
        let found = found(&answer, reads);
        self.recorder
            .end(number, revision, answer.succeeded, found.clone());
        Some((revision, answer.succeeded, found))
    }
}

fn request(conditions: &Values, writes: &Values, reads: &[&str]) -> TxnRequest {
    let compare = conditions.iter().map(|(key, value)| {
        let (target, union) = match value {
            Some(value) => (
                CompareTarget::Value,
                TargetUnion::Value(value.clone().into()),
            ),
            None => (CompareTarget::Create, TargetUnion::CreateRevision(0)),
        };
        Compare {
            result: CompareResult::Equal.into(),
            target: target.into(),
            key: key.clone().into(),
            target_union: Some(union),
            ..Default::default()
        }
    });
    let puts = writes.iter().map(|(key, value)| {
        request_op::Request::RequestPut(PutRequest {
            key: key.clone().into(),
            value: value.clone().unwrap_or_default().into(),
            ..Default::default()
        })
    });
    let ranges = || {
        reads.iter().map(|key| {
            request_op::Request::RequestRange(RangeRequest {
                key: (*key).to_owned().into(),
                ..Default::default()
            })
        })
    };
    let operation = |request| RequestOp {
        request: Some(request),
    };
    TxnRequest {
        compare: compare.collect(),
        success: puts.chain(ranges()).map(operation).collect(),
        failure: ranges().map(operation).collect(),
    }
}

fn found(answer: &TxnResponse, reads: &[&str]) -> Values {
    let ranges = answer.responses.iter().filter_map(|op| match &op.response {
        Some(response_op::Response::ResponseRange(range)) => Some(range),
        _ => None,
    });
    let value = |range: &RangeResponse| {
        let kv = range.kvs.first();
        kv.map(|kv| String::from_utf8_lossy(&kv.value).into_owned())
    };
    let keys = reads.iter().map(|key| (*key).to_owned());
    keys.zip(ranges.map(value)).collect()
}

impl Client {
    /// Writes a mark that nobody else writes, once more if nobody knows whether it was written. Returns its revision.
    pub async fn mark(&mut self, key: &str) -> Option<i64> {
        let value = self.value();
        let writes = Values::from([(key.to_owned(), Some(value))]);
        let (revision, _, _) = self.transaction(key, Values::new(), writes, &[]).await?;
        Some(revision)
    }
}

//! Forgets the history of the store, keeping what is younger than one step.
//!
//! A remote store has several API servers, ours or upstream's: who compacts is settled as upstream settles it, by a key
//! whose version is a clock that they all tick. Who ticks it compacts to where the store was at its own tick before; who
//! finds it ticked by somebody else waits for the next time.

use bytes::Bytes;
use hydrofoil_raftstore::{
    Compare, CompareResult, CompareTarget, PutRequest, RangeRequest, RequestOp, ResponseOp,
    TxnRequest,
};

use super::{Error, Storage};

/// The key that API servers agree by. It lies outside of every prefix, as upstream's.
const CLOCK: &str = "compact_rev_key";

/// One server's compaction. [`step`](Compactor::step) is to be called once an interval.
#[derive(Debug)]
pub struct Compactor {
    /// What the clock's version was when it was last looked at.
    time: i64,
    /// Where the store was then; 0 before the first look.
    revision: i64,
}

impl Compactor {
    /// Begins with what there is now.
    pub fn new(storage: &Storage) -> Compactor {
        Compactor {
            time: 0,
            revision: storage.known_revision().unwrap_or(0),
        }
    }

    /// Compacts to where the store was at the step before, if that is this server's to do.
    ///
    /// # Errors
    /// What the store says.
    pub async fn step(&mut self, storage: &Storage) -> Result<(), Error> {
        match storage {
            Storage::Local(store) => {
                let keep_from = std::mem::replace(&mut self.revision, store.revision());
                if keep_from > store.compact_revision().max(1) {
                    store.compact(keep_from).await?;
                }
                Ok(())
            }
            Storage::Remote(remote) => {
                let response = remote.txn(self.tick()).await?;
                let keep_from = std::mem::replace(&mut self.revision, response.header.revision);
                if !response.succeeded {
                    self.time = version(response.responses.first());
                    return Ok(());
                }
                self.time += 1;
                if keep_from > 0 {
                    remote.compact(keep_from).await?;
                }
                Ok(())
            }
        }
    }

    /// Ticks the clock, if nobody did since it was looked at.
    fn tick(&self) -> TxnRequest {
        let key = Bytes::from_static(CLOCK.as_bytes());
        TxnRequest {
            compare: vec![Compare {
                result: CompareResult::Equal,
                target: CompareTarget::Version(self.time),
                key: key.clone(),
                range_end: Bytes::new(),
            }],
            success: vec![RequestOp::Put(PutRequest {
                key: key.clone(),
                value: self.revision.to_string().into(),
                ..PutRequest::default()
            })],
            failure: vec![RequestOp::Range(RangeRequest::key(key))],
        }
    }
}

/// The version of the clock in an answer; 0 when there is none.
fn version(answer: Option<&ResponseOp>) -> i64 {
    match answer {
        Some(ResponseOp::Range(range)) => range.kvs.first().map_or(0, |kv| kv.version),
        _ => 0,
    }
}

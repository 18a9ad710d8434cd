//! `v3electionpb.Election`.

use std::pin::Pin;

use bytes::Bytes;
use futures::{Stream, stream::try_unfold};
use hydrofoil_etcd_wire::{
    etcdserverpb::{ResponseHeader, TxnRequest},
    mvccpb::{KeyValue, event::EventType},
    v3electionpb::{
        CampaignRequest, CampaignResponse, LeaderKey, LeaderRequest, LeaderResponse,
        ProclaimRequest, ProclaimResponse, ResignRequest, ResignResponse,
        election_server::Election,
    },
};
use hydrofoil_raftstore::prefix_end;
use tonic::{Request, Response, Status, async_trait};

use super::{
    Caller, Coordination,
    keys::{Session, Watch, created_at, delete, first_created, get, one, put, read},
};

/// etcd's words.
const MISSING_LEADER: &str = "\"leader\" field must be provided";
const NOT_LEADER: &str = "election: not leader";
const NO_LEADER: &str = "election: no leader";

fn under(name: &[u8]) -> Vec<u8> {
    [name, b"/"].concat()
}

#[async_trait]
impl Election for Coordination {
    /// Waits until the caller leads. Who goes away while it waits leaves nothing behind.
    async fn campaign(
        &self,
        request: Request<CampaignRequest>,
    ) -> Result<Response<CampaignResponse>, Status> {
        let caller = Caller::of(&request);
        let CampaignRequest { name, lease, value } = request.into_inner();
        let session = self.session(caller, lease).await?;
        let prefix = under(&name);
        let key = session.key(&prefix);
        let asked = TxnRequest {
            compare: vec![created_at(key.clone(), 0)],
            success: vec![put(key.clone(), value.clone(), session.lease)],
            failure: vec![get(one(key.clone()))],
        };
        let answer = session.txn(asked).await?;
        let mine = read(&answer, 0).first();
        let created = match mine {
            Some(kv) if !answer.succeeded => kv.create_revision,
            _ => answer.header.as_ref().map_or(0, |header| header.revision),
        };
        let waiting = session.withdraw_unless_kept(key.clone(), created);
        if mine.is_some_and(|kv| !answer.succeeded && kv.value != value) {
            session.proclaim(&key, created, value).await?;
        }
        session.wait_for_older(&prefix, created).await?;
        waiting.keep();
        Ok(Response::new(CampaignResponse {
            header: answer.header,
            leader: Some(LeaderKey {
                name,
                key,
                rev: created,
                lease: session.lease,
            }),
        }))
    }

    async fn proclaim(
        &self,
        request: Request<ProclaimRequest>,
    ) -> Result<Response<ProclaimResponse>, Status> {
        let caller = Caller::of(&request);
        let ProclaimRequest { leader, value } = request.into_inner();
        let leader = leader.ok_or_else(|| Status::unknown(MISSING_LEADER))?;
        let session = self.session(caller, leader.lease).await?;
        let header = session.proclaim(&leader.key, leader.rev, value).await?;
        Ok(Response::new(ProclaimResponse { header }))
    }

    async fn leader(
        &self,
        request: Request<LeaderRequest>,
    ) -> Result<Response<LeaderResponse>, Status> {
        let session = self.session(Caller::of(&request), -1).await?;
        let prefix = under(&request.into_inner().name);
        let found = session.range(first_created(&prefix)).await?;
        let kv = found.kvs.into_iter().next();
        let kv = kv.ok_or_else(|| Status::unknown(NO_LEADER))?;
        Ok(Response::new(LeaderResponse {
            header: found.header,
            kv: Some(kv),
        }))
    }

    type ObserveStream = Pin<Box<dyn Stream<Item = Result<LeaderResponse, Status>> + Send>>;

    /// Tells every value of every leader from now on; values of one that is not told fast enough may be left out.
    async fn observe(
        &self,
        request: Request<LeaderRequest>,
    ) -> Result<Response<Self::ObserveStream>, Status> {
        let session = self.session(Caller::of(&request), -1).await?;
        let observer = Observer {
            prefix: under(&request.into_inner().name),
            session,
            watch: None,
            waiting: Vec::new(),
        };
        let told = try_unfold(observer, |mut observer| async move {
            // As in etcd, whatever goes wrong ends the stream without an error.
            match observer.next().await {
                Ok(response) => Ok(Some((response, observer))),
                Err(error) => {
                    tracing::debug!(%error, "an observer of an election ends");
                    Ok(None)
                }
            }
        });
        Ok(Response::new(Box::pin(told)))
    }

    async fn resign(
        &self,
        request: Request<ResignRequest>,
    ) -> Result<Response<ResignResponse>, Status> {
        let caller = Caller::of(&request);
        let leader = request.into_inner().leader;
        let leader = leader.ok_or_else(|| Status::unknown(MISSING_LEADER))?;
        let session = self.session(caller, leader.lease).await?;
        let asked = TxnRequest {
            compare: vec![created_at(leader.key.clone(), leader.rev)],
            success: vec![delete(leader.key)],
            failure: Vec::new(),
        };
        let header = session.txn(asked).await?.header;
        Ok(Response::new(ResignResponse { header }))
    }
}

impl Session {
    /// Gives the leader another value, if it is still the one created at `created`.
    async fn proclaim(
        &self,
        key: &Bytes,
        created: i64,
        value: Bytes,
    ) -> Result<Option<ResponseHeader>, Status> {
        let asked = TxnRequest {
            compare: vec![created_at(key.clone(), created)],
            success: vec![put(key.clone(), value, self.lease)],
            failure: Vec::new(),
        };
        let answer = self.txn(asked).await?;
        if !answer.succeeded {
            return Err(Status::unknown(NOT_LEADER));
        }
        Ok(answer.header)
    }
}

/// Follows an election: the leader's key for as long as it is there, then the next one's.
struct Observer {
    session: Session,
    prefix: Vec<u8>,
    watch: Option<Watch>,
    /// Told already by the watch, last first.
    waiting: Vec<LeaderResponse>,
}

impl Observer {
    async fn next(&mut self) -> Result<LeaderResponse, Status> {
        loop {
            if let Some(response) = self.waiting.pop() {
                return Ok(response);
            }
            let Some(watch) = &mut self.watch else {
                return self.elected().await;
            };
            let answer = watch.next().await?;
            let mut told = Vec::new();
            for event in answer.events {
                if event.r#type() == EventType::Delete {
                    self.watch = None;
                    break;
                }
                told.push(LeaderResponse {
                    header: answer.header,
                    kv: event.kv,
                });
            }
            told.reverse();
            self.waiting = told;
        }
    }

    /// The leader there is, or the first there will be; from then on its key is watched.
    async fn elected(&mut self) -> Result<LeaderResponse, Status> {
        let found = self.session.range(first_created(&self.prefix)).await?;
        let header = found.header.unwrap_or_default();
        let (header, kv) = match found.kvs.into_iter().next() {
            Some(kv) => (header, kv),
            None => self.first_put(header.revision).await?,
        };
        let from = header.revision + 1;
        self.watch = Some(
            self.session
                .watch(kv.key.clone(), Bytes::new(), from)
                .await?,
        );
        Ok(LeaderResponse {
            header: Some(header),
            kv: Some(kv),
        })
    }

    async fn first_put(&self, from: i64) -> Result<(ResponseHeader, KeyValue), Status> {
        let prefix = Bytes::copy_from_slice(&self.prefix);
        let mut watch = self
            .session
            .watch(prefix, prefix_end(&self.prefix), from)
            .await?;
        loop {
            let answer = watch.next().await?;
            let put = answer
                .events
                .into_iter()
                .find(|event| event.r#type() == EventType::Put);
            if let Some(kv) = put.and_then(|event| event.kv) {
                let header = ResponseHeader {
                    // An answer may hold several revisions; this one is told as of its own.
                    revision: kv.mod_revision,
                    ..answer.header.unwrap_or_default()
                };
                return Ok((header, kv));
            }
        }
    }
}

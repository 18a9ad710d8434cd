//! What peers ask of this member.

use std::{
    convert::Infallible,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use futures::{Stream, StreamExt, future::BoxFuture};
use http_body_util::BodyExt;
use openraft::{Snapshot, errors::RaftError};
use prometheus_client::metrics::counter::Counter;
use tokio::time::Instant;
use tonic::{Request, Response, Status, Streaming, body::Body};

use super::{Cluster, Failed, not_done, refused, unknown};
use crate::{
    Error,
    backend::transfer::Incoming,
    blocking,
    codec::Malformed,
    raft::{
        SnapshotMeta, Vote,
        transport::{
            identity,
            link::MAX_MESSAGE_BYTES,
            wire::{
                self,
                proto::{self, peer_server, snapshot_chunk::Part},
            },
        },
    },
};

/// Answers to a stream of requests.
type Answers<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

/// What a member serves on its peer port. Mount [`PeerService::routes`] there.
#[derive(Clone, Debug)]
pub struct PeerService {
    cluster: Arc<Cluster>,
}

impl PeerService {
    pub(crate) fn new(cluster: Arc<Cluster>) -> Self {
        PeerService { cluster }
    }

    /// The service, to be served over HTTP/2. `into_axum_router()` makes a router of it.
    pub fn routes(&self) -> tonic::service::Routes {
        let server = peer_server::PeerServer::new(self.clone())
            .max_decoding_message_size(MAX_MESSAGE_BYTES)
            .max_encoding_message_size(MAX_MESSAGE_BYTES);
        tonic::service::Routes::new(Counting {
            inner: server,
            cluster: Arc::clone(&self.cluster),
        })
    }

    fn check<T>(&self, request: &Request<T>) -> Result<u64, Status> {
        let cluster = &self.cluster;
        let from = identity::check(request.metadata(), cluster.peers.local(), &cluster.core)?;
        cluster.check_running().map_err(|_| not_done())?;
        Ok(from)
    }

    async fn receive(&self, mut chunks: Streaming<proto::SnapshotChunk>) -> Result<Vote, Status> {
        let cluster = &self.cluster;
        // One at a time: they are gathered in one file.
        let _one = cluster
            .receiving
            .try_lock()
            .map_err(|_| Status::aborted("another snapshot is being received"))?;
        let Some(Part::Head(head)) = chunks.message().await?.and_then(|chunk| chunk.part) else {
            return Err(malformed(Malformed("a snapshot without a head")));
        };
        let vote = head.vote.map(Vote::from);
        let vote = vote.ok_or_else(|| malformed(Malformed("a snapshot without a vote")))?;
        let last = head.last.map(Into::into);
        let index = head.last.as_ref().map_or(0, |last| last.index);
        tracing::info!(index, "receiving a snapshot");
        let disk = Arc::clone(&cluster.disk);
        let mut incoming = blocking::run(move || Incoming::begin(disk))
            .await
            .and_then(|begun| begun)
            .map_err(failed_here)?;
        let (state, image) = loop {
            match chunks.message().await?.and_then(|chunk| chunk.part) {
                Some(Part::Rows(rows)) => {
                    incoming = blocking::run(move || incoming.add(&rows).map(|()| incoming))
                        .await
                        .and_then(|added| added)
                        .map_err(failed_here)?;
                }
                Some(Part::End(end)) => {
                    break blocking::run(move || incoming.finish(&end.sha256))
                        .await
                        .and_then(|finished| finished)
                        .map_err(failed_here)?;
                }
                Some(Part::Head(_)) | None => {
                    return Err(malformed(Malformed("a snapshot that does not end")));
                }
            }
        };
        if state.applied != last {
            return Err(malformed(Malformed("a snapshot that is not what it says")));
        }
        let snapshot = Snapshot {
            meta: SnapshotMeta {
                last_log_id: state.applied,
                last_membership: state.membership,
            },
            snapshot: image,
        };
        let installed = cluster.raft.install_full_snapshot(vote, snapshot).await;
        installed
            .map(|response| response.vote)
            .map_err(|fatal| failed_here(cluster.fatal(&fatal)))
    }
}

/// Counts what a known peer sends in its calls, and what it is answered. Of those who are not known nothing is kept.
#[derive(Clone)]
struct Counting {
    inner: peer_server::PeerServer<PeerService>,
    cluster: Arc<Cluster>,
}

impl tonic::server::NamedService for Counting {
    const NAME: &'static str = peer_server::SERVICE_NAME;
}

impl tower::Service<http::Request<Body>> for Counting {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        let from = identity::caller(request.headers());
        let Some(link) = from.and_then(|id| self.cluster.peers.get(id)) else {
            return self.inner.call(request);
        };
        let counts = link.counts();
        let sent = counts.sent_bytes.clone();
        let request = request.map(|body| counted(body, counts.received_bytes.clone()));
        let answer = self.inner.call(request);
        Box::pin(async move { Ok(answer.await?.map(|body| counted(body, sent))) })
    }
}

fn counted(body: Body, bytes: Counter) -> Body {
    Body::new(body.map_frame(move |frame| {
        let length = frame.data_ref().map_or(0, bytes::Bytes::len);
        bytes.inc_by(length as u64);
        frame
    }))
}

fn malformed(error: Malformed) -> Status {
    Status::invalid_argument(error.to_string())
}

fn failed_here(error: Error) -> Status {
    Status::internal(error.to_string())
}

fn stopped<E: std::error::Error>(error: RaftError<crate::raft::TypeConfig, E>) -> Status {
    Status::unavailable(error.to_string())
}

fn answer<T>(result: Result<T, Failed>) -> Result<T, Status> {
    result.map_err(|failed| match failed {
        Failed::NotDone => not_done(),
        Failed::Unknown => unknown(),
        Failed::Refused(error) => refused(&error),
    })
}

#[tonic::async_trait]
impl peer_server::Peer for PeerService {
    type AppendStream = Answers<proto::AppendResponse>;

    async fn append(
        &self,
        request: Request<Streaming<proto::AppendRequest>>,
    ) -> Result<Response<Self::AppendStream>, Status> {
        self.check(&request)?;
        // Raft takes a stream of requests, without errors among them: at the first the stream ends.
        let requests = futures::stream::unfold(request.into_inner(), |mut messages| async move {
            match messages.message().await {
                Ok(Some(message)) => match wire::read_append_request(message) {
                    Ok(request) => Some((request, messages)),
                    Err(error) => {
                        tracing::error!(%error, "a peer sent what cannot be appended");
                        None
                    }
                },
                Ok(None) | Err(_) => None,
            }
        });
        let answers = self.cluster.raft.stream_append(requests);
        let answers = answers.map(|answer| match answer {
            Ok(result) => Ok(wire::append_response(&result)),
            Err(fatal) => Err(Status::unavailable(fatal.to_string())),
        });
        Ok(Response::new(Box::pin(answers)))
    }

    async fn vote(
        &self,
        request: Request<proto::VoteRequest>,
    ) -> Result<Response<proto::VoteResponse>, Status> {
        self.check(&request)?;
        let rpc = wire::read_vote_request(request.into_inner()).map_err(malformed)?;
        let response = self.cluster.raft.vote(rpc).await.map_err(stopped)?;
        Ok(Response::new(wire::vote_response(&response)))
    }

    async fn pre_vote(
        &self,
        request: Request<proto::VoteRequest>,
    ) -> Result<Response<proto::VoteResponse>, Status> {
        self.check(&request)?;
        let rpc = wire::read_vote_request(request.into_inner()).map_err(malformed)?;
        let response = self.cluster.raft.pre_vote(rpc).await.map_err(stopped)?;
        Ok(Response::new(wire::vote_response(&response)))
    }

    async fn snapshot(
        &self,
        request: Request<Streaming<proto::SnapshotChunk>>,
    ) -> Result<Response<proto::SnapshotResponse>, Status> {
        self.check(&request)?;
        let vote = self.receive(request.into_inner()).await?;
        Ok(Response::new(proto::SnapshotResponse {
            vote: Some(vote.into()),
        }))
    }

    async fn transfer_leader(
        &self,
        request: Request<proto::TransferLeaderRequest>,
    ) -> Result<Response<proto::TransferLeaderResponse>, Status> {
        self.check(&request)?;
        let rpc = wire::read_transfer_request(request.into_inner()).map_err(malformed)?;
        let raft = &self.cluster.raft;
        let response = raft.handle_transfer_leader(rpc).await;
        let response = response.map_err(|fatal| failed_here(self.cluster.fatal(&fatal)))?;
        Ok(Response::new(wire::transfer_response(&response)))
    }

    async fn propose(
        &self,
        request: Request<proto::ProposeRequest>,
    ) -> Result<Response<proto::ProposeResponse>, Status> {
        let from = self.check(&request)?;
        let index = self.cluster.accept(from, request.into_inner()).await?;
        Ok(Response::new(proto::ProposeResponse { index }))
    }

    async fn read_index(
        &self,
        request: Request<proto::ReadIndexRequest>,
    ) -> Result<Response<proto::ReadIndexResponse>, Status> {
        self.check(&request)?;
        if !self.cluster.is_leader() {
            return Err(not_done());
        }
        let index = self.cluster.read_index().await.map_err(|_| not_done())?;
        Ok(Response::new(proto::ReadIndexResponse { index }))
    }

    async fn lease_renew(
        &self,
        request: Request<proto::LeaseRenewRequest>,
    ) -> Result<Response<proto::LeaseRenewResponse>, Status> {
        self.check(&request)?;
        let id = request.into_inner().id;
        let ttl = answer(self.cluster.renew_here(id).await)?;
        Ok(Response::new(proto::LeaseRenewResponse { ttl }))
    }

    async fn lease_time_to_live(
        &self,
        request: Request<proto::LeaseTimeToLiveRequest>,
    ) -> Result<Response<proto::LeaseTimeToLiveResponse>, Status> {
        self.check(&request)?;
        let proto::LeaseTimeToLiveRequest { id, keys } = request.into_inner();
        let response = answer(self.cluster.time_to_live_here(id, keys).await)?;
        Ok(Response::new(proto::LeaseTimeToLiveResponse {
            ttl: response.ttl,
            granted_ttl: response.granted_ttl,
            keys: response.keys,
            revision: response.header.revision,
        }))
    }

    async fn change_members(
        &self,
        request: Request<proto::ChangeMembersRequest>,
    ) -> Result<Response<proto::ChangeMembersResponse>, Status> {
        self.check(&request)?;
        let change = request.into_inner().change;
        let change = change.ok_or_else(|| malformed(Malformed("a change that is none")))?;
        let deadline = Instant::now() + self.cluster.config.request_timeout;
        let changed = answer(self.cluster.change_here(change, deadline).await)?;
        Ok(Response::new(proto::ChangeMembersResponse {
            added: changed.added,
            index: changed.index,
        }))
    }

    async fn members(
        &self,
        _request: Request<proto::MembersRequest>,
    ) -> Result<Response<proto::MembersResponse>, Status> {
        let cluster = &self.cluster;
        Ok(Response::new(proto::MembersResponse {
            cluster_id: cluster.core.cluster_id,
            member_id: cluster.id,
            leader: cluster.leader().unwrap_or(0),
            members: cluster.core.members().into_iter().map(Into::into).collect(),
        }))
    }

    async fn hash_kv(
        &self,
        request: Request<proto::HashKvRequest>,
    ) -> Result<Response<proto::HashKvResponse>, Status> {
        self.check(&request)?;
        let revision = request.into_inner().revision;
        let answer = self.cluster.hash_for_peer(revision).await;
        answer.map(Response::new).map_err(|error| refused(&error))
    }

    async fn ping(
        &self,
        request: Request<proto::PingRequest>,
    ) -> Result<Response<proto::PingResponse>, Status> {
        self.check(&request)?;
        Ok(Response::new(proto::PingResponse {}))
    }
}

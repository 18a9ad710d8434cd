//! The network between members as raft sees it: calls to one target each, over its [`Link`].

use std::{future::Future, io, time::Duration};

use futures::{Stream, StreamExt};
use openraft::{
    AnyError, OptionalSend, RaftNetworkFactory, RaftNetworkV2,
    base::{BoxFuture, BoxStream},
    errors::{RPCError, ReplicationClosed, StreamingError, Unreachable},
    network::RPCOption,
    raft::{
        AppendEntriesRequest, AppendEntriesResponse, SnapshotResponse, StreamAppendResult,
        TransferLeaderRequest, TransferLeaderResponse, VoteRequest, VoteResponse,
    },
    type_config::alias::SnapshotOf,
};
use tonic::Status;

use super::{
    TypeConfig, Vote,
    snapshot::Image,
    transport::{
        link::Link,
        peers::Peers,
        send_snapshot,
        wire::{self, proto},
    },
};
use crate::{codec::Malformed, membership::Node};

impl RaftNetworkFactory<TypeConfig> for Peers {
    type Network = Peer;

    async fn new_client(&mut self, target: u64, node: &Node) -> Peer {
        Peer {
            link: self.link(target, &node.peer_urls),
        }
    }
}

/// The way to one target.
#[derive(Clone, Debug)]
pub struct Peer {
    link: std::sync::Arc<Link>,
}

impl Peer {
    /// What a failed call means to raft: a target that cannot be reached is left alone for a while.
    fn failed(&self, status: &Status) -> RPCError<TypeConfig> {
        self.link.counts().sent_failures.inc();
        self.link.note(status);
        RPCError::Unreachable(Unreachable::new(&AnyError::error(status.message())))
    }

    async fn within<T>(
        &self,
        limit: Duration,
        call: impl Future<Output = Result<tonic::Response<T>, Status>>,
    ) -> Result<T, RPCError<TypeConfig>> {
        match tokio::time::timeout(limit, call).await {
            Ok(Ok(response)) => Ok(response.into_inner()),
            Ok(Err(status)) => Err(self.failed(&status)),
            Err(_) => Err(self.failed(&Status::deadline_exceeded("no answer in time"))),
        }
    }

    async fn ask(
        &self,
        rpc: &VoteRequest<TypeConfig>,
        limit: Duration,
        pre: bool,
    ) -> Result<VoteResponse<TypeConfig>, RPCError<TypeConfig>> {
        let request = self.link.request_within(wire::vote_request(rpc), limit);
        let mut client = self.link.raft();
        let call = async {
            if pre {
                client.pre_vote(request).await
            } else {
                client.vote(request).await
            }
        };
        let message = self.within(limit, call).await?;
        wire::read_vote_response(message).map_err(malformed)
    }
}

fn malformed(error: Malformed) -> RPCError<TypeConfig> {
    RPCError::Unreachable(Unreachable::new(&error))
}

/// The answers of a stream, up to the first that ends it.
fn answers(
    peer: Peer,
    stream: tonic::Streaming<proto::AppendResponse>,
) -> impl Stream<Item = Result<StreamAppendResult<TypeConfig>, RPCError<TypeConfig>>> + Send {
    stream.map(move |answer| match answer {
        Ok(message) => wire::read_append_response(message).map_err(malformed),
        Err(status) => Err(peer.failed(&status)),
    })
}

impl RaftNetworkV2<TypeConfig> for Peer {
    type SnapshotData = Image;

    async fn append_entries(
        &mut self,
        rpc: AppendEntriesRequest<TypeConfig>,
        option: RPCOption,
    ) -> Result<AppendEntriesResponse<TypeConfig>, RPCError<TypeConfig>> {
        let limit = option.hard_ttl();
        let once = Box::pin(futures::stream::iter([rpc]));
        let first = async {
            let mut stream = self.stream_append(once, option).await?;
            stream.next().await.transpose()
        };
        match tokio::time::timeout(limit, first).await {
            Ok(answer) => Ok(answer?
                .map(AppendEntriesResponse::from)
                .ok_or_else(|| malformed(Malformed("no answer to appending")))?),
            Err(_) => Err(self.failed(&Status::deadline_exceeded("no answer in time"))),
        }
    }

    fn stream_append<'s, S>(
        &'s mut self,
        input: S,
        _option: RPCOption,
    ) -> BoxFuture<
        's,
        Result<
            BoxStream<'s, Result<StreamAppendResult<TypeConfig>, RPCError<TypeConfig>>>,
            RPCError<TypeConfig>,
        >,
    >
    where
        S: Stream<Item = AppendEntriesRequest<TypeConfig>> + OptionalSend + Unpin + 'static,
    {
        let peer = self.clone();
        Box::pin(async move {
            // Raft waits in this stream, before its first request, after a call that failed. A call without a connection fails
            // before it reads its stream: without this, a peer that refuses connections is called without a pause.
            let mut input = input;
            let Some(first) = input.next().await else {
                return Ok(Box::pin(futures::stream::empty()) as BoxStream<'s, _>);
            };
            let input = futures::stream::iter([first]).chain(input);
            let outbound = input.map(|request| wire::append_request(&request));
            let request = peer.link.request(outbound);
            let mut client = peer.link.raft();
            // The target answers the call before it reads the first request. A connection that says nothing any more is
            // ended by its keep-alive.
            match client.append(request).await {
                Ok(response) => {
                    let stream = answers(peer, response.into_inner());
                    Ok(Box::pin(stream) as BoxStream<'s, _>)
                }
                Err(status) => Err(peer.failed(&status)),
            }
        })
    }

    async fn vote(
        &mut self,
        rpc: VoteRequest<TypeConfig>,
        option: RPCOption,
    ) -> Result<VoteResponse<TypeConfig>, RPCError<TypeConfig>> {
        self.ask(&rpc, option.hard_ttl(), false).await
    }

    async fn pre_vote(
        &mut self,
        rpc: VoteRequest<TypeConfig>,
        option: RPCOption,
    ) -> Result<VoteResponse<TypeConfig>, RPCError<TypeConfig>> {
        self.ask(&rpc, option.hard_ttl(), true).await
    }

    async fn full_snapshot(
        &mut self,
        vote: Vote,
        snapshot: SnapshotOf<TypeConfig, Image>,
        cancel: impl Future<Output = ReplicationClosed> + OptionalSend + 'static,
        _option: RPCOption,
    ) -> Result<SnapshotResponse<TypeConfig>, StreamingError<TypeConfig>> {
        let unreachable = |error: &dyn std::error::Error| {
            StreamingError::Unreachable(Unreachable::new(&io::Error::other(error.to_string())))
        };
        let sending = send_snapshot::send(&self.link, vote, snapshot);
        let answer = tokio::select! {
            closed = cancel => return Err(StreamingError::Closed(closed)),
            answer = sending => answer,
        };
        match answer {
            Ok(vote) => Ok(SnapshotResponse::new(vote)),
            Err(status) => {
                self.link.note(&status);
                Err(unreachable(&status))
            }
        }
    }

    async fn transfer_leader(
        &mut self,
        req: TransferLeaderRequest<TypeConfig>,
        option: RPCOption,
    ) -> Result<TransferLeaderResponse<TypeConfig>, RPCError<TypeConfig>> {
        let message = wire::transfer_request(&req);
        let request = self.link.request_within(message, option.hard_ttl());
        let mut client = self.link.raft();
        let call = client.transfer_leader(request);
        let message = self.within(option.hard_ttl(), call).await?;
        wire::read_transfer_response(&message).map_err(malformed)
    }
}

//! The peers' messages, and what they are in our own types.
//!
//! A message that lacks a part it must have is [`Malformed`], like a record that is not whole: a peer's bytes are never trusted.

use std::sync::Arc;

use bytes::Bytes;
use openraft::raft::{
    AppendEntriesRequest, StreamAppendError, StreamAppendResult, TransferLeaderRequest,
    TransferLeaderResponse, VoteRequest, VoteResponse,
};

use crate::{
    codec::Malformed,
    raft::{CommittedLeaderId, LogId, TypeConfig, Vote},
    rpc::Member,
    wal::record::{encode_entry, read_entry},
};

/// What the build makes of `proto/peer.proto`.
#[allow(
    missing_docs,
    clippy::all,
    unused_qualifications,
    rust_2018_idioms,
    unreachable_pub
)]
pub mod proto {
    tonic::include_proto!("hydrofoil.peer.v1");
}

impl From<LogId> for proto::LogId {
    fn from(id: LogId) -> Self {
        proto::LogId {
            term: *id.leader_id,
            index: id.index,
        }
    }
}

impl From<proto::LogId> for LogId {
    fn from(id: proto::LogId) -> Self {
        LogId {
            leader_id: CommittedLeaderId::new(id.term),
            index: id.index,
        }
    }
}

impl From<Vote> for proto::Vote {
    fn from(vote: Vote) -> Self {
        proto::Vote {
            term: vote.leader_id.term,
            member: vote.leader_id.voted_for,
            committed: vote.committed,
        }
    }
}

impl From<proto::Vote> for Vote {
    fn from(vote: proto::Vote) -> Self {
        if vote.committed {
            Vote::new_committed(vote.term, vote.member)
        } else {
            Vote::new(vote.term, vote.member)
        }
    }
}

impl From<Member> for proto::Member {
    fn from(member: Member) -> Self {
        proto::Member {
            id: member.id,
            name: member.name,
            peer_urls: member.peer_urls,
            client_urls: member.client_urls,
            is_learner: member.is_learner,
        }
    }
}

impl From<proto::Member> for Member {
    fn from(member: proto::Member) -> Self {
        Member {
            id: member.id,
            name: member.name,
            peer_urls: member.peer_urls,
            client_urls: member.client_urls,
            is_learner: member.is_learner,
        }
    }
}

fn vote(vote: Option<proto::Vote>) -> Result<Vote, Malformed> {
    vote.map(Vote::from).ok_or(Malformed("no vote"))
}

/// The message of a request to append.
pub fn append_request(request: &AppendEntriesRequest<TypeConfig>) -> proto::AppendRequest {
    let entries = request.entries.iter().map(|entry| {
        let mut body = Vec::new();
        encode_entry(entry, &mut body);
        Bytes::from(body)
    });
    proto::AppendRequest {
        vote: Some(request.vote.into()),
        previous: request.prev_log_id.map(Into::into),
        committed: request.leader_commit.map(Into::into),
        entries: entries.collect(),
    }
}

/// The request to append that a message is.
pub fn read_append_request(
    message: proto::AppendRequest,
) -> Result<AppendEntriesRequest<TypeConfig>, Malformed> {
    let entries = message.entries.iter().map(|body| read_entry(body));
    Ok(AppendEntriesRequest {
        vote: vote(message.vote)?,
        prev_log_id: message.previous.map(Into::into),
        leader_commit: message.committed.map(Into::into),
        entries: entries.collect::<Result<_, _>>()?,
    })
}

/// The message of an answer to appending.
pub fn append_response(result: &StreamAppendResult<TypeConfig>) -> proto::AppendResponse {
    use proto::append_response::{Answer, Matched};
    let answer = match result {
        Ok(last) => Answer::Matched(Matched {
            last: last.map(Into::into),
        }),
        Err(StreamAppendError::Conflict(at)) => Answer::Conflict((*at).into()),
        Err(StreamAppendError::HigherVote(vote)) => Answer::Higher((*vote).into()),
    };
    proto::AppendResponse {
        answer: Some(answer),
    }
}

/// The answer to appending that a message is.
pub fn read_append_response(
    message: proto::AppendResponse,
) -> Result<StreamAppendResult<TypeConfig>, Malformed> {
    use proto::append_response::Answer;
    Ok(match message.answer {
        Some(Answer::Matched(matched)) => Ok(matched.last.map(Into::into)),
        Some(Answer::Conflict(at)) => Err(StreamAppendError::Conflict(at.into())),
        Some(Answer::Higher(vote)) => Err(StreamAppendError::HigherVote(vote.into())),
        None => return Err(Malformed("an answer to appending that says nothing")),
    })
}

/// The message of a request for a vote.
pub fn vote_request(request: &VoteRequest<TypeConfig>) -> proto::VoteRequest {
    proto::VoteRequest {
        vote: Some(request.vote.into()),
        last: request.last_log_id.map(Into::into),
        leadership_transfer: request.leadership_transfer,
    }
}

/// The request for a vote that a message is.
pub fn read_vote_request(
    message: proto::VoteRequest,
) -> Result<VoteRequest<TypeConfig>, Malformed> {
    let mut request = VoteRequest::new(vote(message.vote)?, message.last.map(Into::into));
    request.leadership_transfer = message.leadership_transfer;
    Ok(request)
}

/// The message of an answer to a request for a vote.
pub fn vote_response(response: &VoteResponse<TypeConfig>) -> proto::VoteResponse {
    proto::VoteResponse {
        vote: Some(response.vote.into()),
        last: response.last_log_id.map(Into::into),
        granted: response.vote_granted,
    }
}

/// The answer to a request for a vote that a message is.
pub fn read_vote_response(
    message: proto::VoteResponse,
) -> Result<VoteResponse<TypeConfig>, Malformed> {
    let last = message.last.map(Into::into);
    Ok(VoteResponse::new(
        vote(message.vote)?,
        last,
        message.granted,
    ))
}

/// The message of a request to take the leadership over.
pub fn transfer_request(
    request: &TransferLeaderRequest<TypeConfig>,
) -> proto::TransferLeaderRequest {
    proto::TransferLeaderRequest {
        from: Some((*request.from_leader()).into()),
        to: *request.to_node_id(),
        last: request.last_log_id().map(|id| (*id).into()),
    }
}

/// The request to take the leadership over that a message is.
pub fn read_transfer_request(
    message: proto::TransferLeaderRequest,
) -> Result<TransferLeaderRequest<TypeConfig>, Malformed> {
    let last = message.last.map(Into::into);
    Ok(TransferLeaderRequest::new(
        vote(message.from)?,
        message.to,
        last,
    ))
}

/// The message of an answer to that, as the library writes it: it happens once in a while.
pub fn transfer_response(
    response: &TransferLeaderResponse<TypeConfig>,
) -> proto::TransferLeaderResponse {
    proto::TransferLeaderResponse {
        // Numbers cannot fail to become JSON.
        answer: serde_json::to_vec(response).unwrap_or_default().into(),
    }
}

/// The answer that a message is.
pub fn read_transfer_response(
    message: &proto::TransferLeaderResponse,
) -> Result<TransferLeaderResponse<TypeConfig>, Malformed> {
    serde_json::from_slice(&message.answer)
        .map_err(|_| Malformed("an answer to a transfer that is no JSON"))
}

/// A command as the log has it.
pub fn command(command: &crate::command::Command) -> Bytes {
    let mut body = Vec::new();
    command.encode(&mut body);
    body.into()
}

/// The command that these bytes are.
pub fn read_command(body: &[u8]) -> Result<Arc<crate::command::Command>, Malformed> {
    let mut reader = crate::codec::Reader::new(body);
    let command = crate::command::Command::decode(&mut reader)?;
    reader.end()?;
    Ok(Arc::new(command))
}

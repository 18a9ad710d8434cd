//! Sending a snapshot: its head, its rows in pieces, and the checksum over them. A piece is read when the one before was
//! taken by the connection, so that little of it is in memory.

use futures::{Stream, StreamExt};
use openraft::type_config::alias::SnapshotOf;
use sha2::{Digest, Sha256};
use tonic::Status;

use super::{
    link::Link,
    wire::proto::{
        SnapshotChunk,
        snapshot_chunk::{End, Head, Part},
    },
};
use crate::{
    backend::{Image, transfer::Cursor},
    blocking,
    raft::{TypeConfig, Vote},
};

/// Sends a snapshot. Returns the vote that the target has after it has installed the snapshot, or refused it.
pub async fn send(
    link: &Link,
    vote: Vote,
    snapshot: SnapshotOf<TypeConfig, Image>,
) -> Result<Vote, Status> {
    let peer = format!("{:x}", link.id);
    let index = snapshot.meta.last_log_id.map_or(0, |id| id.index);
    // Raft offers it again and again while nobody is there to take it.
    tracing::debug!(peer, index, "sending a snapshot");
    let head = Head {
        vote: Some(vote.into()),
        last: snapshot.meta.last_log_id.map(Into::into),
    };
    let failed = tokio_util::sync::CancellationToken::new();
    let parts = futures::stream::iter([Part::Head(head)])
        .chain(rows(snapshot.snapshot, failed.clone()))
        .map(|part| SnapshotChunk { part: Some(part) });
    let request = link.request(parts);
    let mut client = link.rest();
    let response = tokio::select! {
        () = failed.cancelled() => return Err(Status::data_loss("the snapshot cannot be read")),
        response = client.snapshot(request) => response?,
    };
    tracing::info!(peer, index, "sent a snapshot");
    let vote = response.into_inner().vote.map(Vote::from);
    vote.ok_or_else(|| Status::internal("an answer to a snapshot without a vote"))
}

struct Reading {
    image: Image,
    cursor: Cursor,
    hash: Sha256,
}

/// The rows, then the end. If they cannot be read, `failed` is told and the stream ends without one.
fn rows(
    image: Image,
    failed: tokio_util::sync::CancellationToken,
) -> impl Stream<Item = Part> + Send {
    let reading = Reading {
        image,
        cursor: Cursor::default(),
        hash: Sha256::new(),
    };
    futures::stream::unfold(Some(reading), move |reading| {
        let failed = failed.clone();
        async move {
            let mut reading = reading?;
            let read = blocking::run(move || {
                let piece = reading.image.piece(&mut reading.cursor);
                if let Ok(piece) = &piece {
                    reading.hash.update(piece);
                }
                piece.map(|piece| (piece, reading))
            });
            match read.await.and_then(|read| read) {
                Ok((piece, reading)) if piece.is_empty() => {
                    let sha256 = reading.hash.finalize().to_vec().into();
                    Some((Part::End(End { sha256 }), None))
                }
                Ok((piece, reading)) => Some((Part::Rows(piece.into()), Some(reading))),
                Err(error) => {
                    tracing::error!(%error, "reading a snapshot failed");
                    failed.cancel();
                    None
                }
            }
        }
    })
}

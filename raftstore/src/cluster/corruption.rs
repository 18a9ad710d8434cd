//! Members that no longer hold the same: found by comparing hashes of keys, by the rules and with the words of etcd 3.5
//! (`server/etcdserver/corrupt.go`).
//!
//! Two checks. One at a member's start, before it serves: it does not start if peers have another hash at its revision. And one
//! on a timer, by the leader, which raises the CORRUPT alarm of nobody (member 0): two hashes that differ do not say whose is wrong.
//! The one confusing thing: hashes of two members say something of each other only if both forgot the same history; otherwise
//! nothing is concluded.

use std::{sync::Arc, time::Duration};

use super::Cluster;
use crate::{
    Error,
    alarm::{AlarmKind, AlarmMember},
    command::Command,
    hash::{HashKvResponse, hash_kv},
    raft::transport::wire::proto,
};

/// The member in alarms that are of no one member.
const NOBODY: u64 = 0;

/// What a peer answered.
type Asked = (u64, Result<proto::HashKvResponse, Error>);

impl Cluster {
    /// What peers ask: the hash of keys up to a revision, which must be reached.
    pub(super) async fn hash_for_peer(
        &self,
        revision: i64,
    ) -> Result<proto::HashKvResponse, Error> {
        let answer = hash_kv(&self.core, revision).await?;
        Ok(proto::HashKvResponse {
            hash: answer.hash,
            compact_revision: answer.compact_revision,
            revision: answer.header.revision,
        })
    }

    /// The hashes that all the others have at a revision.
    async fn ask_hashes(&self, revision: i64) -> Vec<Asked> {
        self.peers.follow(&self.effective());
        let others = self.core.members().into_iter().filter(|m| m.id != self.id);
        let asked = others.map(|member| async move {
            let Some(link) = self.peers.get(member.id) else {
                return (member.id, Err(Error::MemberNotFound));
            };
            let limit = self.config.request_timeout;
            let request = link.request_within(proto::HashKvRequest { revision }, limit);
            let answer = tokio::time::timeout(limit, link.rest().hash_kv(request)).await;
            let answer = match answer {
                Ok(Ok(answer)) => Ok(answer.into_inner()),
                Ok(Err(status)) => Err(Error::from_words(status.message())
                    .unwrap_or_else(|| Error::Internal(status.to_string()))),
                Err(_) => Err(Error::Timeout),
            };
            (member.id, answer)
        });
        futures::future::join_all(asked).await
    }

    /// The check of a member that starts.
    ///
    /// # Errors
    /// Peers have other data, in etcd's words; or its own cannot be read.
    pub async fn check_at_start(&self) -> Result<(), Error> {
        let member = format!("{:x}", self.id);
        tracing::info!(member, "starting initial corruption check");
        let own = hash_kv(&self.core, 0).await?;
        let mut mismatches = 0;
        for (peer, answer) in self.ask_hashes(own.hash_revision).await {
            let peer = format!("{peer:x}");
            match answer {
                Ok(answer) if answer.hash == own.hash => {}
                Ok(answer) if answer.compact_revision == own.compact_revision => {
                    tracing::warn!(
                        member,
                        peer,
                        revision = own.hash_revision,
                        hash = own.hash,
                        peer_hash = answer.hash,
                        "found different hash values from remote peer"
                    );
                    mismatches += 1;
                }
                Ok(answer) => tracing::warn!(
                    member,
                    peer,
                    compact_revision = own.compact_revision,
                    peer_compact_revision = answer.compact_revision,
                    "found different compact revision values from remote peer"
                ),
                Err(error) => tracing::warn!(
                    member,
                    peer,
                    %error,
                    "cannot fetch hash from remote peer; nothing is concluded of it"
                ),
            }
        }
        if mismatches > 0 {
            return Err(Error::Bootstrap(format!(
                "{member} found data inconsistency with peers"
            )));
        }
        tracing::info!(member, "initial corruption checking passed; no corruption");
        Ok(())
    }

    /// The first who differs. Asked of the leader.
    async fn differing(self: &Arc<Self>) -> Result<Option<u64>, Error> {
        let first = hash_kv(&self.core, 0).await?;
        let asked = self.ask_hashes(first.hash_revision).await;
        // Whoever has seen more than the leader has after this has seen what nobody committed.
        self.linearize().await?;
        let second = hash_kv(&self.core, 0).await?;
        Ok(compare(self.id, &first, &second, &asked))
    }

    async fn raise_corrupt(self: &Arc<Self>) -> Result<(), Error> {
        let member_id = NOBODY;
        let alarm = AlarmMember {
            member_id,
            alarm: AlarmKind::Corrupt,
        };
        if self.core.alarms.read().contains(alarm) {
            return Ok(());
        }
        let command = Command::Alarm {
            raise: true,
            member_id,
            alarm: AlarmKind::Corrupt,
        };
        self.propose(command, 0).await.map(|_| ())
    }
}

/// etcd's rules over what was asked.
fn compare(
    own_id: u64,
    first: &HashKvResponse,
    second: &HashKvResponse,
    asked: &[Asked],
) -> Option<u64> {
    if first.hash != second.hash
        && first.hash_revision == second.hash_revision
        && first.compact_revision == second.compact_revision
    {
        tracing::warn!("found hash mismatch: this member's own changed at one revision");
        return Some(own_id);
    }
    for (peer, answer) in asked {
        let Ok(answer) = answer else { continue };
        let what = if answer.revision > second.header.revision {
            "revision from follower must be less than or equal to leader's"
        } else if answer.compact_revision > second.compact_revision {
            "compact revision from follower must be less than or equal to leader's"
        } else if answer.compact_revision == first.compact_revision && answer.hash != first.hash {
            "same compact revision then hashes must match"
        } else {
            continue;
        };
        tracing::warn!(peer = format!("{peer:x}"), "{what}");
        return Some(*peer);
    }
    None
}

/// The check on a timer: etcd's `--experimental-corrupt-check-time`.
pub async fn watch(cluster: Arc<Cluster>, interval: Duration) {
    loop {
        tokio::select! {
            () = cluster.stop.cancelled() => return,
            () = tokio::time::sleep(interval) => {}
        }
        if !cluster.is_leader() {
            continue;
        }
        match cluster.differing().await {
            Ok(None) => {}
            Ok(Some(_)) => {
                if let Err(error) = cluster.raise_corrupt().await {
                    tracing::warn!(%error, "a member differs, and the alarm could not be raised");
                }
            }
            Err(error) => tracing::warn!(%error, "failed to check hash KV"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rpc::ResponseHeader;

    fn own(hash: u32, revision: i64) -> HashKvResponse {
        HashKvResponse {
            header: ResponseHeader {
                revision,
                ..Default::default()
            },
            hash,
            compact_revision: 5,
            hash_revision: revision,
        }
    }

    fn peer(hash: u32, revision: i64, compact_revision: i64) -> Asked {
        let answer = proto::HashKvResponse {
            hash,
            compact_revision,
            revision,
        };
        (2, Ok(answer))
    }

    #[test]
    fn who_differs_is_told_from_who_is_behind_or_compacted_otherwise() {
        let found =
            |second: HashKvResponse, asked: Asked| compare(1, &own(7, 10), &second, &[asked]);
        assert_eq!(found(own(8, 12), peer(7, 11, 5)), None);
        assert_eq!(found(own(8, 12), peer(9, 11, 4)), None);
        assert_eq!(found(own(8, 12), (2, Err(Error::FutureRev))), None);
        assert_eq!(found(own(8, 12), peer(9, 11, 5)), Some(2));
        assert_eq!(found(own(8, 12), peer(7, 13, 5)), Some(2));
        assert_eq!(found(own(8, 12), peer(7, 11, 6)), Some(2));
        assert_eq!(found(own(8, 10), peer(7, 10, 5)), Some(1));
    }
}

//! The state machine as raft sees it: committed entries go in, answers come out.

use std::io;

use futures::{Stream, StreamExt};
use openraft::{
    EntryPayload, OptionalSend,
    storage::{EntryResponder, RaftStateMachine},
    type_config::alias::SnapshotOf,
};

use super::{
    LogId, SnapshotMeta, StoredMembership, TypeConfig,
    snapshot::{Builder, Image, snapshot_of},
};
use crate::{blocking, command::Proposal, core::SharedCore};

/// Applies entries to a store.
#[derive(Debug)]
pub struct Machine {
    core: SharedCore,
}

impl Machine {
    /// Over this store.
    pub fn new(core: SharedCore) -> Self {
        Machine { core }
    }
}

impl RaftStateMachine<TypeConfig> for Machine {
    type SnapshotData = Image;
    type SnapshotBuilder = Builder;

    async fn applied_state(&mut self) -> io::Result<(Option<LogId>, StoredMembership)> {
        Ok(self.core.applied.lock().clone())
    }

    async fn apply<S>(&mut self, mut entries: S) -> io::Result<()>
    where
        S: Stream<Item = Result<EntryResponder<TypeConfig>, io::Error>> + Unpin + OptionalSend,
    {
        while let Some(next) = entries.next().await {
            let (entry, responder) = next?;
            self.core.wait_for_room().await.map_err(io::Error::other)?;
            let reply = self.core.apply(&entry).map_err(io::Error::other)?;
            self.core.tell_progress();
            if let EntryPayload::Normal(Proposal {
                origin: Some(origin),
                ..
            }) = &entry.payload
                && origin.member == self.core.member_id
            {
                self.core.forwarded.answer(origin.number, reply.clone());
            }
            if let Some(responder) = responder {
                responder.send(reply);
            }
        }
        Ok(())
    }

    async fn get_snapshot_builder(&mut self) -> Builder {
        Builder::new(SharedCore::clone(&self.core))
    }

    async fn install_snapshot(&mut self, meta: &SnapshotMeta, snapshot: Image) -> io::Result<()> {
        let state = snapshot
            .state()
            .map_err(io::Error::other)?
            .unwrap_or_default();
        if state.applied != meta.last_log_id {
            return Err(io::Error::new(
                io::ErrorKind::InvalidData,
                "a snapshot that is not what it says",
            ));
        }
        let core = SharedCore::clone(&self.core);
        blocking::run(move || core.install(&snapshot))
            .await
            .and_then(|installed| installed)
            .map_err(io::Error::other)
    }

    async fn get_current_snapshot(&mut self) -> io::Result<Option<SnapshotOf<TypeConfig, Image>>> {
        let image = self.core.durable_image().map_err(io::Error::other)?;
        Ok(image.map(|(state, image)| snapshot_of(&state, image)))
    }
}

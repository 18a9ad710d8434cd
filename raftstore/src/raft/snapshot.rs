//! Snapshots: the state machine's file at one moment.
//!
//! Nothing is copied to make one: what was applied is written to the file, and a read transaction of the file is the snapshot.
//! That is also what lets the log be cut.

use std::io;

use openraft::{RaftSnapshotBuilder, Snapshot, type_config::alias::SnapshotOf};

use super::{SnapshotMeta, TypeConfig};
pub use crate::backend::Image;
use crate::{backend::tables::State, core::SharedCore};

/// Makes a snapshot of what is applied when it is asked.
#[derive(Debug)]
pub struct Builder {
    core: SharedCore,
}

impl Builder {
    /// Over this store.
    pub fn new(core: SharedCore) -> Self {
        Builder { core }
    }
}

/// The snapshot that a commit of the file is.
pub fn snapshot_of(state: &State, image: Image) -> SnapshotOf<TypeConfig, Image> {
    Snapshot {
        meta: SnapshotMeta {
            last_log_id: state.applied,
            last_membership: state.membership.clone(),
        },
        snapshot: image,
    }
}

impl RaftSnapshotBuilder<TypeConfig> for Builder {
    type SnapshotData = Image;

    async fn build_snapshot(&mut self) -> io::Result<SnapshotOf<TypeConfig, Image>> {
        let (state, image) = self.core.pending.flush().await.map_err(io::Error::other)?;
        Ok(snapshot_of(&state, image))
    }
}

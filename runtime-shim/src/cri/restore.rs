//! After a restart: what ran in the earlier process is over, and the kubelet is told so.
//!
//! Guests live in this process, so none outlives it. Their containers come back as exited with reason `Unknown`, their sandboxes as not
//! ready; the kubelet makes new ones, counts the restart, and removes these.

use std::path::PathBuf;
use std::sync::Arc;

use super::Runtime;
use crate::clock;
use crate::guest::{Exit, Meter};
use crate::logs::LogFile;
use crate::network::PodAddress;
use crate::state::container::Identity;
use crate::state::journal::{Exited, Saved, SavedContainer, SavedExit, SavedSandbox};
use crate::state::sandbox::Phase as SandboxPhase;
use crate::state::{Change, Container, ContainerPhase, Sandbox};

impl Runtime {
    /// Takes over what the journal tells.
    pub fn restore(&self, saved: Saved) {
        let now = clock::now_nanos();
        let mut lost = 0;
        let mut index = self.index.lock();
        for sandbox in saved.sandboxes.into_values() {
            if let Err(other) = index.add_sandbox(Arc::new(restore_sandbox(sandbox))) {
                tracing::warn!(
                    other,
                    "two sandboxes of one name in the journal: one is left out"
                );
            }
        }
        for container in saved.containers.into_values() {
            let id = container.id.clone();
            if index.sandbox(&container.sandbox_id).is_none() {
                self.journal.note(Change::ContainerRemoved(id));
                continue;
            }
            if container.exit.is_none() {
                lost += 1;
                let exit = Exit::lost();
                self.journal.note(Change::ContainerExited(Exited {
                    id,
                    exit: Some(SavedExit {
                        finished_at: now,
                        code: exit.code,
                        reason: exit.reason.to_owned(),
                        message: exit.message,
                    }),
                }));
            }
            let meter = self.meter();
            if let Err(other) =
                index.add_container(Arc::new(restore_container(container, meter, now)))
            {
                tracing::warn!(
                    other,
                    "two containers of one name in the journal: one is left out"
                );
            }
        }
        if lost > 0 {
            tracing::info!(
                containers = lost,
                "containers of an earlier run are reported as exited"
            );
        }
    }
}

fn restore_sandbox(saved: SavedSandbox) -> Sandbox {
    Sandbox::new(
        saved.id,
        saved.config.unwrap_or_default(),
        saved.handler,
        saved.created_at,
        // It is not ready: its address was given back with the process that had it.
        PodAddress::Host,
        SandboxPhase::NotReady,
    )
}

fn restore_container(saved: SavedContainer, meter: Meter, now: i64) -> Container {
    let was_lost = saved.exit.is_none() && saved.started_at != 0;
    let phase = match saved.exit {
        Some(exit) => ContainerPhase::Exited {
            started_at: saved.started_at,
            finished_at: exit.finished_at,
            exit: Exit {
                code: exit.code,
                reason: known_reason(&exit.reason),
                message: exit.message,
            },
        },
        None => ContainerPhase::Exited {
            started_at: saved.started_at,
            finished_at: now,
            exit: Exit::lost(),
        },
    };
    let path = Some(saved.log_path).filter(|p| !p.is_empty());
    let log = LogFile::new(path.map(PathBuf::from));
    if was_lost {
        // It ran when the runtime was lost, and may have been silent.
        log.create();
    }
    let identity = Identity {
        id: saved.id,
        sandbox_id: saved.sandbox_id,
        config: saved.config.unwrap_or_default(),
        image_id: saved.image_id,
        image_ref: saved.image_ref,
        created_at: saved.created_at,
        log: Arc::new(log),
    };
    Container::from_before(identity, meter, phase)
}

/// Reasons are a closed set; what an older version may have written beyond it is an error like others.
fn known_reason(reason: &str) -> &'static str {
    ["Completed", "OOMKilled", "StartError", "Unknown"]
        .into_iter()
        .find(|known| *known == reason)
        .unwrap_or("Error")
}

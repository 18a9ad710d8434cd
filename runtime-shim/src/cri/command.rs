//! A command that is run beside a container: which program is meant, and its world.
//!
//! Its name is looked for where a shell would look: the container's own program first, then its exports, then the toolbox.

use std::panic::AssertUnwindSafe;
use std::sync::{Arc, OnceLock};

use futures::FutureExt as _;
use tokio_util::sync::CancellationToken;

use super::Runtime;
use crate::engine::{Entry, Program};
use crate::guest::{self, Control, Exit, Guest, Mounts, Start, Stdio};
use crate::state::container::Runnable;
use crate::state::{Container, id};
use crate::streaming::Outcome;
use crate::toolbox;

/// A command that can be run.
pub(super) struct Command {
    /// Files that are its own, to be cleaned up.
    own_mounts: Option<Arc<Mounts>>,
    program: Arc<Program>,
    guest: Arc<Guest>,
    start: Start,
    /// Ends it at once.
    pub(super) kill: CancellationToken,
}

impl Runtime {
    /// The command of these words, in a container that runs. The error is in words for the client.
    pub(super) async fn command(
        &self,
        container: &Container,
        words: &[String],
        stdio: Stdio,
    ) -> Result<Command, String> {
        let Some(name) = words.first() else {
            return Err("no command is given".to_owned());
        };
        let Some(Runnable { program, guest, .. }) = container.running() else {
            let state = container.state().as_str_name();
            return Err(format!("container is in {state} state"));
        };
        let own = start(&program, &guest, name);
        let (program, start, own_mounts) = match own {
            Some(start) => (program, start, None),
            None if toolbox::has(name) => {
                let program = self.loader.load(&self.toolbox).await;
                let program = program.map_err(|error| format!("exec: {name:?}: {error}"))?;
                // The container's program may have no eyes for files.
                let staging = self.staging.join(id::new());
                let mounts = Mounts::new(&container.config.mounts, staging);
                let mounts = mounts.map_err(|error| error.to_string())?;
                (program, Start::Main, Some(Arc::new(mounts)))
            }
            None => {
                return Err(format!(
                    "exec: {name:?}: executable file not found in $PATH"
                ));
            }
        };
        let control = Control {
            stop: guest.control.stop.child_token(),
            kill: guest.control.kill.child_token(),
        };
        let mut env = guest.env.clone();
        if stdio.terminal && !env.iter().any(|(name, _)| name == "TERM") {
            env.push(("TERM".to_owned(), "xterm".to_owned()));
        }
        let guest = Guest {
            args: words.to_vec(),
            env,
            cwd: guest.cwd.clone(),
            config: guest.config.clone(),
            mounts: own_mounts
                .clone()
                .unwrap_or_else(|| Arc::clone(&guest.mounts)),
            stdio,
            net: Arc::clone(&guest.net),
            budget: Arc::clone(&guest.budget),
            log: Arc::clone(&guest.log),
            meter: guest.meter.clone(),
            served: Arc::clone(&guest.served),
            metrics: Arc::clone(&guest.metrics),
            slots: Arc::clone(&guest.slots),
            variables: OnceLock::new(),
            control,
        };
        Ok(Command {
            own_mounts,
            program,
            kill: guest.control.kill.clone(),
            guest: Arc::new(guest),
            start,
        })
    }
}

/// Which beginning of a container's program a command's name means, if any.
fn start(program: &Program, guest: &Guest, name: &str) -> Option<Start> {
    let is_own = guest.args.first().is_some_and(|own| {
        let short = own.rsplit('/').next().unwrap_or(own);
        name == own || name == short || Some(name) == short.strip_suffix(".wasm")
    });
    match &program.entry {
        Entry::Command(_) | Entry::Module(_) if is_own => Some(Start::Main),
        Entry::Http(_) if is_own => program.export_of_cli().map(Start::Export),
        _ => program.export_named(name).map(Start::Export),
    }
}

impl Command {
    /// Runs it to its end, where guests run. Its pipes are closed then, and its own files cleaned up, also when nobody waits for it
    /// any more.
    pub(super) async fn run(self, runtime: &Runtime) -> Outcome {
        let Self {
            own_mounts,
            program,
            guest,
            start,
            kill,
        } = self;
        let pipes = guest.stdio.pipes.clone();
        let running = async move {
            // Instances of a program that serves HTTP come from the pool, whose places are counted.
            let _slot = match program.entry {
                Entry::Http(_) => {
                    let slot = Arc::clone(&guest.slots).acquire_owned();
                    match kill.run_until_cancelled(slot).await {
                        Some(Ok(slot)) => Some(slot),
                        Some(Err(_)) | None => return Exit::killed(),
                    }
                }
                Entry::Command(_) | Entry::Module(_) => None,
            };
            guest::run(guest, &program.entry, &start).await
        };
        let ended = runtime.guests.spawn(async move {
            // A fault of ours in its host functions must not leave anybody waiting for its output.
            let ended = AssertUnwindSafe(running).catch_unwind().await;
            if let Some(mounts) = own_mounts {
                mounts.clean();
            }
            if let Some((stdout, stderr)) = pipes {
                stdout.close();
                stderr.close();
            }
            ended.ok()
        });
        match ended.await {
            Ok(Some(exit)) if exit.is_start_error() => Outcome::Failed(exit.message),
            Ok(Some(exit)) => Outcome::Exited(exit.code),
            Ok(None) | Err(_) => {
                Outcome::Failed("the runtime failed while running this guest".to_owned())
            }
        }
    }
}

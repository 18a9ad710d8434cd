//! `store snapshot save|status|restore`: what `etcdctl snapshot` and `etcdutl snapshot` do, with their flags and their output,
//! where neither is installed.
//!
//! - `save`: fetches a snapshot from a member. [`client`]: how a member is reached.
//! - `status`: sums a file up. `print`: in the forms of `--write-out`.
//! - `restore`: makes a data directory from a file.

mod client;
mod print;
mod restore;
mod save;
mod status;

use std::{ffi::OsString, io::Write, process::ExitCode};

use clap::{Parser, Subcommand};
use hydrofoil_raftstore::SnapshotError;

pub use restore::RestoreArgs;
pub use save::SaveArgs;
pub use status::{StatusArgs, WriteOut};

/// Saves, sums up and restores snapshots of a store.
#[derive(Debug, Parser)]
#[command(name = "snapshot")]
pub struct SnapshotArgs {
    /// What to do.
    #[command(subcommand)]
    pub command: SnapshotCommand,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum SnapshotCommand {
    /// Stores a snapshot of a running member in a file
    Save(SaveArgs),
    /// Says what a snapshot file holds
    Status(StatusArgs),
    /// Makes a data directory from a snapshot file
    Restore(RestoreArgs),
}

/// Why a tool did not do it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ToolError {
    /// What was asked for makes no sense.
    #[error("{0}")]
    Usage(String),
    /// The member was not reached, or refused.
    #[error("{0}")]
    Remote(String),
    /// The snapshot is not taken.
    #[error(transparent)]
    Snapshot(#[from] SnapshotError),
    /// A file could not be written.
    #[error("{what}: {error}")]
    Io {
        /// What was being done.
        what: String,
        /// What the system said.
        error: std::io::Error,
    },
}

/// `store snapshot …`; `args` begin after `snapshot`.
///
/// Exit codes: 0 when it is done, 1 when it is not, 2 for a command line that cannot be read.
pub fn main<T: Into<OsString> + Clone>(args: impl IntoIterator<Item = T>) -> ExitCode {
    let args = args.into_iter().map(Into::into);
    let args =
        match SnapshotArgs::try_parse_from(std::iter::once(OsString::from("snapshot")).chain(args))
        {
            Ok(args) => args,
            Err(error) => {
                // Help is an "error" for the standard output.
                drop(error.print());
                return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
            }
        };
    match run(args, &mut std::io::stdout()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("Error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Does it, and prints what etcd's tools print to `out`.
///
/// # Errors
/// Why it was not done.
pub fn run(args: SnapshotArgs, out: &mut dyn Write) -> Result<(), ToolError> {
    let printed = match args.command {
        SnapshotCommand::Save(args) => save::run(&args)?,
        SnapshotCommand::Status(args) => status::run(&args)?,
        SnapshotCommand::Restore(args) => restore::run(&args)?,
    };
    out.write_all(printed.as_bytes())
        .map_err(|error| ToolError::Io {
            what: "printing".into(),
            error,
        })
}

#[cfg(test)]
mod tests;

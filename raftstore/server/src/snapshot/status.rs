//! `snapshot status`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use hydrofoil_raftstore::snapshot_status;

use super::{ToolError, print};

/// The form of the output.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum WriteOut {
    /// One line, separated by commas
    #[default]
    Simple,
    /// A line for each field
    Fields,
    /// JSON
    Json,
    /// A table
    Table,
}

/// Flags of `snapshot status`.
#[derive(Debug, Args)]
pub struct StatusArgs {
    /// The snapshot file
    pub filename: PathBuf,
    /// The form of the output
    #[arg(short, long, value_enum, default_value_t)]
    pub write_out: WriteOut,
}

/// Sums a file up.
pub fn run(args: &StatusArgs) -> Result<String, ToolError> {
    let status = snapshot_status(&args.filename)?;
    Ok(print::status(&status, args.write_out))
}

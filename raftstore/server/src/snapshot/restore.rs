//! `snapshot restore`. What etcd's flags say of its memory map means nothing here: such a flag is an error, not silence.

use std::path::PathBuf;

use clap::Args;
use hydrofoil_raftstore::{HashCheck, Restore, restore};

use super::ToolError;
use crate::flags::{cluster, url::Url};

/// Flags of `snapshot restore`.
#[derive(Debug, Args)]
pub struct RestoreArgs {
    /// The snapshot file
    pub filename: PathBuf,
    /// Path to the output data directory
    #[arg(long)]
    pub data_dir: PathBuf,
    /// Path to the WAL directory (use --data-dir if none given)
    #[arg(long)]
    pub wal_dir: Option<PathBuf>,
    /// Human-readable name for this member
    #[arg(long, default_value = "default")]
    pub name: String,
    /// Initial cluster configuration for restore bootstrap
    #[arg(long, default_value = "default=http://localhost:2380")]
    pub initial_cluster: String,
    /// Initial cluster token for the cluster during restore bootstrap
    #[arg(long, default_value = "etcd-cluster")]
    pub initial_cluster_token: String,
    /// List of this member's peer URLs to advertise to the rest of the cluster
    #[arg(long, default_value = "http://localhost:2380")]
    pub initial_advertise_peer_urls: String,
    /// Ignore snapshot integrity hash value (required if copied from data directory)
    #[arg(long)]
    pub skip_hash_check: bool,
    /// How much to increase the latest revision after restore
    #[arg(long, default_value_t)]
    pub bump_revision: u64,
    /// Mark the latest revision after restore as the point of scheduled compaction (required if --bump-revision > 0,
    /// disallowed otherwise)
    #[arg(long)]
    pub mark_compacted: bool,
}

/// Restores. Prints nothing, like etcd's tools, whose log says that it is done.
pub fn run(args: &RestoreArgs) -> Result<String, ToolError> {
    if (args.bump_revision > 0) != args.mark_compacted {
        let what = "--mark-compacted required if --revision-bump > 0";
        return Err(ToolError::Usage(what.into()));
    }
    let members = cluster::parse(&args.initial_cluster).map_err(ToolError::Usage)?;
    let advertised =
        Url::parse_list(&args.initial_advertise_peer_urls).map_err(ToolError::Usage)?;
    let text = |urls: &[Url]| urls.iter().map(Url::to_string).collect::<Vec<_>>();
    let request = Restore {
        snapshot: args.filename.clone(),
        data_dir: args.data_dir.clone(),
        wal_dir: args.wal_dir.clone(),
        name: args.name.clone(),
        initial_cluster: members
            .iter()
            .map(|(name, urls)| (name.clone(), text(urls)))
            .collect(),
        initial_cluster_token: args.initial_cluster_token.clone(),
        initial_advertise_peer_urls: text(&advertised),
        hash_check: if args.skip_hash_check {
            HashCheck::Skipped
        } else {
            HashCheck::Required
        },
        bump_revision: args.bump_revision,
    };
    let restored = restore(&request)?;
    tracing::info!(
        path = %args.filename.display(),
        data_dir = %args.data_dir.display(),
        cluster = format!("{:x}", restored.cluster_id),
        member = format!("{:x}", restored.member_id),
        revision = restored.revision,
        "restored snapshot"
    );
    Ok(String::new())
}

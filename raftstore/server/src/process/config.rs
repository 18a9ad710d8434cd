//! The store's own configuration, made of the flags'.

use std::time::Duration;

use hydrofoil_raftstore::{AutoCompaction, Config, InitialClusterState, TokenConfig};

use crate::flags::{Settings, compaction::Compaction, url::Url};

/// What the store is opened with.
///
/// # Errors
/// Options of `--auth-token` that do not fit together.
pub fn of(settings: &Settings) -> Result<Config, String> {
    let texts = |urls: &[Url]| urls.iter().map(Url::to_string).collect::<Vec<_>>();
    let members = settings.initial_cluster.iter();
    Ok(Config {
        data_dir: settings.data_dir.clone(),
        wal_dir: settings.wal_dir.clone(),
        force_new_cluster: settings.force_new_cluster,
        initial_corrupt_check: settings.initial_corrupt_check,
        corrupt_check_interval: settings.corrupt_check_interval,
        pre_vote: settings.pre_vote,
        name: settings.name.clone(),
        initial_cluster: members
            .map(|(name, urls)| (name.clone(), texts(urls)))
            .collect(),
        initial_cluster_state: if settings.join_existing {
            InitialClusterState::Existing
        } else {
            InitialClusterState::New
        },
        initial_cluster_token: settings.initial_cluster_token.clone(),
        initial_advertise_peer_urls: texts(&settings.urls.advertise_peer),
        advertise_client_urls: texts(&settings.urls.advertise_client),
        strict_reconfig_check: settings.strict_reconfig_check,
        max_learners: settings.max_learners as usize,
        max_txn_ops: settings.max_txn_ops as usize,
        max_request_bytes: settings.max_request_bytes as usize,
        request_timeout: request_timeout(settings),
        auto_compaction: match settings.compaction {
            Compaction::Off => None,
            Compaction::Periodic(keep) => Some(AutoCompaction::Periodic(keep)),
            Compaction::Revision(keep) => Some(AutoCompaction::Revision(keep)),
        },
        // The store's word for no quota is a negative number, as etcd's.
        quota_backend_bytes: settings.quota_bytes.unwrap_or(-1),
        auth_token: TokenConfig::parse(&settings.auth.token, settings.auth.token_ttl)
            .map_err(|error| error.to_string())?,
        bcrypt_cost: settings.auth.bcrypt_cost,
        watch_progress_interval: settings.watch_progress_interval,
        heartbeat_interval: settings.heartbeat_interval,
        election_timeout: settings.election_timeout,
        ..Config::default()
    })
}

/// etcd's bound of a request: five seconds for queues and disks, and two elections.
pub fn request_timeout(settings: &Settings) -> Duration {
    Duration::from_secs(5) + 2 * settings.election_timeout
}

//! What the server is told to do, as values that cannot be wrong in themselves; made of [`Values`] and checked against each other
//! in etcd's order and words (`embed.Config.Validate`).

use std::{path::PathBuf, time::Duration};

use super::{
    cluster::{self, InitialCluster},
    compaction::{self, Compaction},
    gates,
    logs::LogSettings,
    table,
    tls::{Side, TlsRules},
    url::{self, Url, check_bind, check_host},
    values::Values,
};

/// Longest election timeout, in milliseconds.
const MAX_ELECTION_MS: u64 = 50_000;
/// etcd's answer to a quota of 0.
pub const DEFAULT_QUOTA_BYTES: i64 = 2 << 30;
/// etcd's answer to an interval of 0.
const DEFAULT_PROGRESS_INTERVAL: Duration = Duration::from_secs(600);

/// Where to listen, and what to tell others.
#[derive(Clone, Debug)]
pub struct Urls {
    /// For peers.
    pub listen_peer: Vec<Url>,
    /// For gRPC, and for HTTP unless `listen_client_http` has URLs.
    pub listen_client: Vec<Url>,
    /// For HTTP alone.
    pub listen_client_http: Vec<Url>,
    /// For metrics and health alone.
    pub listen_metrics: Vec<Url>,
    /// Where peers reach this member.
    pub advertise_peer: Vec<Url>,
    /// Where clients reach this member.
    pub advertise_client: Vec<Url>,
}

/// How connections of clients are treated.
#[derive(Clone, Debug)]
pub struct Connections {
    /// Most streams at a time on a connection.
    pub max_concurrent_streams: u32,
    /// Silence after which a client is pinged, and the longest wait for its answer. `None`: never.
    pub keepalive: Option<(Duration, Duration)>,
    /// Set SO_REUSEPORT.
    pub reuse_port: bool,
    /// Set SO_REUSEADDR.
    pub reuse_address: bool,
    /// Origins that may read answers; `*` is every one.
    pub cors: Vec<String>,
    /// Host names by which HTTP without TLS may be asked; `*` or none is every one.
    pub host_whitelist: Vec<String>,
    /// Serve the JSON gateway.
    pub gateway: bool,
}

/// Tokens and passwords.
#[derive(Clone, Debug)]
pub struct Auth {
    /// `simple`, or `jwt` with its options after a comma.
    pub token: String,
    /// How long a simple token lives after its last use.
    pub token_ttl: Duration,
    /// bcrypt's cost.
    pub bcrypt_cost: u32,
}

/// Everything.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The member's name.
    pub name: String,
    /// Folder of the data.
    pub data_dir: PathBuf,
    /// Folder of the raft log, when it is not in the folder of the data.
    pub wal_dir: Option<PathBuf>,
    /// Whether the folder is the default of the name.
    pub default_data_dir: bool,
    /// Where to listen, and what to tell others.
    pub urls: Urls,
    /// The members that the cluster begins with, or that it has when this one joins.
    pub initial_cluster: InitialCluster,
    /// Whether this member joins a cluster that there is.
    pub join_existing: bool,
    /// Make this member the only one of its cluster.
    pub force_new_cluster: bool,
    /// Do not start if peers hold something else.
    pub initial_corrupt_check: bool,
    /// Time between comparisons of what the members hold; `None` is never.
    pub corrupt_check_interval: Option<Duration>,
    /// Ask whether an election could be won before it is begun.
    pub pre_vote: bool,
    /// Keep histograms of gRPC calls.
    pub extensive_metrics: bool,
    /// The word that tells clusters apart.
    pub initial_cluster_token: String,
    /// Time between heartbeats.
    pub heartbeat_interval: Duration,
    /// Silence before an election.
    pub election_timeout: Duration,
    /// Refuse changes of members that would lose the quorum.
    pub strict_reconfig_check: bool,
    /// Most learners.
    pub max_learners: u32,
    /// Size at which writes are refused, in bytes; `None` is no limit.
    pub quota_bytes: Option<i64>,
    /// Most operations in a transaction.
    pub max_txn_ops: u32,
    /// Largest request in bytes.
    pub max_request_bytes: u32,
    /// History to keep.
    pub compaction: Compaction,
    /// Time between progress notifications.
    pub watch_progress_interval: Duration,
    /// Requests to the key space that take longer are logged.
    pub warn_apply: Duration,
    /// Unary requests that take longer are logged.
    pub warn_unary: Duration,
    /// Keep memory from being swapped.
    pub lock_memory: bool,
    /// Bytes that a defragmentation at start must free to be done; `None` is never.
    pub defrag_at_start: Option<u64>,
    /// How connections are treated.
    pub connections: Connections,
    /// TLS for clients.
    pub client_tls: Side,
    /// TLS for peers.
    pub peer_tls: Side,
    /// What both have in common.
    pub tls_rules: TlsRules,
    /// Tokens and passwords.
    pub auth: Auth,
    /// Logs.
    pub logs: LogSettings,
}

impl Settings {
    /// Makes settings of what was given. `from_file`: the values are a configuration file's, where the rule about advertised
    /// client URLs differs, since etcd does not tell there which keys were given.
    ///
    /// # Errors
    /// etcd's words.
    pub fn from_values(mut values: Values, from_file: bool) -> Result<Settings, String> {
        values.settle()?;
        gates::apply(&mut values)?;
        let logs = LogSettings::from_values(&values)?;
        let urls = urls(&values, from_file)?;
        check_state(&values)?;
        let (heartbeat_interval, election_timeout) = timing(&values)?;
        if urls.advertise_client.is_empty() {
            return Err(
                "--advertise-client-urls is required when --listen-client-urls is set explicitly"
                    .into(),
            );
        }
        let compaction = compaction::from_values(&values)?;
        if values.boolean("experimental-enable-lease-checkpoint-persist")
            && !values.boolean("experimental-enable-lease-checkpoint")
        {
            return Err("setting experimental-enable-lease-checkpoint-persist requires experimental-enable-lease-checkpoint".into());
        }
        let check_time = values.text("compact-hash-check-time");
        if super::value::duration_nanos(check_time)? <= 0 {
            return Err(format!(
                "--experimental-compact-hash-check-time must be >0 (set to {check_time})"
            ));
        }
        let name = values.text("name").to_owned();
        let (data_dir, default_data_dir) = match values.text("data-dir") {
            "" => (PathBuf::from(format!("{name}.etcd")), true),
            dir => (PathBuf::from(dir), false),
        };
        let initial_cluster = cluster::from_values(&values, &name, &urls.advertise_peer)?;
        let tls_rules = TlsRules::from_values(&values)?;
        let client_tls = Side::client(&values, &urls)?;
        let peer_tls = Side::peer(&values, &urls)?;
        let megabytes = values.unsigned("bootstrap-defrag-threshold-megabytes");
        let interval = values.duration("watch-progress-notify-interval")?;
        let corrupt_check = values.duration("corrupt-check-time")?;
        Ok(Settings {
            join_existing: values.text("initial-cluster-state") == "existing",
            initial_cluster_token: values.text("initial-cluster-token").to_owned(),
            wal_dir: Some(values.text("wal-dir"))
                .filter(|dir| !dir.is_empty())
                .map(PathBuf::from),
            force_new_cluster: values.boolean("force-new-cluster"),
            initial_corrupt_check: values.boolean("experimental-initial-corrupt-check"),
            corrupt_check_interval: Some(corrupt_check).filter(|time| !time.is_zero()),
            pre_vote: values.boolean("pre-vote"),
            // As in etcd, any other word is as good as 'basic'.
            extensive_metrics: values.text("metrics") == "extensive",
            strict_reconfig_check: values.boolean("strict-reconfig-check"),
            max_learners: number(&values, "max-learners"),
            quota_bytes: match values.signed("quota-backend-bytes") {
                0 => Some(DEFAULT_QUOTA_BYTES),
                bytes => Some(bytes).filter(|bytes| *bytes > 0),
            },
            max_txn_ops: number(&values, "max-txn-ops"),
            max_request_bytes: number(&values, "max-request-bytes"),
            watch_progress_interval: if interval.is_zero() {
                DEFAULT_PROGRESS_INTERVAL
            } else {
                interval
            },
            warn_apply: values.duration("warning-apply-duration")?,
            warn_unary: values.duration("warning-unary-request-duration")?,
            lock_memory: values.boolean("memory-mlock"),
            defrag_at_start: (megabytes > 0).then_some(megabytes << 20),
            connections: connections(&values)?,
            auth: auth(&values)?,
            name,
            data_dir,
            default_data_dir,
            urls,
            initial_cluster,
            heartbeat_interval,
            election_timeout,
            compaction,
            client_tls,
            peer_tls,
            tls_rules,
            logs,
        })
    }
}

fn number(values: &Values, name: &str) -> u32 {
    // The table bounds these flags by what 32 bits hold.
    u32::try_from(values.unsigned(name)).unwrap_or(u32::MAX)
}

fn urls(values: &Values, from_file: bool) -> Result<Urls, String> {
    let urls = Urls {
        listen_peer: values.urls("listen-peer-urls"),
        listen_client: values.urls("listen-client-urls"),
        listen_client_http: values.urls("listen-client-http-urls"),
        listen_metrics: values.urls("listen-metrics-urls"),
        advertise_peer: values.urls("initial-advertise-peer-urls"),
        advertise_client: if !from_file
            && values.is_set("listen-client-urls")
            && !values.is_set("advertise-client-urls")
        {
            Vec::new()
        } else {
            values.urls("advertise-client-urls")
        },
    };
    for listen in [
        &urls.listen_peer,
        &urls.listen_client,
        &urls.listen_client_http,
        &urls.listen_metrics,
    ] {
        check_bind(listen)?;
    }
    for (flag, advertised) in [
        ("initial-advertise-peer-urls", &urls.advertise_peer),
        ("advertise-client-urls", &urls.advertise_client),
    ] {
        check_host(advertised).map_err(|error| {
            format!(
                "--{flag} {:?} must be \"host:port\" ({error})",
                url::join(advertised)
            )
        })?;
    }
    let both = urls
        .listen_client_http
        .iter()
        .find(|url| urls.listen_client.contains(url));
    if let Some(url) = both {
        return Err(format!(
            "cannot bind both --client-listen-urls and --client-listen-http-urls on the same url {url}"
        ));
    }
    Ok(urls)
}

fn check_state(values: &Values) -> Result<(), String> {
    match values.text("initial-cluster-state") {
        "new" | "existing" => Ok(()),
        state => Err(format!("unexpected clusterState {state:?}")),
    }
}

fn timing(values: &Values) -> Result<(Duration, Duration), String> {
    let heartbeat = values.unsigned("heartbeat-interval");
    let election = values.unsigned("election-timeout");
    if heartbeat == 0 {
        return Err(format!(
            "--heartbeat-interval must be >0 (set to {heartbeat}ms)"
        ));
    }
    if election == 0 {
        return Err(format!(
            "--election-timeout must be >0 (set to {election}ms)"
        ));
    }
    if 5 * heartbeat > election {
        return Err(format!(
            "--election-timeout[{election}ms] should be at least as 5 times as --heartbeat-interval[{heartbeat}ms]"
        ));
    }
    if election > MAX_ELECTION_MS {
        return Err(format!(
            "--election-timeout[{election}ms] is too long, and should be set less than {MAX_ELECTION_MS}ms"
        ));
    }
    Ok((
        Duration::from_millis(heartbeat),
        Duration::from_millis(election),
    ))
}

fn connections(values: &Values) -> Result<Connections, String> {
    let interval = values.duration("grpc-keepalive-interval")?;
    let timeout = values.duration("grpc-keepalive-timeout")?;
    Ok(Connections {
        max_concurrent_streams: number(values, "max-concurrent-streams"),
        keepalive: (!interval.is_zero() && !timeout.is_zero()).then_some((interval, timeout)),
        reuse_port: values.boolean("socket-reuse-port"),
        reuse_address: values.boolean("socket-reuse-address"),
        cors: match values.text("cors") {
            "" | "*" => vec!["*".into()],
            _ => values.urls("cors").iter().map(Url::to_string).collect(),
        },
        host_whitelist: values.list("host-whitelist"),
        gateway: values.boolean("enable-grpc-gateway"),
    })
}

fn auth(values: &Values) -> Result<Auth, String> {
    let cost = number(values, "bcrypt-cost");
    // etcd falls back to its default outside of what bcrypt takes, with a warning of its own; here the range is the rule.
    if !(4..=31).contains(&cost) {
        return Err(format!(
            "--bcrypt-cost must be between 4 and 31 (set to {cost})"
        ));
    }
    let token = values.text("auth-token");
    let kind = token.split(',').next().unwrap_or_default();
    if !matches!(kind, "simple" | "jwt" | "") {
        return Err("auth: invalid auth options".into());
    }
    Ok(Auth {
        token: token.to_owned(),
        token_ttl: Duration::from_secs(values.unsigned("auth-token-ttl")),
        bcrypt_cost: cost,
    })
}

/// The help, as etcd groups it.
pub fn help() -> String {
    use table::Group;
    let groups = [
        (Group::Member, "Member"),
        (Group::Clustering, "Clustering"),
        (Group::Security, "Security"),
        (Group::Auth, "Auth"),
        (Group::Monitoring, "Profiling and Monitoring"),
        (Group::Logging, "Logging"),
        (Group::Features, "Features"),
        (Group::Unsafe, "Unsafe"),
    ];
    let mut text = String::from(super::USAGE);
    for (group, title) in groups {
        text.push_str(&format!("\n{title}:\n"));
        for flag in table::FLAGS.iter().filter(|flag| flag.group == group) {
            let note = match flag.effect {
                table::Effect::Done => String::new(),
                table::Effect::Nil(why) => format!(" (no effect: {why})"),
                table::Effect::Refused { why, .. } => format!(" (not supported: {why})"),
                table::Effect::Renamed(to) => format!("the older name of --{to}"),
            };
            text.push_str(&format!(
                "  --{} '{}'\n    {}{note}\n",
                flag.name, flag.default, flag.help
            ));
        }
    }
    text
}

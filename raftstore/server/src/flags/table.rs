//! Every flag of etcd 3.5 and 3.6, one row each: its form, its default, and what it does here.
//!
//! A flag is one of three: [`Effect::Done`], it does what it does in etcd; [`Effect::Nil`], it is taken and changes nothing, for the
//! reason in its row; [`Effect::Refused`], any value but those in its row is an error with the reason. There is no fourth: a flag
//! that would be taken and forgotten has no row.
//!
//! The one confusing thing: 3.6 dropped `experimental-` from names of 3.5. Both names have a row; the older points at the newer.

/// How a flag's value is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Any text.
    Text,
    /// A boolean; alone it is `true`.
    Bool,
    /// Anything, also nothing.
    Ignored,
    /// An unsigned number of at most this.
    Uint(u64),
    /// A signed number.
    Int,
    /// A duration of Go.
    Duration,
    /// URLs separated by commas, or one of these words instead.
    Urls(&'static [&'static str]),
    /// Words separated by commas, in order.
    List,
    /// One of these words.
    OneOf(&'static [&'static str]),
    /// Some of these words, separated by commas.
    SomeOf(&'static [&'static str]),
}

/// What a flag does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// What it does in etcd.
    Done,
    /// Nothing, and why nothing is right.
    Nil(&'static str),
    /// Values but these are refused.
    Refused {
        /// The values that ask for nothing that is not there.
        accepted: &'static [&'static str],
        /// Why others are refused.
        why: &'static str,
    },
    /// It is the older name of another flag.
    Renamed(&'static str),
}

/// The part of the help that a flag stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Group {
    /// The member itself.
    Member,
    /// Its cluster.
    Clustering,
    /// TLS, origins and hosts.
    Security,
    /// Users' tokens and passwords.
    Auth,
    /// Metrics and profiles.
    Monitoring,
    /// Logs.
    Logging,
    /// What 3.5 calls experimental.
    Features,
    /// What may lose data.
    Unsafe,
    /// Flags of etcd 2, which etcd itself ignores or has deprecated.
    Old,
}

/// One flag.
#[derive(Clone, Copy, Debug)]
pub struct Flag {
    /// Its name without dashes.
    pub name: &'static str,
    /// The form of its value.
    pub kind: Kind,
    /// The value when it is not given.
    pub default: &'static str,
    /// What it does.
    pub effect: Effect,
    /// Where its help stands.
    pub group: Group,
    /// Its help, one line.
    pub help: &'static str,
}

const U: Kind = Kind::Uint(u64::MAX);
const U32: Kind = Kind::Uint(u32::MAX as u64);
/// Most that durations in milliseconds may be: what 32 bits hold.
const MILLIS: Kind = Kind::Uint(u32::MAX as u64);
const URLS: Kind = Urls(&[""]);
const DONE: Effect = Effect::Done;

const NO_DISCOVERY: Effect = Effect::Refused {
    accepted: &["", "proxy", "exit", "false"],
    why: "members are found by --initial-cluster; discovery services are not asked",
};
const DISCOVERY_IDLE: Effect =
    Effect::Nil("it is a setting of discovery, which is refused when it is asked for");
const NO_PROXY: Effect = Effect::Refused {
    accepted: &["", "off"],
    why: "the v2 proxy is gone from etcd since 3.6 and is not here",
};
const PROXY_IDLE: Effect =
    Effect::Nil("it is a setting of the v2 proxy, which is refused when it is asked for");
const NO_V2: Effect = Effect::Refused {
    accepted: &["", "false"],
    why: "the v2 API is gone from etcd since 3.6 and is not here",
};
const NO_TRACING: Effect = Effect::Refused {
    accepted: &["false"],
    why: "spans are not exported",
};
const TRACING_IDLE: Effect =
    Effect::Nil("it is a setting of distributed tracing, which is refused when it is asked for");
const IGNORED: Effect = Effect::Nil("etcd ignores it as well");
const NO_HASH_ROUNDS: Effect = Effect::Refused {
    accepted: &["0", "0s", "false"],
    why: "members compare what they hold now (--corrupt-check-time), not what they held when history was compacted",
};

const fn flag(
    group: Group,
    name: &'static str,
    kind: Kind,
    default: &'static str,
    effect: Effect,
    help: &'static str,
) -> Flag {
    Flag {
        name,
        kind,
        default,
        effect,
        group,
        help,
    }
}

use Group::{Auth, Clustering, Features, Logging, Member, Monitoring, Old, Security, Unsafe};
use Kind::{Bool, Duration, Ignored, Int, List, OneOf, SomeOf, Text, Urls};

/// The flags.
#[rustfmt::skip]
pub const FLAGS: &[Flag] = &[
    flag(Member, "name", Text, "default", DONE, "Human-readable name of this member"),
    flag(Member, "data-dir", Text, "", DONE, "Folder of the data; ${name}.etcd when it is not given"),
    flag(Member, "wal-dir", Text, "", DONE, "Folder of the raft log, when it is to be on a disk of its own"),
    flag(Member, "snapshot-count", U, "100000", Effect::Nil("the log is cut by its size in bytes, whatever the number of its entries"), "Committed entries after which etcd makes a snapshot"),
    flag(Member, "heartbeat-interval", MILLIS, "100", DONE, "Milliseconds between heartbeats of the leader"),
    flag(Member, "election-timeout", MILLIS, "1000", DONE, "Milliseconds of silence after which an election begins"),
    flag(Member, "initial-election-tick-advance", Bool, "true", Effect::Nil("elections are counted in time, not in ticks: there are no ticks to skip"), "Whether etcd skips ticks before its first election"),
    flag(Member, "listen-peer-urls", URLS, "http://localhost:2380", DONE, "URLs to listen on for peers"),
    flag(Member, "listen-client-urls", URLS, "http://localhost:2379", DONE, "URLs to listen on for gRPC, and for HTTP unless --listen-client-http-urls is given"),
    flag(Member, "listen-client-http-urls", URLS, "", DONE, "URLs to listen on for HTTP alone"),
    flag(Member, "max-snapshots", U, "5", Effect::Nil("one state file takes the place of snapshot files; nothing piles up"), "Snapshot files that etcd keeps"),
    flag(Member, "max-wals", U, "5", Effect::Nil("log files are removed as soon as the state file has what they hold"), "Log files that etcd keeps"),
    flag(Member, "quota-backend-bytes", Int, "0", DONE, "Size of the data at which writes are refused with NOSPACE; 0 is 2 GiB, less is no limit"),
    flag(Member, "backend-bbolt-freelist-type", Text, "map", Effect::Nil("the state is not kept in bbolt"), "Kind of bbolt's free list"),
    flag(Member, "backend-batch-interval", Duration, "0s", Effect::Nil("durability is the log's; the state file is written behind it at a pace of its own"), "Longest time before etcd commits to its backend"),
    flag(Member, "backend-batch-limit", Int, "0", Effect::Nil("durability is the log's; the state file is written behind it at a pace of its own"), "Operations after which etcd commits to its backend"),
    flag(Member, "max-txn-ops", U32, "128", DONE, "Most operations in a transaction"),
    flag(Member, "max-request-bytes", U32, "1572864", DONE, "Largest request in bytes"),
    flag(Member, "max-concurrent-streams", U32, "4294967295", DONE, "Most streams at a time on one connection"),
    flag(Member, "enable-grpc-gateway", Bool, "true", DONE, "Serve the JSON gateway under /v3/"),
    flag(Member, "grpc-keepalive-min-time", Duration, "5s", Effect::Nil("a client that pings more often is answered; it is never cut off for it"), "Pings of a client that come sooner than this end its connection in etcd"),
    flag(Member, "grpc-keepalive-interval", Duration, "2h0m0s", DONE, "Silence after which a client is pinged; 0 is never"),
    flag(Member, "grpc-keepalive-timeout", Duration, "20s", DONE, "Longest wait for the answer to a ping; 0 is no pings"),
    flag(Member, "socket-reuse-port", Bool, "false", DONE, "Set SO_REUSEPORT on listeners"),
    flag(Member, "socket-reuse-address", Bool, "false", DONE, "Set SO_REUSEADDR on listeners"),
    flag(Member, "raft-read-timeout", Duration, "5s", Effect::Nil("peers speak gRPC, whose requests have deadlines of their own"), "Longest silence on a connection of a peer"),
    flag(Member, "raft-write-timeout", Duration, "5s", Effect::Nil("peers speak gRPC, whose requests have deadlines of their own"), "Longest write to a peer"),

    flag(Clustering, "initial-advertise-peer-urls", URLS, "http://localhost:2380", DONE, "URLs under which peers reach this member"),
    flag(Clustering, "initial-cluster", Text, "default=http://localhost:2380", DONE, "The members of a new cluster, as name=URL"),
    flag(Clustering, "initial-cluster-state", OneOf(&["new", "existing"]), "new", DONE, "'new' to make a cluster, 'existing' to join one"),
    flag(Clustering, "initial-cluster-token", Text, "etcd-cluster", DONE, "A word that tells clusters apart"),
    flag(Clustering, "advertise-client-urls", URLS, "http://localhost:2379", DONE, "URLs under which clients reach this member"),
    flag(Clustering, "strict-reconfig-check", Bool, "true", DONE, "Refuse changes of members that would lose the quorum"),
    flag(Clustering, "pre-vote", Bool, "true", DONE, "Ask whether an election could be won before it is begun"),
    flag(Clustering, "max-learners", U32, "1", DONE, "Most learners at a time"),
    flag(Clustering, "auto-compaction-mode", Text, "periodic", DONE, "What the retention is counted in: 'periodic' or 'revision'"),
    flag(Clustering, "auto-compaction-retention", Text, "0", DONE, "History to keep: a duration (hours without a unit), or revisions; 0 is all"),
    flag(Clustering, "discovery", Text, "", NO_DISCOVERY, "URL of a discovery service"),
    flag(Clustering, "discovery-fallback", OneOf(&["proxy", "exit"]), "proxy", NO_DISCOVERY, "What to do when discovery fails"),
    flag(Clustering, "discovery-proxy", Text, "", NO_DISCOVERY, "HTTP proxy on the way to discovery"),
    flag(Clustering, "discovery-srv", Text, "", NO_DISCOVERY, "DNS domain whose SRV records name the members"),
    flag(Clustering, "discovery-srv-name", Text, "", NO_DISCOVERY, "Suffix of the SRV records"),
    flag(Clustering, "discovery-token", Text, "", NO_DISCOVERY, "Token of a v3 discovery"),
    flag(Clustering, "discovery-endpoints", Text, "", NO_DISCOVERY, "Endpoints of a v3 discovery"),
    flag(Clustering, "discovery-dial-timeout", Duration, "2s", DISCOVERY_IDLE, "Setting of v3 discovery"),
    flag(Clustering, "discovery-request-timeout", Duration, "5s", DISCOVERY_IDLE, "Setting of v3 discovery"),
    flag(Clustering, "discovery-keepalive-time", Duration, "2s", DISCOVERY_IDLE, "Setting of v3 discovery"),
    flag(Clustering, "discovery-keepalive-timeout", Duration, "6s", DISCOVERY_IDLE, "Setting of v3 discovery"),
    flag(Clustering, "discovery-insecure-transport", Bool, "true", DISCOVERY_IDLE, "Setting of v3 discovery"),
    flag(Clustering, "discovery-insecure-skip-tls-verify", Bool, "false", DISCOVERY_IDLE, "Setting of v3 discovery"),
    flag(Clustering, "discovery-cert", Text, "", DISCOVERY_IDLE, "Setting of v3 discovery"),
    flag(Clustering, "discovery-key", Text, "", DISCOVERY_IDLE, "Setting of v3 discovery"),
    flag(Clustering, "discovery-cacert", Text, "", DISCOVERY_IDLE, "Setting of v3 discovery"),
    flag(Clustering, "discovery-user", Text, "", DISCOVERY_IDLE, "Setting of v3 discovery"),
    flag(Clustering, "discovery-password", Text, "", DISCOVERY_IDLE, "Setting of v3 discovery"),

    flag(Security, "cert-file", Text, "", DONE, "Certificate shown to clients"),
    flag(Security, "key-file", Text, "", DONE, "Key of that certificate"),
    flag(Security, "client-cert-file", Text, "", Effect::Nil("the JSON gateway calls its own server inside the process: no connection needs this certificate"), "Certificate that the server shows to itself"),
    flag(Security, "client-key-file", Text, "", Effect::Nil("the JSON gateway calls its own server inside the process: no connection needs this key"), "Key of that certificate"),
    flag(Security, "client-cert-auth", Bool, "false", DONE, "Ask clients for certificates"),
    flag(Security, "client-crl-file", Text, "", DONE, "Revoked certificates of clients"),
    flag(Security, "client-cert-allowed-hostname", List, "", DONE, "Names one of which a client's certificate must be for"),
    flag(Security, "trusted-ca-file", Text, "", DONE, "Authorities that sign clients' certificates"),
    flag(Security, "auto-tls", Bool, "false", DONE, "Make a certificate for clients' connections"),
    flag(Security, "peer-cert-file", Text, "", DONE, "Certificate shown to peers"),
    flag(Security, "peer-key-file", Text, "", DONE, "Key of that certificate"),
    flag(Security, "peer-client-cert-file", Text, "", DONE, "Certificate shown when this member connects to a peer"),
    flag(Security, "peer-client-key-file", Text, "", DONE, "Key of that certificate"),
    flag(Security, "peer-client-cert-auth", Bool, "false", DONE, "Ask peers for certificates"),
    flag(Security, "peer-trusted-ca-file", Text, "", DONE, "Authorities that sign peers' certificates"),
    flag(Security, "peer-crl-file", Text, "", DONE, "Revoked certificates of peers"),
    flag(Security, "peer-cert-allowed-cn", List, "", DONE, "Common names one of which a peer's certificate must have"),
    flag(Security, "peer-cert-allowed-hostname", List, "", DONE, "Names one of which a peer's certificate must be for"),
    flag(Security, "peer-auto-tls", Bool, "false", DONE, "Make a certificate for peers' connections"),
    flag(Security, "peer-skip-client-san-verification", Bool, "false", DONE, "Do not compare a peer's address with its certificate"),
    flag(Security, "experimental-peer-skip-client-san-verification", Bool, "false", Effect::Renamed("peer-skip-client-san-verification"), ""),
    flag(Security, "self-signed-cert-validity", U32, "1", DONE, "Years that certificates made here are good for"),
    flag(Security, "cipher-suites", List, "", DONE, "Cipher suites of TLS 1.2 to offer, by Go's names"),
    flag(Security, "tls-min-version", Text, "TLS1.2", DONE, "Oldest TLS: TLS1.2 or TLS1.3"),
    flag(Security, "tls-max-version", Text, "", DONE, "Newest TLS: TLS1.2 or TLS1.3"),
    flag(Security, "cors", Urls(&["*", ""]), "*", DONE, "Origins whose pages may read answers"),
    flag(Security, "host-whitelist", List, "*", DONE, "Host names by which HTTP without TLS may be asked"),

    flag(Auth, "auth-token", Text, "simple", DONE, "Kind of tokens: 'simple', or 'jwt' with its options"),
    flag(Auth, "auth-token-ttl", U32, "300", DONE, "Seconds that a simple token lives after its last use"),
    flag(Auth, "bcrypt-cost", U32, "10", DONE, "Cost of hashing a password"),

    flag(Monitoring, "enable-pprof", Bool, "false", Effect::Refused { accepted: &["false"], why: "Go's profiles under /debug/pprof/ are not there to be served" }, "Serve profiles"),
    flag(Monitoring, "metrics", Text, "basic", DONE, "'extensive' adds histograms of gRPC calls"),
    flag(Monitoring, "listen-metrics-urls", URLS, "", DONE, "URLs to listen on for /metrics and /health alone"),

    flag(Logging, "logger", Text, "zap", DONE, "Form of logs; 'zap' is the one there is"),
    flag(Logging, "log-outputs", List, "default", DONE, "'default', 'stderr', 'stdout', or files"),
    flag(Logging, "log-level", Text, "info", DONE, "debug, info, warn, error, panic or fatal"),
    flag(Logging, "log-format", OneOf(&["json", "console"]), "json", DONE, "Form of a line: json or console"),
    flag(Logging, "enable-log-rotation", Bool, "false", Effect::Refused { accepted: &["false"], why: "log files are not rotated; let logrotate or the container runtime do it" }, "Rotate the log file"),
    flag(Logging, "log-rotation-config-json", Text, "{\"maxsize\": 100, \"maxage\": 0, \"maxbackups\": 0, \"localtime\": false, \"compress\": false}", Effect::Nil("it is a setting of log rotation, which is refused when it is asked for"), "Setting of log rotation"),

    flag(Features, "feature-gates", Text, "", DONE, "Feature gates of 3.6 as Name=true,Name=false"),
    flag(Features, "experimental-initial-corrupt-check", Bool, "false", DONE, "Do not start if peers hold something else"),
    flag(Features, "corrupt-check-time", Duration, "0s", DONE, "Time between checks of the members against each other"),
    flag(Features, "experimental-corrupt-check-time", Duration, "0s", Effect::Renamed("corrupt-check-time"), ""),
    flag(Features, "experimental-compact-hash-check-enabled", Bool, "false", NO_HASH_ROUNDS, "Compare hashes of compacted history"),
    flag(Features, "compact-hash-check-time", Duration, "1m0s", Effect::Nil("it is a setting of a check that is refused when it is asked for"), "Time between such comparisons"),
    flag(Features, "experimental-compact-hash-check-time", Duration, "1m0s", Effect::Renamed("compact-hash-check-time"), ""),
    flag(Features, "experimental-enable-lease-checkpoint", Bool, "false", Effect::Nil("a lease is never shortened by a change of leader, and what is left of it is told to all members whether or not this is set"), "Tell members what is left of leases"),
    flag(Features, "experimental-enable-lease-checkpoint-persist", Bool, "false", Effect::Nil("what is told of leases is always kept"), "Keep what is told of leases"),
    flag(Features, "compaction-batch-limit", Int, "0", Effect::Nil("compaction removes history from memory at once and from disk behind it: there is no batch that holds up writes"), "Revisions in one batch of a compaction"),
    flag(Features, "experimental-compaction-batch-limit", Int, "0", Effect::Renamed("compaction-batch-limit"), ""),
    flag(Features, "compaction-sleep-interval", Duration, "0s", Effect::Nil("compaction removes history from memory at once and from disk behind it: there are no batches to sleep between"), "Pause between batches of a compaction"),
    flag(Features, "experimental-compaction-sleep-interval", Duration, "0s", Effect::Renamed("compaction-sleep-interval"), ""),
    flag(Features, "watch-progress-notify-interval", Duration, "0s", DONE, "Time between progress notifications of watches; 0 is 10 minutes"),
    flag(Features, "experimental-watch-progress-notify-interval", Duration, "0s", Effect::Renamed("watch-progress-notify-interval"), ""),
    flag(Features, "downgrade-check-time", Duration, "5s", Effect::Nil("there is no older version to go down to, hence no job that looks for one"), "Time between checks of a downgrade"),
    flag(Features, "experimental-downgrade-check-time", Duration, "5s", Effect::Renamed("downgrade-check-time"), ""),
    flag(Features, "warning-apply-duration", Duration, "100ms", DONE, "Requests to the key space that take longer are logged"),
    flag(Features, "experimental-warning-apply-duration", Duration, "100ms", Effect::Renamed("warning-apply-duration"), ""),
    flag(Features, "warning-unary-request-duration", Duration, "300ms", DONE, "Unary requests that take longer are logged"),
    flag(Features, "experimental-warning-unary-request-duration", Duration, "300ms", Effect::Renamed("warning-unary-request-duration"), ""),
    flag(Features, "memory-mlock", Bool, "false", DONE, "Keep this process' memory from being swapped"),
    flag(Features, "experimental-memory-mlock", Bool, "false", Effect::Renamed("memory-mlock"), ""),
    flag(Features, "experimental-txn-mode-write-with-shared-buffer", Bool, "true", Effect::Nil("transactions read the key space itself: there is no buffer to share or to copy"), "Share the read buffer with write transactions"),
    flag(Features, "bootstrap-defrag-threshold-megabytes", U32, "0", DONE, "Defragment at start if that frees as much"),
    flag(Features, "experimental-bootstrap-defrag-threshold-megabytes", U32, "0", Effect::Renamed("bootstrap-defrag-threshold-megabytes"), ""),
    flag(Features, "experimental-stop-grpc-service-on-defrag", Bool, "false", Effect::Refused { accepted: &["false"], why: "the health service does not change while a member is defragmented" }, "Tell health checks of a defragmentation"),
    flag(Features, "snapshot-catchup-entries", U, "5000", Effect::Nil("the log is kept by its size in bytes; a member that is further behind gets the state"), "Entries kept for slow members after a snapshot"),
    flag(Features, "experimental-snapshot-catchup-entries", U, "5000", Effect::Renamed("snapshot-catchup-entries"), ""),
    flag(Features, "enable-distributed-tracing", Bool, "false", NO_TRACING, "Export spans"),
    flag(Features, "experimental-enable-distributed-tracing", Bool, "false", Effect::Renamed("enable-distributed-tracing"), ""),
    flag(Features, "distributed-tracing-address", Text, "localhost:4317", TRACING_IDLE, "Setting of tracing"),
    flag(Features, "experimental-distributed-tracing-address", Text, "localhost:4317", Effect::Renamed("distributed-tracing-address"), ""),
    flag(Features, "distributed-tracing-service-name", Text, "etcd", TRACING_IDLE, "Setting of tracing"),
    flag(Features, "experimental-distributed-tracing-service-name", Text, "etcd", Effect::Renamed("distributed-tracing-service-name"), ""),
    flag(Features, "distributed-tracing-instance-id", Text, "", TRACING_IDLE, "Setting of tracing"),
    flag(Features, "experimental-distributed-tracing-instance-id", Text, "", Effect::Renamed("distributed-tracing-instance-id"), ""),
    flag(Features, "distributed-tracing-sampling-rate", Int, "0", TRACING_IDLE, "Setting of tracing"),
    flag(Features, "experimental-distributed-tracing-sampling-rate", Int, "0", Effect::Renamed("distributed-tracing-sampling-rate"), ""),

    flag(Unsafe, "force-new-cluster", Bool, "false", DONE, "Make a cluster of this member alone, from its data"),
    flag(Unsafe, "unsafe-no-fsync", Bool, "false", Effect::Refused { accepted: &["false"], why: "a write is acknowledged when it is on disk, always" }, "Do not flush"),

    flag(Old, "v2-deprecation", SomeOf(&["not-yet", "write-only", "write-only-skip-check", "write-only-drop-data", "gone"]), "not-yet", Effect::Nil("there is no v2 store whose content could matter"), "Stage at which etcd's v2 store goes away"),
    flag(Old, "enable-v2", Bool, "false", NO_V2, "Serve the v2 API"),
    flag(Old, "experimental-enable-v2v3", Text, "", NO_V2, "Serve the v2 API from v3 data"),
    flag(Old, "proxy", OneOf(&["off", "readonly", "on"]), "off", NO_PROXY, "v2 proxy"),
    flag(Old, "proxy-failure-wait", U, "5000", PROXY_IDLE, "Setting of the v2 proxy"),
    flag(Old, "proxy-refresh-interval", U, "30000", PROXY_IDLE, "Setting of the v2 proxy"),
    flag(Old, "proxy-dial-timeout", U, "1000", PROXY_IDLE, "Setting of the v2 proxy"),
    flag(Old, "proxy-write-timeout", U, "5000", PROXY_IDLE, "Setting of the v2 proxy"),
    flag(Old, "proxy-read-timeout", U, "0", PROXY_IDLE, "Setting of the v2 proxy"),
    flag(Old, "cluster-active-size", Ignored, "", IGNORED, "Ignored"),
    flag(Old, "cluster-remove-delay", Ignored, "", IGNORED, "Ignored"),
    flag(Old, "cluster-sync-interval", Ignored, "", IGNORED, "Ignored"),
    flag(Old, "config", Ignored, "", IGNORED, "Ignored"),
    flag(Old, "force", Ignored, "", IGNORED, "Ignored"),
    flag(Old, "max-result-buffer", Ignored, "", IGNORED, "Ignored"),
    flag(Old, "max-retry-attempts", Ignored, "", IGNORED, "Ignored"),
    flag(Old, "peer-heartbeat-interval", Ignored, "", IGNORED, "Ignored"),
    flag(Old, "peer-election-timeout", Ignored, "", IGNORED, "Ignored"),
    flag(Old, "retry-interval", Ignored, "", IGNORED, "Ignored"),
    flag(Old, "snapshot", Ignored, "", IGNORED, "Ignored"),
    flag(Old, "v", Ignored, "", IGNORED, "Ignored"),
    flag(Old, "vv", Ignored, "", IGNORED, "Ignored"),
];

/// The row of a flag.
pub fn find(name: &str) -> Option<&'static Flag> {
    FLAGS.iter().find(|flag| flag.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_has_one_row_and_older_names_point_at_rows() {
        let mut seen = std::collections::HashSet::new();
        for flag in FLAGS {
            assert!(seen.insert(flag.name), "{} twice", flag.name);
            if let Effect::Renamed(to) = flag.effect {
                let to = find(to).expect(flag.name);
                assert_eq!(
                    (to.kind, to.default),
                    (flag.kind, flag.default),
                    "{}",
                    flag.name
                );
            }
        }
    }
}

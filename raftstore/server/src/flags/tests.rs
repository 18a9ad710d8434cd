//! Command lines in, settings or errors out.

use std::time::Duration;

use super::{compaction::Compaction, table::Effect, tls::Version, *};

fn run(line: &str) -> Result<Settings, String> {
    let args: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
    match parse(&args, []) {
        Ok(Parsed::Run { settings, .. }) => Ok(*settings),
        Ok(other) => panic!("{other:?}"),
        Err(mistake) => Err(mistake.words),
    }
}

#[test]
fn defaults_are_etcds() {
    let settings = run("").unwrap();
    assert_eq!(settings.name, "default");
    assert_eq!(settings.data_dir.to_str(), Some("default.etcd"));
    assert_eq!(
        url::join(&settings.urls.listen_client),
        "http://localhost:2379"
    );
    assert_eq!(
        url::join(&settings.urls.advertise_peer),
        "http://localhost:2380"
    );
    assert_eq!(
        cluster::show(&settings.initial_cluster),
        "default=http://localhost:2380"
    );
    assert_eq!(settings.quota_bytes, Some(2 << 30));
    assert_eq!(settings.compaction, Compaction::Off);
    assert_eq!(settings.election_timeout, Duration::from_secs(1));
    assert_eq!(settings.tls_rules.min, Version::V12);
    assert_eq!(
        settings.connections.keepalive,
        Some((Duration::from_secs(7200), Duration::from_secs(20)))
    );
    assert_eq!(settings.watch_progress_interval, Duration::from_secs(600));
}

/// The command of the static pod that kubeadm 1.31 writes, as it is.
const KUBEADM: &str = "--advertise-client-urls=https://192.168.0.2:2379 --cert-file=/etc/kubernetes/pki/etcd/server.crt \
    --client-cert-auth=true --data-dir=/var/lib/etcd --experimental-initial-corrupt-check=true \
    --experimental-watch-progress-notify-interval=5s --initial-advertise-peer-urls=https://192.168.0.2:2380 \
    --initial-cluster=node1=https://192.168.0.2:2380 --key-file=/etc/kubernetes/pki/etcd/server.key \
    --listen-client-urls=https://127.0.0.1:2379,https://192.168.0.2:2379 --listen-metrics-urls=http://127.0.0.1:2381 \
    --listen-peer-urls=https://192.168.0.2:2380 --name=node1 --peer-cert-file=/etc/kubernetes/pki/etcd/peer.crt \
    --peer-client-cert-auth=true --peer-key-file=/etc/kubernetes/pki/etcd/peer.key \
    --peer-trusted-ca-file=/etc/kubernetes/pki/etcd/ca.crt --snapshot-count=10000 \
    --trusted-ca-file=/etc/kubernetes/pki/etcd/ca.crt";

#[test]
fn kubeadms_command_line_works_as_it_is() {
    let settings = run(KUBEADM).unwrap();
    assert_eq!(settings.watch_progress_interval, Duration::from_secs(5));
    assert_eq!(settings.urls.listen_client.len(), 2);
    assert!(settings.client_tls.client_cert_auth && settings.peer_tls.client_cert_auth);
    let newer = KUBEADM
        .replace(
            "--experimental-initial-corrupt-check=true",
            "--feature-gates=InitialCorruptCheck=true",
        )
        .replace("--experimental-watch", "--watch");
    assert_eq!(
        run(&newer).unwrap().watch_progress_interval,
        Duration::from_secs(5)
    );
}

#[test]
fn mistakes_are_told_in_etcds_words() {
    for (line, words) in [
        (
            "--election-timeout=400",
            "--election-timeout[400ms] should be at least as 5 times as --heartbeat-interval[100ms]",
        ),
        (
            "--election-timeout=60000",
            "--election-timeout[60000ms] is too long, and should be set less than 50000ms",
        ),
        (
            "--heartbeat-interval=0",
            "--heartbeat-interval must be >0 (set to 0ms)",
        ),
        (
            "--listen-client-urls=http://127.0.0.1:1",
            "--advertise-client-urls is required when --listen-client-urls is set explicitly",
        ),
        (
            "--listen-peer-urls=http://example.com:1",
            "expected IP in URL for binding (http://example.com:1)",
        ),
        (
            "--initial-advertise-peer-urls=http://:2380",
            "--initial-advertise-peer-urls \"http://:2380\" must be \"host:port\" (unexpected empty host (http://:2380))",
        ),
        (
            "--auto-compaction-mode=x",
            "unknown auto-compaction-mode \"x\"",
        ),
        (
            "--auto-compaction-retention=x",
            "error parsing CompactionRetention: time: invalid duration \"x\"",
        ),
        (
            "--tls-min-version=TLS1.1",
            "unexpected TLS version \"TLS1.1\" (must be one of: TLS1.2, TLS1.3)",
        ),
        (
            "--tls-min-version=TLS1.3 --tls-max-version=TLS1.2",
            "min version (TLS1.3) is greater than max version (TLS1.2)",
        ),
        (
            "--tls-min-version=TLS1.3 --cipher-suites=x",
            "cipher suites cannot be configured when only TLS1.3 is enabled",
        ),
        ("--cipher-suites=x", "unexpected TLS cipher suite \"x\""),
        (
            "--cipher-suites=TLS_RSA_WITH_RC4_128_SHA",
            "--cipher-suites=TLS_RSA_WITH_RC4_128_SHA is not supported: the suite is weak",
        ),
        (
            "--cert-file=a",
            "KeyFile and CertFile must both be present[key: , cert: a]",
        ),
        (
            "--listen-client-urls=https://127.0.0.1:1 --advertise-client-urls=https://127.0.0.1:1",
            "TLS key/cert (--cert-file, --key-file) must be provided for client url https://127.0.0.1:1 with HTTPS scheme",
        ),
        (
            "--initial-cluster=a=b",
            "error setting up initial cluster: URL scheme must be http, https, unix, or unixs: b",
        ),
        ("--logger=capnslog", "--logger=capnslog is removed in v3.5"),
        ("--logger=x", "unknown logger option \"x\""),
        ("--log-level=x", "unrecognized level: \"x\""),
        (
            "--log-outputs=default,stdout",
            "multi logoutput for \"default\" is not supported yet",
        ),
        ("--auth-token=x", "auth: invalid auth options"),
        (
            "--experimental-compact-hash-check-time=0s",
            "--experimental-compact-hash-check-time must be >0 (set to 0s)",
        ),
        (
            "--experimental-enable-lease-checkpoint-persist",
            "setting experimental-enable-lease-checkpoint-persist requires experimental-enable-lease-checkpoint",
        ),
        ("--feature-gates=X=true", "unrecognized feature gate: X"),
        (
            "--feature-gates=InitialCorruptCheck=true --experimental-initial-corrupt-check=true",
            "cannot specify both flags: --experimental-initial-corrupt-check=true and --feature-gates=InitialCorruptCheck=true at the same time, please just use --feature-gates=InitialCorruptCheck=true",
        ),
        (
            "--memory-mlock --experimental-memory-mlock",
            "cannot set --experimental-memory-mlock and --memory-mlock at the same time, please use --memory-mlock only",
        ),
        (
            "--listen-client-urls=http://127.0.0.1:1 --advertise-client-urls=http://127.0.0.1:1 --listen-client-http-urls=http://127.0.0.1:1",
            "cannot bind both --client-listen-urls and --client-listen-http-urls on the same url http://127.0.0.1:1",
        ),
    ] {
        assert_eq!(run(line).err().as_deref(), Some(words), "{line}");
    }
}

#[test]
fn what_is_not_honoured_is_an_error_that_says_so() {
    for line in [
        "--unsafe-no-fsync",
        "--enable-v2",
        "--enable-pprof",
        "--discovery=https://discovery.example/x",
        "--discovery-srv=example.com",
        "--proxy=on",
        "--enable-log-rotation",
        "--experimental-enable-distributed-tracing",
        "--experimental-compact-hash-check-enabled",
        "--feature-gates=CompactHashCheck=true",
        "--feature-gates=SetMemberLocalAddr=true",
        "--log-outputs=systemd/journal",
    ] {
        let words = run(line).expect_err(line);
        assert!(words.contains("is not supported: "), "{line}: {words}");
    }
}

#[test]
fn what_operators_set_once_in_a_while_is_done() {
    let settings = run(
        "--wal-dir=/wal --pre-vote=false --metrics=extensive --force-new-cluster --experimental-corrupt-check-time=1h \
         --feature-gates=InitialCorruptCheck=true",
    )
    .unwrap();
    assert_eq!(
        settings.wal_dir.as_deref(),
        Some(std::path::Path::new("/wal"))
    );
    assert!(
        settings.force_new_cluster && settings.extensive_metrics && settings.initial_corrupt_check
    );
    assert!(!settings.pre_vote);
    assert_eq!(
        settings.corrupt_check_interval,
        Some(Duration::from_secs(3600))
    );
    let settings = run("").unwrap();
    assert_eq!(
        (settings.wal_dir, settings.corrupt_check_interval),
        (None, None)
    );
    assert!(!settings.force_new_cluster && !settings.extensive_metrics && settings.pre_vote);
}

#[test]
fn values_that_ask_for_nothing_are_taken() {
    run("--enable-v2=false --unsafe-no-fsync=0 --proxy=off --experimental-corrupt-check-time=0 --discovery= --enable-pprof=F \
         --v2-deprecation=write-only --snapshot-count=5 --max-wals=3 --vv --feature-gates=CompactHashCheck=false")
    .unwrap();
}

#[test]
fn a_flag_without_effect_is_told_when_it_was_set_to_something() {
    let line = "--snapshot-count=5 --max-wals=5 --backend-batch-interval=0ms --experimental-compact-hash-check-time=2m --name=a";
    let args: Vec<String> = line.split(' ').map(str::to_owned).collect();
    let Ok(Parsed::Run { notes, .. }) = parse(&args, []) else {
        panic!("{line} is refused");
    };
    let told: Vec<&str> = notes
        .iter()
        .map(|note| match note {
            Note::WithoutEffect { flag, .. } => *flag,
            note => panic!("{note:?}"),
        })
        .collect();
    assert_eq!(
        told,
        ["snapshot-count", "experimental-compact-hash-check-time"]
    );
}

#[test]
fn every_default_is_taken_when_it_is_given() {
    for flag in table::FLAGS {
        let args = vec![format!("--{}={}", flag.name, flag.default)];
        if let Err(mistake) = parse(&args, []) {
            // Given explicitly, the default of this one asks for another to be given as well.
            assert_eq!(flag.name, "listen-client-urls", "{}", mistake.words);
        }
    }
}

#[test]
fn every_refusal_refuses_something() {
    for flag in table::FLAGS {
        if let Effect::Refused { why, .. } = flag.effect {
            let text = match flag.kind {
                table::Kind::Bool if flag.default == "true" => "false",
                table::Kind::Bool => "true",
                table::Kind::Duration => "1h",
                table::Kind::OneOf(words) if flag.name == "proxy" => words[1],
                // Both of its values are about what does not happen.
                table::Kind::OneOf(_) => continue,
                _ => "x",
            };
            let args = vec![format!("--{}={text}", flag.name)];
            let words = parse(&args, []).map(|_| ()).expect_err(flag.name).words;
            assert!(words.ends_with(why), "{words}");
        }
    }
}

#[test]
fn compaction_in_hours_durations_and_revisions() {
    let compaction = |line: &str| run(line).unwrap().compaction;
    let hour = Duration::from_secs(3600);
    assert_eq!(
        compaction("--auto-compaction-retention=1"),
        Compaction::Periodic(hour)
    );
    assert_eq!(
        compaction("--auto-compaction-retention=30m"),
        Compaction::Periodic(hour / 2)
    );
    assert_eq!(
        compaction("--auto-compaction-mode=revision --auto-compaction-retention=1000"),
        Compaction::Revision(1000)
    );
    assert_eq!(compaction("--auto-compaction-retention=0"), Compaction::Off);
}

#[test]
fn a_name_alone_makes_a_cluster_of_it() {
    let settings =
        run("--name=s1 --initial-advertise-peer-urls=http://127.0.0.1:1,http://127.0.0.1:2")
            .unwrap();
    assert_eq!(
        cluster::show(&settings.initial_cluster),
        "s1=http://127.0.0.1:1,s1=http://127.0.0.1:2"
    );
}

#[test]
fn a_file_puts_flags_aside() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("etcd.yml");
    fs::write(
        &path,
        "name: filed\nlisten-client-urls: http://127.0.0.1:5\n",
    )
    .unwrap();
    let args = vec![
        format!("--config-file={}", path.display()),
        "--name=flag".into(),
    ];
    let Ok(Parsed::Run {
        settings, notes, ..
    }) = parse(&args, [("ETCD_NOPE", "1")])
    else {
        panic!("not parsed");
    };
    assert_eq!(settings.name, "filed");
    // As in etcd, a file keeps the default of what clients are told.
    assert_eq!(
        url::join(&settings.urls.advertise_client),
        "http://localhost:2379"
    );
    assert_eq!(notes, []);
    let path = path.display().to_string();
    let variables = [("ETCD_CONFIG_FILE", path.as_str())];
    assert!(
        matches!(parse(&[], variables), Ok(Parsed::Run { settings, .. }) if settings.name == "filed")
    );
}

#[test]
fn help_names_every_flag_of_its_groups() {
    let help = settings::help();
    for name in [
        "--listen-client-urls 'http://localhost:2379'",
        "--unsafe-no-fsync",
        "not supported: Go's profiles",
    ] {
        assert!(help.contains(name), "{name}");
    }
}

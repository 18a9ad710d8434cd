//! What operators do in bad hours, with real processes and etcdctl: a cluster forced out of one member, a log on a disk of its own,
//! members that hold something else than others. Where nothing of it is ours alone it is done on a real etcd, too, which must
//! do the same.

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, bail, ensure};
use hydrofoil_store_tests::cluster::{Cluster, Member, Ports};
use hydrofoil_store_tests::stage;
use hydrofoil_store_tests::tools::{self, Server};
use hydrofoil_store_tests::wait::{self, PATIENCE};
use rustix::process::Signal;

fn folder() -> anyhow::Result<tempfile::TempDir> {
    Ok(tempfile::Builder::new()
        .prefix("operations-")
        .tempdir_in(stage::memory())?)
}

/// What a tool printed, if it succeeded.
fn run(tool: &str, args: &[&str]) -> anyhow::Result<String> {
    let done = Command::new(tools::tool(tool)?).args(args).output()?;
    let errors = String::from_utf8_lossy(&done.stderr);
    ensure!(done.status.success(), "{tool} {args:?}: {errors}");
    Ok(String::from_utf8(done.stdout)?)
}

fn ctl(endpoint: &str, args: &[&str]) -> anyhow::Result<String> {
    run("etcdctl", &[&["--endpoints", endpoint], args].concat())
}

/// What a member counts.
fn metrics(endpoint: &str) -> anyhow::Result<String> {
    let mut stream = TcpStream::connect(endpoint)?;
    stream.write_all(b"GET /metrics HTTP/1.0\r\nHost: localhost\r\n\r\n")?;
    let mut text = String::new();
    stream.read_to_string(&mut text)?;
    Ok(text)
}

/// A member of three, by its number from 1 on.
fn member(
    server: &Server,
    ports: &[Ports],
    number: usize,
    state: &str,
    flags: &[&str],
    folder: &Path,
) -> Member {
    let everyone: Vec<String> = ports
        .iter()
        .enumerate()
        .map(|(i, at)| format!("m{}=http://127.0.0.1:{}", i + 1, at.peer))
        .collect();
    let flags: Vec<String> = flags.iter().map(|flag| (*flag).to_owned()).collect();
    let name = format!("m{number}");
    let everyone = everyone.join(",");
    let at = ports[number - 1];
    Member::new(server, &name, at, &everyone, state, &flags, folder)
}

/// Waits for a process that ends by itself, and says the end of its log.
fn end_of(member: &mut Member) -> anyhow::Result<String> {
    wait::within(PATIENCE, || {
        ensure!(member.has_ended()?, "{} still runs", member.name);
        Ok(())
    })
    .with_context(|| member.log_tail(10))?;
    Ok(member.log_tail(20))
}

/// Two of three are lost for good; the third becomes a cluster of its own, without the last `lost` writes at most, and grows again.
fn is_forced_out_of_one(server: &Server, lost: i64) -> anyhow::Result<()> {
    let folder = folder()?;
    let at = Ports::free(4)?;
    let mut cluster = Cluster::start(server, &at[..3], &[], folder.path())?;
    for n in 0..20 {
        ctl(&cluster.endpoints(), &["put", &format!("key{n:02}"), "v"])?;
    }
    cluster.members[2].revision()?;
    ctl(&cluster.endpoints(), &["put", "last", "v"])?;
    // A linearizable read: the third has applied the last write, and has flushed that it applied those before.
    let before = cluster.members[2].revision()?;
    let id = cluster.members[2].status()?.header.unwrap_or_default();
    for member in &mut cluster.members {
        member.stop(Signal::KILL)?;
    }
    let forced = &["--force-new-cluster"];
    let mut third = member(server, &at[..3], 3, "new", forced, folder.path());
    third.start()?;
    third.wait_ready()?;
    let endpoint = third.endpoint();
    let list = ctl(&endpoint, &["member", "list"])?;
    ensure!(
        list.lines().count() == 1 && list.contains("m3"),
        "members: {list}"
    );
    let header = third.status()?.header.unwrap_or_default();
    ensure!(
        (header.member_id, header.cluster_id) == (id.member_id, id.cluster_id),
        "it is another one now"
    );
    let after = third.revision()?;
    ensure!(
        (before - lost..=before).contains(&after),
        "revision {after} after {before}"
    );
    let keys = ctl(&endpoint, &["get", "key", "--prefix", "--keys-only"])?;
    ensure!(keys.matches("key").count() == 20, "{keys}");
    ctl(&endpoint, &["put", "after", "1"])?;
    third.stop(Signal::TERM)?;

    // Without the flag it stays what it became, and takes a new member.
    let mut third = member(server, &at[..3], 3, "new", &[], folder.path());
    third.start()?;
    third.wait_ready()?;
    let peer = format!("http://127.0.0.1:{}", at[3].peer);
    wait::within(PATIENCE, || {
        let add = ["member", "add", "m4", &format!("--peer-urls={peer}")];
        ctl(&endpoint, &add).map(|_| ())
    })?;
    let everyone = format!("m3={},m4={peer}", third.peer_url());
    let mut fourth = Member::new(
        server,
        "m4",
        at[3],
        &everyone,
        "existing",
        &[],
        folder.path(),
    );
    fourth.start()?;
    fourth.wait_ready()?;
    let value = ctl(&fourth.endpoint(), &["get", "after", "--print-value-only"])?;
    ensure!(value.trim() == "1", "{value}");
    Ok(())
}

#[test]
fn a_cluster_is_forced_out_of_its_last_member() {
    is_forced_out_of_one(&tools::ours().unwrap(), 0).unwrap();
}

#[test]
fn etcd_forces_the_same() {
    // What etcd has not yet written to its log as committed is cut, unless its backend's batch of 100 ms came first.
    is_forced_out_of_one(&tools::etcd().unwrap(), 1).unwrap();
}

/// A member that was left behind when a cluster was forced out of another is not let in again.
#[test]
fn who_was_left_behind_is_refused() {
    let refused = || -> anyhow::Result<()> {
        let server = tools::ours()?;
        let folder = folder()?;
        let at = Ports::free(3)?;
        let mut cluster = Cluster::start(&server, &at, &[], folder.path())?;
        ctl(&cluster.endpoints(), &["put", "a", "1"])?;
        for member in &mut cluster.members {
            member.stop(Signal::KILL)?;
        }
        let forced = &["--force-new-cluster"];
        let mut third = member(&server, &at, 3, "new", forced, folder.path());
        third.start()?;
        third.wait_ready()?;
        let mut first = member(&server, &at, 1, "new", &[], folder.path());
        first.start()?;
        let log = end_of(&mut first)?;
        ensure!(log.contains("permanently removed"), "{log}");
        ctl(&third.endpoint(), &["put", "a", "2"])?;
        Ok(())
    };
    refused().unwrap();
}

#[test]
fn the_log_is_in_a_folder_of_its_own() {
    let kept = || -> anyhow::Result<()> {
        let server = tools::ours()?;
        let folder = folder()?;
        let at = Ports::free(1)?;
        let wal = folder.path().join("wal");
        let flag = format!("--wal-dir={}", wal.display());
        let logs = |folder: &Path| -> anyhow::Result<usize> {
            let names = std::fs::read_dir(folder)?;
            let names: Vec<_> = names.collect::<Result<_, _>>()?;
            let is_log = |name: &std::ffi::OsStr| {
                let name = name.to_string_lossy();
                name.len() == 20 && name.ends_with(".log")
            };
            Ok(names.iter().filter(|e| is_log(&e.file_name())).count())
        };
        let mut first = member(&server, &at, 1, "new", &[&flag], folder.path());
        first.start()?;
        first.wait_ready()?;
        ctl(&first.endpoint(), &["put", "a", "1"])?;
        ensure!(
            logs(&wal)? > 0 && logs(&first.data)? == 0,
            "where is the log?"
        );
        first.stop(Signal::KILL)?;
        first.start()?;
        first.wait_ready()?;
        let value = ctl(&first.endpoint(), &["get", "a", "--print-value-only"])?;
        ensure!(value.trim() == "1", "{value}");
        ctl(&first.endpoint(), &["put", "a", "2"])?;
        first.stop(Signal::TERM)?;

        let elsewhere = format!("--wal-dir={}", folder.path().join("elsewhere").display());
        for flags in [&[][..], &[elsewhere.as_str()]] {
            let mut lost = member(&server, &at, 1, "new", flags, folder.path());
            lost.start()?;
            let log = end_of(&mut lost)?;
            ensure!(log.contains("its log is missing"), "{flags:?}: {log}");
        }
        // Files that are moved by hand are found.
        for entry in std::fs::read_dir(&wal)? {
            let from = entry?.path();
            if from.extension().is_some_and(|end| end == "log") {
                let name = from.file_name().context("a file without a name")?;
                std::fs::rename(&from, first.data.join(name))?;
            }
        }
        let mut mixed = member(&server, &at, 1, "new", &[&flag], folder.path());
        mixed.start()?;
        let log = end_of(&mut mixed)?;
        ensure!(log.contains("the log is here and not in"), "{log}");
        let mut moved = member(&server, &at, 1, "new", &[], folder.path());
        moved.start()?;
        moved.wait_ready()?;
        let value = ctl(&moved.endpoint(), &["get", "a", "--print-value-only"])?;
        ensure!(value.trim() == "2", "{value}");
        Ok(())
    };
    kept().unwrap();
}

/// A snapshot of a store in which `a` has this value.
fn snapshot_with(value: &str, folder: &Path) -> anyhow::Result<String> {
    let folder = folder.join(value);
    std::fs::create_dir(&folder)?;
    let cluster = Cluster::start(&tools::etcd()?, &Ports::free(1)?, &[], &folder)?;
    ctl(&cluster.endpoints(), &["put", "a", value])?;
    let file = folder.join("snapshot.db").display().to_string();
    ctl(&cluster.endpoints(), &["snapshot", "save", &file])?;
    Ok(file)
}

/// Three members, the third of which holds another value than the others.
fn of_two_minds(server: &Server, flags: &[&str], folder: &Path) -> anyhow::Result<Vec<Member>> {
    let at = Ports::free(3)?;
    let (one, other) = (
        snapshot_with("one", folder)?,
        snapshot_with("other", folder)?,
    );
    let mut members = Vec::new();
    for number in 1..=3 {
        let mut member = member(server, &at, number, "new", flags, folder);
        let everyone = member.flag("--initial-cluster").context("its cluster")?;
        let file = if number == 3 { &other } else { &one };
        let data = member.data.display().to_string();
        let url = member.peer_url();
        run(
            "etcdutl",
            &[
                "snapshot",
                "restore",
                file,
                "--data-dir",
                &data,
                "--name",
                &member.name,
                "--initial-cluster",
                &everyone,
                "--initial-cluster-token",
                "judged",
                "--initial-advertise-peer-urls",
                &url,
            ],
        )?;
        member.start()?;
        members.push(member);
    }
    for member in &mut members {
        member.wait_ready()?;
    }
    Ok(members)
}

fn finds_who_differs(server: &Server) -> anyhow::Result<()> {
    let folder = folder()?;
    let every = ["--experimental-corrupt-check-time=1s"];
    let members = of_two_minds(server, &every, folder.path())?;
    let endpoint = members[0].endpoint();
    // It is of no member: two hashes that differ do not say whose is wrong.
    wait::within(PATIENCE, || {
        let alarms = ctl(&endpoint, &["alarm", "list"])?;
        ensure!(alarms.trim() == "alarm:CORRUPT", "{alarms}");
        Ok(())
    })?;
    let Err(error) = ctl(&endpoint, &["put", "a", "2"]) else {
        bail!("a corrupt cluster took a put");
    };
    let error = error.to_string();
    ensure!(error.contains("etcdserver: corrupt cluster"), "{error}");
    Ok(())
}

#[test]
fn the_leader_finds_who_differs() {
    finds_who_differs(&tools::ours().unwrap()).unwrap();
}

#[test]
fn etcd_finds_the_same() {
    finds_who_differs(&tools::etcd().unwrap()).unwrap();
}

fn does_not_start_beside_others(server: &Server) -> anyhow::Result<()> {
    let folder = folder()?;
    let check = ["--experimental-initial-corrupt-check"];
    let mut members = of_two_minds(server, &[], folder.path())?;
    let ports: Vec<Ports> = members.iter().map(|member| member.ports).collect();
    members[2].stop(Signal::TERM)?;
    let mut third = member(server, &ports, 3, "new", &check, folder.path());
    third.start()?;
    let log = end_of(&mut third)?;
    ensure!(log.contains("found data inconsistency with peers"), "{log}");
    // While it is away nobody differs.
    members[1].stop(Signal::TERM)?;
    let mut second = member(server, &ports, 2, "new", &check, folder.path());
    second.start()?;
    second.wait_ready()?;
    ctl(&second.endpoint(), &["put", "b", "1"])?;
    Ok(())
}

#[test]
fn a_member_that_holds_something_else_does_not_start() {
    does_not_start_beside_others(&tools::ours().unwrap()).unwrap();
}

#[test]
fn etcd_does_not_start_it_either() {
    does_not_start_beside_others(&tools::etcd().unwrap()).unwrap();
}

#[test]
fn histograms_of_calls_are_there_when_they_are_asked_for() {
    let there = |flags: &[String]| -> anyhow::Result<bool> {
        let folder = folder()?;
        let cluster = Cluster::start(&tools::ours()?, &Ports::free(1)?, flags, folder.path())?;
        ctl(&cluster.endpoints(), &["put", "a", "1"])?;
        let text = metrics(&cluster.endpoints())?;
        ensure!(text.contains("etcd_server_has_leader 1"), "{text}");
        let parts = [
            "grpc_server_handling_seconds_bucket{",
            "grpc_type=\"unary\"",
            "grpc_method=\"Put\"",
            "le=\"+Inf\"",
            "} 1",
        ];
        Ok(text
            .lines()
            .any(|line| parts.iter().all(|part| line.contains(part))))
    };
    assert!(there(&["--metrics=extensive".to_owned()]).unwrap());
    assert!(!there(&["--metrics=basic".to_owned()]).unwrap());
}

#[test]
fn without_a_vote_before_the_vote_a_leader_is_elected_as_well() {
    let elected = || -> anyhow::Result<()> {
        let folder = folder()?;
        let flags = ["--pre-vote=false".to_owned()];
        let mut cluster = Cluster::start(&tools::ours()?, &Ports::free(3)?, &flags, folder.path())?;
        let leader = cluster.leader()?;
        cluster.members[leader].stop(Signal::KILL)?;
        let left = (leader + 1) % 3;
        wait::within(PATIENCE, || {
            ctl(&cluster.members[left].endpoint(), &["put", "a", "1"]).map(|_| ())
        })
    };
    elected().unwrap();
}

/// What the leader counts of its peers when one of two was killed: series with their labels, without those values that depend on
/// the run.
fn counted_of_peers(server: &Server) -> anyhow::Result<BTreeMap<String, &'static str>> {
    let folder = folder()?;
    let mut cluster = Cluster::start(server, &Ports::free(3)?, &[], folder.path())?;
    ctl(&cluster.endpoints(), &["put", "a", "1"])?;
    let leader = cluster.leader()?;
    let lost = (leader + 1) % 3;
    let ids: Vec<String> = (0..3)
        .map(|place| {
            let header = cluster.members[place].status()?.header;
            Ok(format!("{:x}", header.unwrap_or_default().member_id))
        })
        .collect::<anyhow::Result<_>>()?;
    cluster.members[lost].stop(Signal::KILL)?;
    let endpoint = cluster.members[leader].endpoint();
    wait::within(PATIENCE, || {
        let text = metrics(&endpoint)?;
        let failed = text
            .lines()
            .any(|line| line.starts_with("etcd_network_peer_sent_failures_total{"));
        let left = text.lines().any(|line| {
            line.starts_with("etcd_network_active_peers{")
                && line.contains(&ids[lost])
                && line.ends_with(" 0")
        });
        ensure!(failed && left, "{text}");
        Ok(())
    })?;
    let text = metrics(&endpoint)?;
    let mut seen = BTreeMap::new();
    for line in text.lines() {
        let Some((series, value)) = line.rsplit_once(' ') else {
            continue;
        };
        if !series.contains("_peer") || series.starts_with('#') || series.contains("_bucket{") {
            continue;
        }
        let mut series = series.to_owned();
        for (place, id) in ids.iter().enumerate() {
            let role = match place {
                place if place == leader => "leader",
                place if place == lost => "lost",
                _ => "other",
            };
            series = series.replace(&format!("\"{id}\""), &format!("\"{role}\""));
        }
        let exact = series.contains("active") || series.contains("disconnected");
        let value = match value {
            "0" => "0",
            "1" if exact => "1",
            _ => "some",
        };
        seen.insert(series, value);
    }
    Ok(seen)
}

#[test]
fn what_is_counted_of_peers_is_what_etcd_counts() {
    let compare = || -> anyhow::Result<()> {
        let etcd = counted_of_peers(&tools::etcd()?)?;
        let ours = counted_of_peers(&tools::ours()?)?;
        ensure!(etcd.len() >= 8, "{etcd:#?}");
        for (series, value) in &etcd {
            // What came before it was known from whom.
            if series.contains("From=\"0\"") {
                continue;
            }
            // A round trip is measured every few seconds, by etcd or by us sooner.
            let rare = series.contains("round_trip");
            let found = ours.get(series);
            ensure!(
                found == Some(value) || (rare && found.is_some()),
                "{series} is {value} in etcd; ours: {ours:#?}"
            );
        }
        Ok(())
    };
    compare().unwrap();
}

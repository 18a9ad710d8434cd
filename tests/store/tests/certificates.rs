//! Clients' certificates against real processes: etcdctl with the right one, with none, with one of another authority, one that is
//! over and one that is not good yet; and a server that is of another authority. etcd and ours let in and keep out the same, and what
//! the client is told of it is the same.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::ensure;
use hydrofoil_store_tests::cluster::{Cluster, Member, Ports};
use hydrofoil_store_tests::tools::{self, Server};
use hydrofoil_store_tests::wait::{self, PATIENCE};
use hydrofoil_store_tests::{ports, stage};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyPair, KeyUsagePurpose, date_time_ymd,
};
use regex::Regex;
use rustix::process::Signal;

/// An authority that signs for members and clients.
struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    folder: PathBuf,
}

/// When a certificate is good, by years.
type Years = (i32, i32);
const NOW: Years = (2020, 2090);
const OVER: Years = (2001, 2002);
const TO_COME: Years = (2080, 2090);

impl Authority {
    fn new(folder: &Path, name: &str) -> anyhow::Result<Authority> {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        params.distinguished_name.push(DnType::CommonName, name);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate()?)?;
        let folder = folder.join(name);
        fs::create_dir(&folder)?;
        fs::write(folder.join("ca.pem"), issuer.pem())?;
        Ok(Authority { issuer, folder })
    }

    fn ca(&self) -> String {
        self.folder.join("ca.pem").display().to_string()
    }

    /// Files of a certificate and its key.
    fn sign(&self, name: &str, (from, to): Years) -> anyhow::Result<(String, String)> {
        let mut params = CertificateParams::new(vec!["127.0.0.1".to_owned()])?;
        params.distinguished_name.push(DnType::CommonName, name);
        params.extended_key_usages = vec![
            ExtendedKeyUsagePurpose::ServerAuth,
            ExtendedKeyUsagePurpose::ClientAuth,
        ];
        params.not_before = date_time_ymd(from, 1, 1);
        params.not_after = date_time_ymd(to, 1, 1);
        let key = KeyPair::generate()?;
        let cert = params.signed_by(&key, &self.issuer)?;
        let path = |end: &str| self.folder.join(format!("{name}.{end}"));
        fs::write(path("crt"), cert.pem())?;
        fs::write(path("key"), key.serialize_pem())?;
        let text = |end: &str| path(end).display().to_string();
        Ok((text("crt"), text("key")))
    }
}

/// Whether etcdctl was let in, and what it was told if not.
fn ask(url: &str, ca: &str, client: Option<&(String, String)>) -> anyhow::Result<String> {
    let mut command = Command::new(tools::tool("etcdctl")?);
    command
        .args(["--endpoints", url, "--cacert", ca])
        .args(["--dial-timeout=2s", "--command-timeout=2s"])
        .args(["get", "a"]);
    if let Some((cert, key)) = client {
        command.args(["--cert", cert, "--key", key]);
    }
    let done = command.output()?;
    if done.status.success() {
        return Ok("let in".to_owned());
    }
    let errors = String::from_utf8_lossy(&done.stderr);
    let told = Regex::new(r"(remote error: tls: [a-z ]+|x509: [a-z ]+)")?;
    let told = told.find(&errors).map_or("nothing", |found| found.as_str());
    Ok(format!("kept out: {told}"))
}

fn seen(server: &Server) -> anyhow::Result<Vec<(&'static str, String)>> {
    let folder = tempfile::Builder::new()
        .prefix("certificates-")
        .tempdir_in(stage::memory())?;
    let authority = Authority::new(folder.path(), "authority")?;
    let other = Authority::new(folder.path(), "other")?;
    let free = ports::free(3)?;
    let at = Ports {
        client: free[0],
        peer: free[1],
    };
    let url = format!("https://127.0.0.1:{}", free[2]);
    let (cert, key) = authority.sign("server", NOW)?;
    let flags = [
        format!("--listen-client-urls=http://127.0.0.1:{},{url}", at.client),
        format!("--advertise-client-urls={url}"),
        format!("--cert-file={cert}"),
        format!("--key-file={key}"),
        format!("--trusted-ca-file={}", authority.ca()),
        "--client-cert-auth".to_owned(),
    ];
    let _cluster = Cluster::start(server, &[at], &flags, folder.path())?;
    let right = authority.sign("right", NOW)?;
    Ok(vec![
        ("the right one", ask(&url, &authority.ca(), Some(&right))?),
        ("none", ask(&url, &authority.ca(), None)?),
        (
            "one of another authority",
            ask(&url, &authority.ca(), Some(&other.sign("stranger", NOW)?))?,
        ),
        (
            "one that is over",
            ask(&url, &authority.ca(), Some(&authority.sign("over", OVER)?))?,
        ),
        (
            "one that is not good yet",
            ask(
                &url,
                &authority.ca(),
                Some(&authority.sign("early", TO_COME)?),
            )?,
        ),
        (
            "a server of another authority",
            ask(&url, &other.ca(), Some(&right))?,
        ),
    ])
}

#[test]
fn who_is_let_in_and_what_the_others_are_told_is_as_in_etcd() {
    let compare = || -> anyhow::Result<()> {
        let etcd = seen(&tools::etcd()?)?;
        let ours = seen(&tools::ours()?)?;
        for (place, ((what, theirs), (_, ours))) in etcd.iter().zip(&ours).enumerate() {
            let let_in = |told: &str| told == "let in";
            ensure!(let_in(theirs) == (place == 0), "etcd: {what} is {theirs}");
            ensure!(let_in(ours) == (place == 0), "ours: {what} is {ours}");
            // Go's client reports what it was told, or that the connection ended, whichever it sees first.
            let is_silent = [theirs, ours]
                .iter()
                .any(|told| told.ends_with(": nothing"));
            ensure!(
                ours == theirs || is_silent,
                "{what}: ours {ours}, etcd {theirs}"
            );
        }
        Ok(())
    };
    compare().unwrap();
}

/// A member of three that speak TLS among each other and ask for certificates of the common name `peer`.
fn peer(
    server: &Server,
    at: &[Ports],
    number: usize,
    authority: &Authority,
    certificate: &(String, String),
    folder: &Path,
) -> Member {
    let url = |at: &Ports| format!("https://127.0.0.1:{}", at.peer);
    let everyone: Vec<String> = at
        .iter()
        .enumerate()
        .map(|(i, at)| format!("m{}={}", i + 1, url(at)))
        .collect();
    let own = at[number - 1];
    let (cert, key) = certificate;
    // The last of a flag given twice counts.
    let flags = [
        format!("--listen-peer-urls={}", url(&own)),
        format!("--initial-advertise-peer-urls={}", url(&own)),
        format!("--peer-cert-file={cert}"),
        format!("--peer-key-file={key}"),
        format!("--peer-trusted-ca-file={}", authority.ca()),
        "--peer-client-cert-auth".to_owned(),
        "--peer-cert-allowed-cn=peer".to_owned(),
    ];
    let name = format!("m{number}");
    Member::new(
        server,
        &name,
        own,
        &everyone.join(","),
        "new",
        &flags,
        folder,
    )
}

/// How often these members said that they let somebody not in.
fn refusals(members: &[Member]) -> anyhow::Result<usize> {
    let logs = members.iter().map(|member| member.log_tail(usize::MAX));
    Ok(logs
        .map(|log| log.matches("rejected connection").count())
        .sum())
}

/// Three members replicate over mutual TLS; one that comes back with a certificate of another authority, or of another name, stays
/// outside, and one that comes back with its own is let in again.
fn peers_are_told_apart(server: &Server) -> anyhow::Result<()> {
    let folder = tempfile::Builder::new()
        .prefix("certificates-")
        .tempdir_in(stage::memory())?;
    let authority = Authority::new(folder.path(), "authority")?;
    let other = Authority::new(folder.path(), "other")?;
    let right = authority.sign("peer", NOW)?;
    let at = Ports::free(3)?;
    let third = |certificate: &(String, String)| {
        peer(server, &at, 3, &authority, certificate, folder.path())
    };
    let mut cluster = Cluster {
        members: (1..=3)
            .map(|number| peer(server, &at, number, &authority, &right, folder.path()))
            .collect(),
    };
    for member in &mut cluster.members {
        member.start()?;
    }
    cluster.wait_ready()?;
    let put = |endpoint: &str, value: &str| -> anyhow::Result<()> {
        let done = Command::new(tools::tool("etcdctl")?)
            .args(["--endpoints", endpoint, "put", "a", value])
            .output()?;
        let errors = String::from_utf8_lossy(&done.stderr);
        ensure!(done.status.success(), "put through {endpoint}: {errors}");
        Ok(())
    };
    for member in &cluster.members {
        put(&member.endpoint(), &member.name)?;
    }
    cluster.members[2].stop(Signal::TERM)?;
    for wrong in [other.sign("peer", NOW)?, authority.sign("stranger", NOW)?] {
        let before = refusals(&cluster.members[..2])?;
        let mut stranger = third(&wrong);
        stranger.start()?;
        // That it was refused is said in the others' logs before anything else can be told.
        wait::within(PATIENCE, || {
            let now = refusals(&cluster.members[..2])?;
            ensure!(now > before, "{}", cluster.members[0].log_tail(20));
            Ok(())
        })?;
        let leaders = stranger.status().map(|status| status.leader).unwrap_or(0);
        ensure!(leaders == 0, "a stranger knows the leader");
        put(&cluster.members[0].endpoint(), "without it")?;
        stranger.stop(Signal::KILL)?;
    }
    let mut back = third(&right);
    back.start()?;
    back.wait_ready()?;
    ensure!(
        back.revision()? == cluster.members[0].revision()?,
        "it did not catch up"
    );
    Ok(())
}

#[test]
fn peers_with_wrong_certificates_stay_outside() {
    peers_are_told_apart(&tools::ours().unwrap()).unwrap();
}

#[test]
fn etcd_keeps_the_same_peers_outside() {
    peers_are_told_apart(&tools::etcd().unwrap()).unwrap();
}

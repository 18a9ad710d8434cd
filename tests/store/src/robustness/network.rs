//! The members' network: each in a namespace, connected to the test's own, which passes on what they send each other, or not.

use std::process::Command;

use anyhow::{Context as _, ensure};

/// Runs a program of the system.
///
/// # Errors
/// What it said.
pub fn run(program: &str, arguments: &[&str]) -> anyhow::Result<()> {
    let output = Command::new(program)
        .args(arguments)
        .output()
        .with_context(|| format!("running {program}"))?;
    ensure!(
        output.status.success(),
        "{program} {arguments:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(())
}

fn ip(words: &str) -> anyhow::Result<()> {
    run("ip", &words.split_whitespace().collect::<Vec<_>>())
}

/// The address of a member.
pub fn address(member: usize) -> String {
    format!("10.77.{member}.2")
}

/// The name of a member's namespace.
pub fn namespace(member: usize) -> String {
    format!("m{member}")
}

/// Makes the namespaces of so many members.
///
/// # Errors
/// Of the programs that do it.
pub fn make(members: usize) -> anyhow::Result<()> {
    ip("link set lo up")?;
    for n in 0..members {
        ip(&format!("netns add m{n}"))?;
        ip(&format!(
            "link add vm{n} type veth peer name eth0 netns m{n}"
        ))?;
        ip(&format!("addr add 10.77.{n}.1/30 dev vm{n}"))?;
        ip(&format!("link set vm{n} up"))?;
        ip(&format!("-n m{n} addr add 10.77.{n}.2/30 dev eth0"))?;
        ip(&format!("-n m{n} link set lo up"))?;
        ip(&format!("-n m{n} link set eth0 up"))?;
        ip(&format!("-n m{n} route add default via 10.77.{n}.1"))?;
    }
    std::fs::write("/proc/sys/net/ipv4/ip_forward", "1").context("passing on packets")
}

/// Loses everything that `from` sends to `to` from now on. Clients reach both.
///
/// # Errors
/// Of the program that does it.
pub fn cut(from: usize, to: usize) -> anyhow::Result<()> {
    ip(&format!(
        "rule add iif vm{from} to {} blackhole",
        address(to)
    ))
}

/// Ends what [`cut`] began.
///
/// # Errors
/// Of the program that does it.
pub fn mend(from: usize, to: usize) -> anyhow::Result<()> {
    ip(&format!(
        "rule del iif vm{from} to {} blackhole",
        address(to)
    ))
}

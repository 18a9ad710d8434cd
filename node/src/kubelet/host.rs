//! What this machine is and has: read from the system, once or each time it is asked. No judgement here.

use std::fs;
use std::path::Path;

use hydrofoil_cri::v1::DnsConfig;

/// The machine, as it stays while it runs.
#[derive(Clone, Debug)]
pub(crate) struct Machine {
    pub cpus: u64,
    pub memory_bytes: u64,
    pub machine_id: String,
    pub system_uuid: String,
    pub boot_id: String,
    pub kernel_version: String,
    pub os_image: String,
    pub architecture: &'static str,
}

/// A file system's size and free space, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Disk {
    pub size: u64,
    pub available: u64,
    pub inodes: u64,
    pub inodes_free: u64,
}

fn text(path: &str) -> String {
    fs::read_to_string(path)
        .map(|text| text.trim().to_owned())
        .unwrap_or_default()
}

/// Reads the machine.
pub(crate) fn machine() -> Machine {
    let machine_id = text("/etc/machine-id");
    let uuid = text("/sys/class/dmi/id/product_uuid");
    let uname = rustix::system::uname();
    Machine {
        cpus: std::thread::available_parallelism()
            .map_or(1, |cpus| u64::try_from(cpus.get()).unwrap_or(1)),
        memory_bytes: meminfo("MemTotal").unwrap_or(0),
        system_uuid: if uuid.is_empty() {
            machine_id.clone()
        } else {
            uuid
        },
        machine_id,
        boot_id: text("/proc/sys/kernel/random/boot_id"),
        kernel_version: uname.release().to_string_lossy().into_owned(),
        os_image: os_image(&fs::read_to_string("/etc/os-release").unwrap_or_default()),
        architecture: match std::env::consts::ARCH {
            "x86_64" => "amd64",
            "aarch64" => "arm64",
            other => other,
        },
    }
}

fn os_image(release: &str) -> String {
    release
        .lines()
        .find_map(|line| line.strip_prefix("PRETTY_NAME="))
        .map_or("Linux", |name| name.trim_matches('"'))
        .to_owned()
}

fn meminfo(field: &str) -> Option<u64> {
    let all = fs::read_to_string("/proc/meminfo").ok()?;
    let line = all
        .lines()
        .find(|line| line.split(':').next() == Some(field))?;
    let kib: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
    kib.checked_mul(1024)
}

/// Memory that could be had without swapping, in bytes.
pub(crate) fn available_memory() -> u64 {
    meminfo("MemAvailable").unwrap_or(0)
}

/// The file system that a path is on.
pub(crate) fn disk(path: &Path) -> Option<Disk> {
    let stat = rustix::fs::statvfs(path).ok()?;
    Some(Disk {
        size: stat.f_blocks.saturating_mul(stat.f_frsize),
        available: stat.f_bavail.saturating_mul(stat.f_frsize),
        inodes: stat.f_files,
        inodes_free: stat.f_ffree,
    })
}

/// Process ids in use and the most there can be.
pub(crate) fn pids() -> Option<(u64, u64)> {
    let load = fs::read_to_string("/proc/loadavg").ok()?;
    let used = load
        .split_whitespace()
        .nth(3)?
        .split_once('/')?
        .1
        .parse()
        .ok()?;
    let most = text("/proc/sys/kernel/pid_max").parse().ok()?;
    Some((used, most))
}

/// The node's own resolver.
pub(crate) fn resolver() -> DnsConfig {
    parse_resolver(&fs::read_to_string("/etc/resolv.conf").unwrap_or_default())
}

fn parse_resolver(text: &str) -> DnsConfig {
    let mut dns = DnsConfig::default();
    for line in text.lines() {
        let mut words = line.split_whitespace();
        match words.next() {
            Some("nameserver") => dns.servers.extend(words.next().map(ToOwned::to_owned)),
            // The last one counts.
            Some("search") => dns.searches = words.map(ToOwned::to_owned).collect(),
            Some("options") => dns.options = words.map(ToOwned::to_owned).collect(),
            _ => {}
        }
    }
    dns
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_resolver_file_is_read() {
        let dns = parse_resolver(
            "# x\nnameserver 192.0.2.1\nsearch a.example b.example\noptions ndots:2\nsearch c.example\n",
        );
        assert_eq!(dns.servers, ["192.0.2.1"]);
        assert_eq!(dns.searches, ["c.example"]);
        assert_eq!(dns.options, ["ndots:2"]);
    }

    #[test]
    fn the_machine_has_processors_memory_and_a_disk() {
        let machine = machine();
        assert!(machine.cpus > 0 && machine.memory_bytes > available_memory());
        assert!(disk(Path::new("/")).unwrap().size > 0);
        assert_eq!(
            os_image("ID=x\nPRETTY_NAME=\"Debian GNU/Linux 12\"\n"),
            "Debian GNU/Linux 12"
        );
    }
}

//! What the system says of this process, under the names of Prometheus' Go client, read at each scrape.
//!
//! What cannot be read (another system than Linux, `/proc` not mounted) is left out.

use std::fs;

use super::exposition::{Family, Type};

/// Descriptors that are open, and the most there may be.
pub fn descriptors() -> Option<(u64, u64)> {
    let open = fs::read_dir("/proc/self/fd").ok()?.count();
    // The folder itself is open while it is read.
    Some((open.saturating_sub(1) as u64, descriptor_limit()))
}

/// The most descriptors that this process may open.
pub fn descriptor_limit() -> u64 {
    rustix::process::getrlimit(rustix::process::Resource::Nofile)
        .current
        .unwrap_or(u64::MAX)
}

/// The families.
pub fn families() -> Vec<Family> {
    let mut families = Vec::new();
    if let Some((open, limit)) = descriptors() {
        let mut gauge = |name, help, value| families.push(Family::gauge(name, help, value));
        gauge("os_fd_used", "The number of used file descriptors.", open);
        gauge("os_fd_limit", "The file descriptor limit.", limit);
        gauge("process_open_fds", "Number of open file descriptors.", open);
        gauge(
            "process_max_fds",
            "Maximum number of open file descriptors.",
            limit,
        );
    }
    families.extend(from_stat().unwrap_or_default());
    families
}

/// Ticks, pages and addresses of `/proc/self/stat` (proc(5)).
fn from_stat() -> Option<Vec<Family>> {
    let text = fs::read_to_string("/proc/self/stat").ok()?;
    // The program's name stands in brackets and may hold anything.
    let fields: Vec<u64> = text
        .rsplit_once(')')?
        .1
        .split_whitespace()
        .map(|field| field.parse().unwrap_or_default())
        .collect();
    // Fields are numbered from 1; the first after the name is number 3.
    let field = |number: usize| fields.get(number - 3).copied();
    let ticks = rustix::param::clock_ticks_per_second() as f64;
    let cpu = (field(14)? + field(15)?) as f64 / ticks;
    let boot: f64 = fs::read_to_string("/proc/stat")
        .ok()?
        .lines()
        .find_map(|line| line.strip_prefix("btime "))?
        .trim()
        .parse()
        .ok()?;
    let started = boot + field(22)? as f64 / ticks;
    let resident = field(24)? * rustix::param::page_size() as u64;
    let address_space = rustix::process::getrlimit(rustix::process::Resource::As).current;
    let address_space =
        address_space.map_or("1.8446744073709552e+19".to_owned(), |max| max.to_string());
    Some(vec![
        Family::one(
            "process_cpu_seconds_total",
            Type::Counter,
            "Total user and system CPU time spent in seconds.",
            &cpu.to_string(),
        ),
        Family::gauge(
            "process_resident_memory_bytes",
            "Resident memory size in bytes.",
            resident,
        ),
        Family::one(
            "process_start_time_seconds",
            Type::Gauge,
            "Start time of the process since unix epoch in seconds.",
            &started.to_string(),
        ),
        Family::gauge(
            "process_virtual_memory_bytes",
            "Virtual memory size in bytes.",
            field(23)?,
        ),
        Family::one(
            "process_virtual_memory_max_bytes",
            Type::Gauge,
            "Maximum amount of virtual memory available in bytes.",
            &address_space,
        ),
    ])
}

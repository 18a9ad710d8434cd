//! What a process costs, read from `/proc`, and summaries of samples.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::Context as _;

/// CPU time of a process by the names of its threads. Hydrofoil's rooms name theirs.
pub type CpuByThread = BTreeMap<String, Duration>;

/// The name under which [`cpu_by_thread`] counts threads that have ended.
pub const ENDED: &str = "(ended threads)";

/// Reads the CPU time that each thread of a process has used, summed by name. Time is exact to the nanosecond for threads that live
/// (`schedstat`, the scheduler's own count) and to the clock tick for the rest.
pub fn cpu_by_thread(pid: i32) -> anyhow::Result<CpuByThread> {
    let mut sums = CpuByThread::new();
    let mut living = Duration::ZERO;
    for entry in std::fs::read_dir(format!("/proc/{pid}/task"))? {
        let folder = entry?.path();
        // A thread may end while we look.
        let (Ok(name), Ok(stat)) = (
            std::fs::read_to_string(folder.join("comm")),
            std::fs::read_to_string(folder.join("schedstat")),
        ) else {
            continue;
        };
        let nanos: u64 = stat
            .split(' ')
            .next()
            .and_then(|n| n.parse().ok())
            .unwrap_or(0);
        let used = Duration::from_nanos(nanos);
        living += used;
        *sums.entry(name.trim().to_owned()).or_default() += used;
    }
    sums.insert(ENDED.to_owned(), cpu_total(pid)?.saturating_sub(living));
    Ok(sums)
}

/// User and system time of a whole process, its ended threads included.
fn cpu_total(pid: i32) -> anyhow::Result<Duration> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"))?;
    // The name, in parentheses, may hold blanks.
    let (_, rest) = stat.rsplit_once(')').context("an odd /proc/PID/stat")?;
    let fields: Vec<&str> = rest.split_whitespace().collect();
    let ticks = |at: usize| {
        fields
            .get(at)
            .and_then(|f| f.parse::<u64>().ok())
            .unwrap_or(0)
    };
    let per_second = rustix::param::clock_ticks_per_second();
    Ok(Duration::from_nanos(
        (ticks(11) + ticks(12)) * 1_000_000_000 / per_second,
    ))
}

/// What was used between two readings.
pub fn cpu_between(before: &CpuByThread, after: &CpuByThread) -> CpuByThread {
    after
        .iter()
        .map(|(name, used)| {
            let earlier = before.get(name).copied().unwrap_or_default();
            (name.clone(), used.saturating_sub(earlier))
        })
        .collect()
}

/// Prints the table, the largest first, with what it comes to for each of `pods`.
pub fn print_cpu(used: &CpuByThread, pods: u32) {
    let total: Duration = used.values().sum();
    let mut rows: Vec<(&String, &Duration)> = used
        .iter()
        .filter(|(_, time)| time.as_millis() > 0)
        .collect();
    rows.sort_by_key(|(_, time)| std::cmp::Reverse(**time));
    println!(
        "{:<20} {:>10} {:>7} {:>12}",
        "threads", "CPU ms", "share", "µs per pod"
    );
    for (name, time) in rows
        .into_iter()
        .map(|(n, t)| (n.as_str(), *t))
        .chain([("all", total)])
    {
        println!(
            "{name:<20} {:>10.1} {:>6.1}% {:>12.1}",
            time.as_secs_f64() * 1e3,
            100.0 * time.as_secs_f64() / total.as_secs_f64().max(1e-9),
            time.as_secs_f64() * 1e6 / f64::from(pods.max(1)),
        );
    }
}

/// Memory of a process in KiB: resident, and the part that is shared with nobody.
#[derive(Clone, Copy, Debug, Default)]
pub struct Memory {
    /// `Rss`: every page in memory, the binary's own included.
    pub resident: u64,
    /// `Private_Clean` and `Private_Dirty`.
    pub private: u64,
    /// `Anonymous`: heap and stacks, not files.
    pub anonymous: u64,
}

/// Reads a process's memory from `smaps_rollup`.
pub fn memory(pid: i32) -> anyhow::Result<Memory> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/smaps_rollup"))?;
    let field = |name: &str| -> u64 {
        text.lines()
            .filter_map(|line| {
                line.strip_prefix(name)?
                    .trim()
                    .strip_suffix(" kB")?
                    .trim()
                    .parse::<u64>()
                    .ok()
            })
            .sum()
    };
    Ok(Memory {
        resident: field("Rss:"),
        private: field("Private_Clean:") + field("Private_Dirty:"),
        anonymous: field("Anonymous:"),
    })
}

impl std::fmt::Display for Memory {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mb = |kib: u64| kib as f64 * 1024.0 / 1e6;
        write!(
            f,
            "{:.1} MB resident, {:.1} MB private, {:.1} MB anonymous",
            mb(self.resident),
            mb(self.private),
            mb(self.anonymous)
        )
    }
}

/// Samples of a duration.
#[derive(Clone, Debug, Default)]
pub struct Samples(Vec<Duration>);

impl Samples {
    /// Adds one.
    pub fn add(&mut self, sample: Duration) {
        self.0.push(sample);
    }

    /// The sample below which `share` (0 to 1) of all lie.
    pub fn quantile(&self, share: f64) -> Duration {
        let mut sorted = self.0.clone();
        sorted.sort_unstable();
        let last = sorted.len().saturating_sub(1);
        let at = (share * last as f64).round() as usize;
        sorted.get(at.min(last)).copied().unwrap_or_default()
    }
}

impl std::fmt::Display for Samples {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let ms = |share| self.quantile(share).as_secs_f64() * 1e3;
        write!(
            f,
            "median {:.2} ms, min {:.2}, p90 {:.2}, p99 {:.2}, max {:.2} ({} samples)",
            ms(0.5),
            ms(0.0),
            ms(0.9),
            ms(0.99),
            ms(1.0),
            self.0.len()
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_samples() {
        let mut samples = Samples::default();
        for ms in [5, 1, 4, 2, 3] {
            samples.add(Duration::from_millis(ms));
        }
        assert_eq!(samples.quantile(0.0), Duration::from_millis(1));
        assert_eq!(samples.quantile(0.5), Duration::from_millis(3));
        assert_eq!(samples.quantile(1.0), Duration::from_millis(5));
    }

    #[test]
    fn this_process_costs_something() -> anyhow::Result<()> {
        let pid = i32::try_from(std::process::id())?;
        assert!(memory(pid)?.resident > 0);
        assert!(cpu_by_thread(pid)?.len() > 1);
        Ok(())
    }
}

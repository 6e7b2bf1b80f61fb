//! Clocks and counters of the system: CPU time of processes and threads, resident memory, percentiles. CPU and memory
//! need Linux.

use std::collections::BTreeMap;
use std::fs;
use std::time::Duration;

use anyhow::{Context as _, Result};
use rustix::time::{ClockId, clock_gettime};

/// CPU time of this process.
pub(crate) fn process_cpu() -> Duration {
    let now = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(now.tv_sec.unsigned_abs(), u32::try_from(now.tv_nsec).unwrap_or(0))
}

/// Microseconds since the epoch: what processes of one machine can compare.
#[cfg(feature = "kafka")]
pub(crate) fn wall_us() -> u64 {
    let now = clock_gettime(ClockId::Realtime);
    now.tv_sec.unsigned_abs() * 1_000_000 + now.tv_nsec.unsigned_abs() / 1_000
}

/// Resident memory of this process, in bytes.
pub(crate) fn resident() -> Result<u64> {
    let status = fs::read_to_string("/proc/self/status").context("resident memory is only known on Linux")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("no VmRSS")?;
    let kib: u64 = line.trim().trim_end_matches("kB").trim().parse()?;
    Ok(kib * 1024)
}

/// CPU seconds of the threads of process `pid`, by name.
pub(crate) fn threads_cpu(pid: u32) -> BTreeMap<String, f64> {
    let mut seconds = BTreeMap::new();
    let Ok(threads) = fs::read_dir(format!("/proc/{pid}/task")) else { return seconds };
    for (name, spent) in threads.filter_map(thread_cpu) {
        *seconds.entry(name).or_default() += spent;
    }
    seconds
}

fn thread_cpu(entry: std::io::Result<fs::DirEntry>) -> Option<(String, f64)> {
    let stat = fs::read_to_string(entry.ok()?.path().join("stat")).ok()?;
    let (head, rest) = stat.rsplit_once(") ")?;
    // Linux counts in hundredths of a second towards user space, whatever its own tick.
    let ticks = |at: usize| rest.split(' ').nth(at)?.parse::<f64>().ok();
    Some((head.split_once('(')?.1.to_owned(), (ticks(11)? + ticks(12)?) / 100.0))
}

/// Sorted samples.
pub(crate) struct Spread(Vec<f64>);

impl Spread {
    pub(crate) fn new(mut samples: Vec<f64>) -> Self {
        samples.sort_by(f64::total_cmp);
        Self(samples)
    }

    /// The sample below which this share lies; zero of none.
    pub(crate) fn at(&self, share: f64) -> f64 {
        let last = self.0.len().saturating_sub(1);
        self.0.get((last as f64 * share) as usize).copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_samples() {
        let spread = Spread::new((0..=100).rev().map(f64::from).collect());
        assert_eq!((spread.at(0.5), spread.at(0.99), spread.at(1.0)), (50.0, 99.0, 100.0));
        assert_eq!(Spread::new(Vec::new()).at(0.5), 0.0);
    }
}

//! Processor time and memory of processes, as `/proc` tells. Linux only; elsewhere the figures are absent, not zero.

use std::{collections::BTreeMap, fs, ops::Sub};

/// Processor seconds of the groups that a report names, and of the whole machine.
#[derive(Clone, Copy, Debug, Default)]
pub struct Spent {
    pub server: f64,
    pub postgres: f64,
    pub upstream: f64,
    pub generator: f64,
    pub machine: f64,
}

impl Spent {
    pub fn add(&mut self, more: Self) {
        self.server += more.server;
        self.postgres += more.postgres;
        self.upstream += more.upstream;
        self.generator += more.generator;
        self.machine += more.machine;
    }

    /// What everybody else on the machine used, the kernel's own threads included.
    pub fn others(&self) -> f64 {
        (self.machine - self.server - self.postgres - self.upstream - self.generator).max(0.0)
    }
}

impl Sub for Spent {
    type Output = Self;

    fn sub(self, before: Self) -> Self {
        Self {
            server: self.server - before.server,
            postgres: self.postgres - before.postgres,
            upstream: self.upstream - before.upstream,
            generator: self.generator - before.generator,
            machine: self.machine - before.machine,
        }
    }
}

/// The processes of one run. Everything below the server is its database.
#[derive(Clone, Copy, Debug)]
pub struct Processes {
    pub server: u32,
    pub upstream: u32,
}

impl Processes {
    pub fn spent(&self) -> Spent {
        let below = below(self.server);
        Spent {
            server: seconds(self.server, WithEnded::No),
            postgres: below.iter().map(|pid| seconds(*pid, WithEnded::Yes)).sum(),
            upstream: seconds(self.upstream, WithEnded::No),
            generator: seconds(std::process::id(), WithEnded::No),
            machine: machine_seconds(),
        }
    }

    /// Resident megabytes of the server now, and the most it ever had.
    pub fn server_memory(&self) -> (Option<f64>, Option<f64>) {
        let status = fs::read_to_string(format!("/proc/{}/status", self.server)).unwrap_or_default();
        (field_mb(&status, "VmRSS:"), field_mb(&status, "VmHWM:"))
    }

    /// Megabytes of the database's processes, each shared page counted once. `None` when the system does not tell.
    pub fn postgres_memory(&self) -> Option<f64> {
        let share = |pid: &u32| field_mb(&fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).ok()?, "Pss:");
        let shares: Vec<f64> = below(self.server).iter().filter_map(share).collect();
        (!shares.is_empty()).then(|| shares.iter().sum())
    }
}

/// All processes that descend from `root`.
fn below(root: u32) -> Vec<u32> {
    let mut children = BTreeMap::<u32, Vec<u32>>::new();
    for entry in fs::read_dir("/proc").into_iter().flatten().flatten() {
        let pid = entry.file_name().to_str().and_then(|name| name.parse().ok());
        if let Some(pid) = pid
            && let Some(parent) = stat(pid).and_then(|stat| stat.get(1)?.parse().ok())
        {
            children.entry(parent).or_default().push(pid);
        }
    }
    let mut found = Vec::new();
    let mut open = vec![root];
    while let Some(pid) = open.pop() {
        let more = children.remove(&pid).unwrap_or_default();
        open.extend(&more);
        found.extend(more);
    }
    found
}

/// The fields of `/proc/PID/stat` behind the name, which may hold spaces: state, parent, and so on.
fn stat(pid: u32) -> Option<Vec<String>> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, fields) = text.rsplit_once(") ")?;
    Some(fields.split_whitespace().map(str::to_owned).collect())
}

/// The kernel counts in hundredths for every program, whatever its own clock does.
const TICKS_PER_SECOND: f64 = 100.0;

/// Whether the time of children that ended counts: a worker of the database that ends must not take its time along.
#[derive(Clone, Copy, PartialEq, Eq)]
enum WithEnded {
    Yes,
    No,
}

fn seconds(pid: u32, with_ended: WithEnded) -> f64 {
    let Some(stat) = stat(pid) else { return 0.0 };
    // Own user and system time, then the same of children that ended.
    let fields = if with_ended == WithEnded::Yes { 4 } else { 2 };
    stat.iter().skip(11).take(fields).filter_map(|ticks| ticks.parse::<f64>().ok()).sum::<f64>() / TICKS_PER_SECOND
}

/// Everything but idling and waiting for disks.
fn machine_seconds() -> f64 {
    let text = fs::read_to_string("/proc/stat").unwrap_or_default();
    let fields = text.lines().next().unwrap_or_default().split_whitespace().skip(1).take(8);
    let busy = fields.enumerate().filter(|(index, _)| ![3, 4].contains(index));
    busy.filter_map(|(_, ticks)| ticks.parse::<f64>().ok()).sum::<f64>() / TICKS_PER_SECOND
}

fn field_mb(text: &str, name: &str) -> Option<f64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    Some(line.split_whitespace().next()?.parse::<f64>().ok()? / 1024.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_of_kilobytes_reads_as_megabytes() {
        assert_eq!(field_mb("Name:\tx\nVmRSS:\t  2048 kB\n", "VmRSS:"), Some(2.0));
        assert_eq!(field_mb("Name:\tx\n", "VmRSS:"), None);
    }

    #[test]
    fn others_are_what_is_left_and_never_negative() {
        let spent = Spent { server: 1.0, postgres: 1.0, machine: 3.0, ..Spent::default() };
        assert_eq!(spent.others(), 1.0);
        assert_eq!(Spent { machine: 1.0, ..spent }.others(), 0.0);
    }
}

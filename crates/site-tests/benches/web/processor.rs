//! CPU time and memory of all descendants of this process: the driver, the browser and its processes.

use std::collections::HashMap;
use std::path::Path;

/// Clock ticks per second in `/proc`, which Linux fixes for programs.
const TICKS: f64 = 100.0;

/// Bytes per page of memory.
const PAGE: f64 = 4096.0;

struct Process {
    parent: u32,
    seconds: f64,
    /// Resident memory, shared pages included.
    bytes: f64,
}

/// CPU seconds used so far; 0 if the system does not report them. Linux does.
pub fn seconds() -> f64 {
    descendants().iter().map(|process| process.seconds).sum()
}

/// Bytes of resident memory now. Shared pages count for each process.
pub fn memory() -> f64 {
    descendants().iter().map(|process| process.bytes).sum()
}

fn descendants() -> Vec<Process> {
    let Ok(entries) = std::fs::read_dir("/proc") else { return Vec::new() };
    let mut all: HashMap<u32, Process> = entries
        .filter_map(|entry| {
            let path = entry.ok()?.path();
            let id = path.file_name()?.to_str()?.parse().ok()?;
            Some((id, stat(&path)?))
        })
        .collect();
    let descends = |id: &u32| {
        let mut at = all.get(id).map(|process| process.parent);
        while let Some(parent) = at {
            if parent == std::process::id() {
                return true;
            }
            at = all.get(&parent).map(|process| process.parent);
        }
        false
    };
    let ids: Vec<u32> = all.keys().copied().filter(descends).collect();
    ids.iter().filter_map(|id| all.remove(id)).collect()
}

/// Read the fields 4, 14, 15 and 24 of proc_pid_stat(5).
fn stat(process: &Path) -> Option<Process> {
    let text = std::fs::read_to_string(process.join("stat")).ok()?;
    // The name may contain spaces. It ends with the last bracket.
    let fields: Vec<&str> = text.rsplit_once(')')?.1.split_whitespace().collect();
    let number = |at: usize| fields.get(at)?.parse::<f64>().ok();
    Some(Process {
        parent: fields.get(1)?.parse().ok()?,
        seconds: (number(11)? + number(12)?) / TICKS,
        bytes: number(21)? * PAGE,
    })
}

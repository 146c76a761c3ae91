//! Processor time of this process's children and theirs: the driver, the browser, and all that it has started.

use std::collections::HashMap;
use std::path::Path;

/// Clock ticks a second in `/proc`: fixed by Linux for programs.
const TICKS: f64 = 100.0;

/// Seconds so far; 0 where the system does not tell (it does on Linux).
pub fn seconds() -> f64 {
    let Ok(entries) = std::fs::read_dir("/proc") else { return 0.0 };
    let processes: HashMap<u32, (u32, f64)> = entries
        .filter_map(|entry| {
            let path = entry.ok()?.path();
            let id = path.file_name()?.to_str()?.parse().ok()?;
            Some((id, stat(&path)?))
        })
        .collect();
    let descends = |id: u32| {
        let mut at = processes.get(&id).map(|(parent, _)| *parent);
        while let Some(parent) = at {
            if parent == std::process::id() {
                return true;
            }
            at = processes.get(&parent).map(|(parent, _)| *parent);
        }
        false
    };
    processes.iter().filter(|(id, _)| descends(**id)).map(|(_, (_, seconds))| seconds).sum()
}

/// Parent and seconds of one process: fields 4, 14 and 15 of proc_pid_stat(5).
fn stat(process: &Path) -> Option<(u32, f64)> {
    let text = std::fs::read_to_string(process.join("stat")).ok()?;
    // The name may hold blanks; it ends with the last bracket.
    let fields: Vec<&str> = text.rsplit_once(')')?.1.split_whitespace().collect();
    let ticks = |at: usize| fields.get(at)?.parse::<f64>().ok();
    Some((fields.get(1)?.parse().ok()?, (ticks(11)? + ticks(12)?) / TICKS))
}

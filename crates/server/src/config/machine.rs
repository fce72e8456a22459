//! What the configuration takes from the machine it runs on.

use std::fs;
use std::path::Path;

/// Facts of the machine that defaults depend on.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Machine {
    /// What `hostname` prints; advertised for a listener on every interface.
    pub host_name: String,
    /// Memory that the process may use: its cgroup's limit or the machine's, in bytes.
    pub memory_bytes: u64,
    /// Whether the volume of the Bitnami image is there.
    pub bitnami_volume: bool,
}

impl Machine {
    /// Looks at the machine.
    pub fn probe() -> Machine {
        Machine {
            host_name: rustix::system::uname().nodename().to_string_lossy().into_owned(),
            memory_bytes: memory_bytes(),
            bitnami_volume: Path::new("/bitnami/kafka").is_dir(),
        }
    }
}

fn memory_bytes() -> u64 {
    let machine = machine_memory_bytes();
    ["/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"]
        .iter()
        .filter_map(|path| fs::read_to_string(path).ok()?.trim().parse().ok())
        .fold(machine, u64::min)
}

fn machine_memory_bytes() -> u64 {
    const UNKNOWN: u64 = 1 << 30;
    let Ok(text) = fs::read_to_string("/proc/meminfo") else { return UNKNOWN };
    let kibibytes =
        text.lines().find_map(|line| line.strip_prefix("MemTotal:")?.trim().strip_suffix("kB")?.trim().parse().ok());
    kibibytes.map_or(UNKNOWN, |kibibytes: u64| kibibytes * 1024)
}

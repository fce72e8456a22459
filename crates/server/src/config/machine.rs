//! What the configuration takes from the machine it runs on.

use std::fs;
use std::path::Path;

/// Facts of the machine that defaults depend on.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Machine {
    /// What `hostname --fqdn` prints where `/etc/hosts` knows it, else what `hostname` prints; advertised for a listener on every
    /// interface.
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
            host_name: full_host_name(&rustix::system::uname().nodename().to_string_lossy()),
            memory_bytes: memory_bytes(),
            bitnami_volume: Path::new("/bitnami/kafka").is_dir(),
        }
    }
}

/// The name by which others find this machine, as Java's `getCanonicalHostName` finds it in `/etc/hosts`: the first name of the line that
/// has `node_name`. Kubernetes writes a pod's `insights-kafka-0.insights-kafka.hanzo.svc.cluster.local insights-kafka-0` there, and other
/// pods know it by the first alone. The network is not asked: a name server that is down would hold up the start.
fn full_host_name(node_name: &str) -> String {
    let hosts = fs::read_to_string("/etc/hosts").unwrap_or_default();
    first_name_in(&hosts, node_name).unwrap_or(node_name).to_owned()
}

fn first_name_in<'a>(hosts: &'a str, node_name: &str) -> Option<&'a str> {
    let of_line = |line: &'a str| {
        let mut words = line.split('#').next()?.split_whitespace();
        words.next()?;
        let names: Vec<&str> = words.collect();
        names.iter().any(|name| name.eq_ignore_ascii_case(node_name)).then(|| names[0])
    };
    hosts.lines().filter_map(of_line).find(|name| !name.starts_with("localhost"))
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

#[cfg(test)]
mod tests {
    use super::first_name_in;

    #[test]
    fn a_pod_is_known_by_the_name_that_other_pods_resolve() {
        let hosts = "# Kubernetes-managed hosts file.\n127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost\n\
                     10.0.0.7\tinsights-kafka-0.insights-kafka.hanzo.svc.cluster.local\tinsights-kafka-0\n";
        let full = "insights-kafka-0.insights-kafka.hanzo.svc.cluster.local";
        assert_eq!(first_name_in(hosts, "insights-kafka-0"), Some(full));
        assert_eq!(first_name_in(hosts, "insights-kafka-1"), None);
    }

    #[test]
    fn a_host_that_is_only_another_name_of_localhost_keeps_its_own() {
        assert_eq!(first_name_in("127.0.0.1 localhost box\n", "box"), None);
        assert_eq!(
            first_name_in("127.0.0.1 localhost box\n127.0.1.1 box.example.org box # Debian\n", "box"),
            Some("box.example.org")
        );
        assert_eq!(first_name_in("10.0.0.7 # box\n10.0.0.7\n", "box"), None);
    }
}

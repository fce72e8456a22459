//! What the operating system says about this process, under Prometheus' usual names. Linux only: elsewhere nothing.

use std::fs;

use stream_http::{Exposition, Kind};

/// Clock ticks in a second in `/proc`, the same on every Linux.
const TICKS_PER_SECOND: f64 = 100.0;

/// Writes the `process_` families that can be read.
pub(super) fn write(exposition: &mut Exposition) {
    if let Some(stat) = fs::read_to_string("/proc/self/stat").ok().as_deref().and_then(parse_stat) {
        let cpu = exposition.family(
            "process_cpu_seconds_total",
            Kind::Counter,
            "CPU time of the process, user and system (seconds).",
        );
        sample(cpu, stat.cpu_ticks as f64 / TICKS_PER_SECOND);
        exposition.gauge("process_threads", "Threads of the process.", stat.threads as f64);
        if let Some(boot) = boot_seconds() {
            let start = boot + stat.start_ticks as f64 / TICKS_PER_SECOND;
            exposition.gauge("process_start_time_seconds", "When the process started (seconds since 1970).", start);
        }
    }
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    if let Some(bytes) = kibibytes(&status, "VmRSS:") {
        exposition.gauge("process_resident_memory_bytes", "Memory in RAM.", bytes);
    }
    if let Some(bytes) = kibibytes(&status, "VmSize:") {
        exposition.gauge("process_virtual_memory_bytes", "Address space.", bytes);
    }
    if let Ok(entries) = fs::read_dir("/proc/self/fd") {
        exposition.gauge("process_open_fds", "Open file descriptors.", entries.count() as f64);
    }
    if let Some(limit) = rustix::process::getrlimit(rustix::process::Resource::Nofile).current {
        exposition.gauge("process_max_fds", "File descriptors that may be open.", limit as f64);
    }
}

fn sample(mut family: stream_http::Family<'_>, value: f64) {
    family.sample(&[], value);
}

struct Stat {
    cpu_ticks: u64,
    threads: u64,
    start_ticks: u64,
}

fn parse_stat(text: &str) -> Option<Stat> {
    // The command, in parentheses, may hold anything; the third field follows the last of them.
    let (_, rest) = text.rsplit_once(')')?;
    let fields: Vec<&str> = rest.split_whitespace().collect();
    let field = |number: usize| fields.get(number - 3)?.parse::<u64>().ok();
    Some(Stat { cpu_ticks: field(14)? + field(15)?, threads: field(20)?, start_ticks: field(22)? })
}

fn boot_seconds() -> Option<f64> {
    let text = fs::read_to_string("/proc/stat").ok()?;
    text.lines().find_map(|line| line.strip_prefix("btime ")?.trim().parse().ok())
}

fn kibibytes(status: &str, name: &str) -> Option<f64> {
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    let kibibytes: f64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes * 1024.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_with_spaces_and_parentheses_does_not_shift_the_fields() {
        let stat = parse_stat("7 (a) b (c) S 1 7 7 0 -1 4194560 1 0 0 0 150 50 0 0 20 0 9 0 4242 1 1").unwrap();
        assert_eq!((stat.cpu_ticks, stat.threads, stat.start_ticks), (200, 9, 4242));
    }

    #[test]
    fn this_process_is_described() {
        let mut exposition = Exposition::new();
        write(&mut exposition);
        let text = exposition.into_text();
        let names = [
            "cpu_seconds_total",
            "threads",
            "start_time_seconds",
            "resident_memory_bytes",
            "virtual_memory_bytes",
            "open_fds",
            "max_fds",
        ];
        for name in names {
            assert!(text.contains(&format!("\nprocess_{name} ")), "{name} is missing in {text}");
        }
    }
}

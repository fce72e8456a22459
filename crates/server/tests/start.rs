//! Starting and stopping the real binary: what it prints, what it refuses, and with which exit code.

#![allow(clippy::unwrap_used)]

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

const START_MAX: Duration = Duration::from_secs(20);

/// A directory that goes with the value.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Scratch {
        let path = std::env::temp_dir().join(format!("hanzo-stream-start-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Scratch(path)
    }

    fn data(&self) -> PathBuf {
        self.0.join("data")
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A running server, killed with the value.
struct Server {
    child: Child,
    kafka: u16,
    http: u16,
}

impl Server {
    fn start(data: &Path) -> Server {
        Server::start_with(data, &[])
    }

    fn start_with(data: &Path, arguments: &[&str]) -> Server {
        let (kafka, http) = (free_port(), free_port());
        let child = command(data, kafka, &format!("hanzo.http.listener=127.0.0.1:{http}"))
            .args(arguments)
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut server = Server { child, kafka, http };
        let began = Instant::now();
        while !get(server.http, "/readyz").is_some_and(|answer| answer.starts_with("HTTP/1.1 200")) {
            assert!(server.child.try_wait().unwrap().is_none(), "the server ended: {}", server.stderr());
            assert!(began.elapsed() < START_MAX, "the server is not ready");
            std::thread::sleep(Duration::from_millis(2));
        }
        server
    }

    fn stderr(&mut self) -> String {
        let mut text = String::new();
        if let Some(stderr) = &mut self.child.stderr {
            stderr.read_to_string(&mut text).unwrap();
        }
        text
    }

    /// Stops it with SIGTERM and gives the exit code and the log.
    fn terminate(mut self) -> (Option<i32>, String) {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
        let code = self.child.wait().unwrap().code();
        (code, self.stderr())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn binary() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_hanzo-stream"));
    command.env_clear();
    command
}

fn command(data: &Path, kafka: u16, setting: &str) -> Command {
    let mut command = binary();
    command.args(["server", "--data-dir"]).arg(data);
    command.args(["--set", &format!("listeners=PLAINTEXT://127.0.0.1:{kafka}"), "--set", setting]);
    command
}

/// A port that nobody listens on, below those that the system gives to outgoing connections: one of those could be
/// taken before the server binds it.
fn free_port() -> u16 {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    loop {
        let step = NEXT.fetch_add(1, Ordering::Relaxed) + std::process::id() * 16;
        let port = 17_000 + u16::try_from(step % 15_000).unwrap();
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}

fn get(port: u16, path: &str) -> Option<String> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).ok()?;
    write!(stream, "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").ok()?;
    let mut text = String::new();
    stream.read_to_string(&mut text).ok()?;
    Some(text)
}

/// What a command that should end by itself says; one that does not is killed and fails the test.
fn output(command: &mut Command) -> Output {
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let began = Instant::now();
    while child.try_wait().unwrap().is_none() {
        if began.elapsed() > START_MAX {
            child.kill().unwrap();
            panic!("still running: {:?}", child.wait_with_output().unwrap());
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    child.wait_with_output().unwrap()
}

/// One line on standard error that contains `part`, and exit code 2.
fn assert_refused(output: &Output, part: &str) {
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(stderr.contains(part), "{part} is missing in: {stderr}");
    assert_eq!(stderr.lines().count(), 1, "{stderr}");
    assert_eq!(output.status.code(), Some(2), "{stderr}");
}

#[test]
fn check_prints_the_configuration_and_starts_nothing() {
    let scratch = Scratch::new("check");
    let output = output(command(&scratch.data(), 9, "num.partitions=7").arg("--check"));
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("# --set\nnum.partitions=7\n") && text.contains("\nmessage.max.bytes=1048588\n"), "{text}");
    assert_eq!(output.status.code(), Some(0));
    assert!(!scratch.data().exists());
}

#[test]
fn what_is_wrong_is_one_line_and_exit_2_before_anything_is_written() {
    let scratch = Scratch::new("refused");
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    for (kafka, setting, part) in [
        (9, "num.partitions=0", "num.partitions=0 (--set): it must be from 1"),
        (9, "sasl.server.callback.handler.class=x.Y", "asks for security"),
        (port, "num.partitions=1", "cannot listen on PLAINTEXT://127.0.0.1:"),
        (free_port(), &format!("hanzo.http.listener=127.0.0.1:{port}"), "cannot listen for HTTP on 127.0.0.1:"),
    ] {
        assert_refused(&output(&mut command(&scratch.data(), kafka, setting)), part);
    }
    assert!(!scratch.data().exists());
    let unreadable = output(binary().args(["server", "--config", "/nowhere/server.properties"]));
    assert_refused(&unreadable, "cannot read the configuration file /nowhere/server.properties: ");
    assert_eq!(output(binary().args(["server", "--no-such-flag"])).status.code(), Some(2));
}

#[test]
fn the_sample_configuration_starts_a_server_without_a_word() {
    let scratch = Scratch::new("sample");
    let sample = concat!(env!("CARGO_MANIFEST_DIR"), "/../../config/server.properties");
    let server = Server::start_with(&scratch.data(), &["--config", sample]);
    let (code, log) = server.terminate();
    assert_eq!(code, Some(0), "{log}");
    assert!(!log.contains(" WARN ") && !log.contains(" ERROR "), "{log}");
}

#[test]
fn a_server_starts_formats_serves_stops_and_starts_again() {
    let scratch = Scratch::new("life");
    let server = Server::start(&scratch.data());
    let meta = std::fs::read_to_string(scratch.data().join("meta.properties")).unwrap();
    assert!(get(server.http, "/healthz").unwrap().ends_with("\r\n\r\nok\n"));
    let metrics = get(server.http, "/metrics").unwrap();
    for name in
        ["kafka_messages_in_per_sec 0", "kafka_under_replicated_partitions 0", "hanzo_flush_policy{policy=\"auto\"} 1"]
    {
        assert!(metrics.contains(&format!("\n{name}\n")), "{name} is missing in {metrics}");
    }
    assert!(TcpStream::connect(("127.0.0.1", server.kafka)).is_ok());

    let free = format!("hanzo.http.listener=127.0.0.1:{}", free_port());
    let second = output(&mut command(&scratch.data(), free_port(), &free));
    assert_refused(&second, "is in use by another process");

    let (code, log) = server.terminate();
    assert_eq!(code, Some(0), "{log}");
    let is_bad = |line: &&str| line.contains(" WARN ") || line.contains(" ERROR ");
    assert_eq!(log.lines().find(is_bad), None);
    for part in ["listening on PLAINTEXT://127.0.0.1:", "data in ", "flush policy auto"] {
        assert!(log.contains(part), "{part} is missing in {log}");
    }

    let other = output(command(&scratch.data(), free_port(), &free).args(["--set", "node.id=5"]));
    assert_refused(&other, "belongs to node 1, not to node 5");

    let (code, log) = Server::start(&scratch.data()).terminate();
    assert_eq!(code, Some(0), "{log}");
    assert_eq!(std::fs::read_to_string(scratch.data().join("meta.properties")).unwrap(), meta);
}

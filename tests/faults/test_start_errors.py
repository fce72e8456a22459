"""Starts that cannot work: one line that says what and why, exit status 2, and nothing written."""

import functools
import os
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path

import pytest

from lib.broker import release_binary
from lib.ports import free_port

NOBODY = "65534"


@pytest.fixture(autouse=True)
def this_binary(request):
    if request.config.getoption("--kafka") or request.config.getoption("--bootstrap"):
        pytest.skip("starts this repository's binary")


@functools.cache
def _ports() -> tuple[int, int]:
    """The same for all: hardly any of these servers gets as far as listening."""
    return free_port(), free_port()


def server(data: Path | None, *flags: str, env: dict[str, str] | None = None, as_nobody: Path | None = None, **settings) -> subprocess.CompletedProcess:
    """Runs `hanzo-stream server`, which must end by itself."""
    clients, controller = _ports()
    defaults = {
        "listeners": f"PLAINTEXT://127.0.0.1:{clients},CONTROLLER://127.0.0.1:{controller}", "controller.listener.names": "CONTROLLER",
        "hanzo.http.listener": "",
    }  # fmt: skip
    sets = [word for key, value in (defaults | settings).items() for word in ("--set", f"{key}={value}")]
    command = [as_nobody or release_binary(), "server", *sets, *(["--data-dir", data] if data else []), *flags]
    if as_nobody:
        command = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", *command]
    clean = {name: value for name, value in os.environ.items() if not name.startswith("KAFKA_")}
    process = subprocess.Popen(command, env=clean | (env or {}), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        output, errors = process.communicate(timeout=15)
    except subprocess.TimeoutExpired:
        process.kill()
        output, errors = process.communicate()
        raise AssertionError(f"it started instead:\n{errors.decode()}") from None
    return subprocess.CompletedProcess(command, process.returncode, output.decode(), errors.decode())


def snapshot(directory: Path) -> dict[str, tuple[int, bytes]]:
    return {
        str(path.relative_to(directory)): (path.stat().st_mode, b"" if path.is_dir() else path.read_bytes()) for path in sorted(directory.rglob("*"))
    }  # fmt: skip


def assert_refused(done: subprocess.CompletedProcess, *parts: str, status: int = 2) -> None:
    assert done.returncode == status, f"exit status {done.returncode}\n{done.stderr}"
    lines = done.stderr.splitlines()
    assert len(lines) == 1, f"{len(lines)} lines:\n{done.stderr}"
    for part in parts:
        assert part in lines[0], lines[0]
    assert "panicked" not in done.stderr


@pytest.fixture
def stopped(own_broker):
    """A broker that ran once and was stopped; its data is a whole cluster's."""
    broker = own_broker()
    broker.start()
    broker.stop()
    return broker


# --- the data directory


def test_the_data_of_another_cluster(stopped):
    before = snapshot(stopped.data)
    assert_refused(server(stopped.data, **{"hanzo.cluster.id": "AAAAAAAAAAAAAAAAAAAAAQ"}), "cluster", str(stopped.data))
    assert_refused(server(stopped.data, env={"KAFKA_KRAFT_CLUSTER_ID": "AAAAAAAAAAAAAAAAAAAAAQ"}), "cluster")
    assert snapshot(stopped.data) == before


def test_the_data_of_another_node(stopped):
    before = snapshot(stopped.data)
    assert_refused(server(stopped.data, **{"node.id": "7"}), "node 1", "7")
    assert snapshot(stopped.data) == before


def test_two_log_directories_of_two_clusters(own_broker):
    brokers = [own_broker(), own_broker()]
    for broker in brokers:
        broker.start()
        broker.stop()
    before = [snapshot(broker.data) for broker in brokers]
    both = ",".join(str(broker.data) for broker in brokers)
    assert_refused(server(None, **{"log.dirs": both}), "cluster")
    assert [snapshot(broker.data) for broker in brokers] == before


def test_a_directory_that_is_in_use(own_broker):
    broker = own_broker()
    broker.start()
    before = set(snapshot(broker.data))
    assert_refused(server(broker.data), "in use", str(broker.data))
    assert set(snapshot(broker.data)) == before
    assert broker.is_alive()
    broker.stop()


@pytest.mark.parametrize(
    "content",
    [b"", b"\0\xff\xfe", b"version=1\n", b"version=99\nnode.id=1\ncluster.id=x\n", b"node.id=one\nversion=1\ncluster.id=AAAAAAAAAAAAAAAAAAAAAQ\n", b"x" * 100_000],
    ids=["empty", "not text", "only a version", "version 99", "a node that is no number", "100 KB"],
)  # fmt: skip
def test_meta_properties_that_make_no_sense(tmp_path, content):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "meta.properties").write_bytes(content)
    before = snapshot(tmp_path)
    assert_refused(server(tmp_path / "data"), "meta.properties")
    assert set(snapshot(tmp_path)) - set(before) <= {"data/.lock"}


def test_a_file_where_the_directory_should_be(tmp_path):
    (tmp_path / "data").write_text("not a directory")
    assert_refused(server(tmp_path / "data"), str(tmp_path / "data"))
    assert (tmp_path / "data").read_text() == "not a directory"


def test_a_read_only_file_system(tmp_path):
    if os.geteuid() != 0:
        pytest.skip("mounting needs root")
    place = tmp_path / "read-only"
    place.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m,ro", "hanzo-test", place], check=True)
    try:
        assert_refused(server(place / "data"), str(place))
        assert_refused(server(place), str(place))
    finally:
        subprocess.run(["umount", place], check=True)


@pytest.fixture
def as_nobody(request):
    """A place where another user may run the binary."""
    if os.geteuid() != 0 or not shutil.which("setpriv"):
        pytest.skip("becoming another user needs root and setpriv")
    place = Path(tempfile.mkdtemp(prefix="hanzo-nobody-"))
    place.chmod(0o755)
    binary = place / "hanzo-stream"
    shutil.copy(release_binary(), binary)
    binary.chmod(0o755)
    yield binary
    shutil.rmtree(place)


def test_a_directory_that_may_not_be_written(as_nobody):
    data = as_nobody.parent / "data"
    data.mkdir(mode=0o555)
    assert_refused(server(data, as_nobody=as_nobody), str(data), "ermission")
    assert list(data.iterdir()) == []
    # Nor may one be made in it, or a file be read that another user left.
    assert_refused(server(data / "deeper", as_nobody=as_nobody), str(data), "ermission")
    secret = as_nobody.parent / "secret"
    secret.mkdir(mode=0o700)
    assert_refused(server(secret, as_nobody=as_nobody), str(secret), "ermission")


# --- ports


@pytest.fixture
def taken():
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        port = free_port()
        listener.bind(("127.0.0.1", port))
        listener.listen()
        yield port


@pytest.mark.parametrize("which", ["clients", "controller", "http"])
def test_a_port_that_is_taken(tmp_path, taken, which):
    settings = {
        "clients": {"listeners": f"PLAINTEXT://127.0.0.1:{taken},CONTROLLER://127.0.0.1:{free_port()}"},
        "controller": {"listeners": f"PLAINTEXT://127.0.0.1:{free_port()},CONTROLLER://127.0.0.1:{taken}"},
        "http": {"hanzo.http.listener": f"127.0.0.1:{taken}"},
    }[which]
    assert_refused(server(tmp_path / "data", **settings), str(taken))
    assert not (tmp_path / "data").exists()


def test_a_host_that_is_not_here(tmp_path):
    assert_refused(server(tmp_path / "data", listeners="PLAINTEXT://192.0.2.1:9092"), "192.0.2.1")
    assert not (tmp_path / "data").exists()


# --- configuration


BAD_SETTINGS = {
    "num.partitions": ["0", "-1", "many", "99999999999"],
    "message.max.bytes": ["-1", "1 MB", "1e6"],
    "log.segment.bytes": ["1", "-1", "99999999999"],
    "log.retention.ms": ["soon"],
    "hanzo.flush.policy": ["sometimes"],
    "hanzo.disk.reserve.bytes": ["-1", "10%"],
    "compression.type": ["brotli"],
    "node.id": ["-1", "one"],
    "listeners": ["localhost", "PLAINTEXT://localhost:99999", "PLAINTEXT://localhost:-1", "NOSUCH://localhost:9092", "PLAINTEXT://[::1"],
    "security.inter.broker.protocol": ["SASL_SSL"],
    "sasl.kerberos.service.name": ["kafka"],
    "authorizer.class.name": ["com.example.Authorizer"],
}


@pytest.mark.parametrize("key,value", [(key, value) for key, values in BAD_SETTINGS.items() for value in values])
def test_a_value_that_is_out_of_range(tmp_path, key, value):
    assert_refused(server(tmp_path / "data", **{key: value}), key)
    assert not (tmp_path / "data").exists()


def test_a_configuration_file_that_cannot_be_read(tmp_path):
    for path in (tmp_path / "missing.properties", tmp_path):
        assert_refused(server(tmp_path / "data", "--config", str(path)), str(path))
    assert not (tmp_path / "data").exists()


def test_flags_that_do_not_exist(tmp_path):
    done = server(tmp_path / "data", "--colour", "red")
    assert done.returncode == 2 and "--colour" in done.stderr
    done = server(tmp_path / "data", "--set", "no-equals-sign")
    assert done.returncode == 2 and "no-equals-sign" in done.stderr
    assert not (tmp_path / "data").exists()


# --- damage


def test_a_damaged_metadata_log_is_said_and_kept(stopped):
    """Storage failed: status 4. What is there is evidence, so it stays as it is."""
    logs = [path for path in (stopped.data / "hanzo-metadata").rglob("*.log") if path.stat().st_size > 200]
    assert logs, "the metadata log is where it was"
    damaged = bytearray(logs[0].read_bytes())
    damaged[80] ^= 0xFF
    logs[0].write_bytes(damaged)
    done = server(stopped.data)
    assert done.returncode in (2, 4), f"exit status {done.returncode}\n{done.stderr}"
    assert "panicked" not in done.stderr
    assert logs[0].read_bytes()[:200] == bytes(damaged)[:200]


# --- the end


def test_a_broker_that_was_seen_to_serve_can_be_stopped(own_broker):
    """SIGTERM right after the first answer is a controlled stop, not a death by signal."""
    for _ in range(5):
        broker = own_broker()
        broker.start()
        broker.stop()
        assert (broker.data / ".kafka_cleanshutdown").exists()

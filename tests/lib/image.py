"""The image of deploy/Dockerfile without a container engine: its root folder, put together as the Dockerfile says, and a pod to run it.

The pod has namespaces of its own for processes, mounts, host name and network, the host name and `/etc/hosts` that Kubernetes gives, the
image's user, and nothing but the image's files.
"""

import json
import os
import re
import shutil
import signal
import subprocess
from pathlib import Path

from lib.broker import REPOSITORY, release_binary

DOCKERFILE = REPOSITORY / "deploy" / "Dockerfile"
_POD_ADDRESS = "10.99.0.7"


def tools() -> list[str]:
    """The names of Kafka's tools that the Dockerfile makes links for."""
    loop = re.search(r"for tool in (.*?); do", DOCKERFILE.read_text().replace("\\\n", ""), re.DOTALL)
    return loop.group(1).split()


def instruction(name: str) -> list[str]:
    """The arguments of each instruction of that name."""
    return re.findall(rf"^{name} (.*)$", DOCKERFILE.read_text(), re.MULTILINE)


def entry_point() -> list[str]:
    [entry], [command] = instruction("ENTRYPOINT"), instruction("CMD")
    return json.loads(entry) + json.loads(command)


def assemble(root: Path, binary: Path | None = None) -> None:
    """Fills `root` as the last stage of the Dockerfile does, less busybox. A binary that is not static gets its libraries."""
    binary = binary or release_binary()
    for directory in ("usr/local/bin", "opt/bitnami/kafka", "opt/kafka", "proc", "etc", "dev", "bitnami/kafka"):
        (root / directory).mkdir(parents=True)
    shutil.copy(binary, root / "usr/local/bin/hanzo-stream")
    for tool in tools():
        for name in (tool, f"{tool}.sh"):
            (root / "usr/local/bin" / name).symlink_to("hanzo-stream")
    (root / "opt/bitnami/kafka/bin").symlink_to("/usr/local/bin")
    (root / "opt/kafka/bin").symlink_to("/usr/local/bin")
    for library in _libraries(binary):
        place = root / library.relative_to("/")
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(library, place)
    for device in ("null", "urandom", "random"):
        status = Path("/dev", device).stat()
        os.mknod(root / "dev" / device, status.st_mode, status.st_rdev)
    os.chown(root / "bitnami/kafka", 1001, 0)


def _libraries(binary: Path) -> list[Path]:
    listed = subprocess.run(["ldd", binary], capture_output=True, text=True)
    return [Path(path) for path in re.findall(r"(/\S+) \(0x", listed.stdout)]


class Pod:
    """The image's entry point as process 1, with a StatefulSet's environment."""

    def __init__(self, root: Path, environment: dict[str, str], name: str = "insights-kafka-0", domain: str = "insights-kafka.hanzo.svc.cluster.local"):
        self.root = root
        self.name = name
        (root / "etc/hosts").write_text(f"127.0.0.1\tlocalhost\n::1\tlocalhost\n{_POD_ADDRESS}\t{name}.{domain}\t{name}\n")
        [user] = instruction("USER")
        self._in_root = ["chroot", f"--userspec={user}", str(root)]
        self._environment = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/", **environment}
        self.log_file = root.parent / f"{name}.log"
        self._unshare: subprocess.Popen | None = None

    def start(self) -> None:
        script = (
            f"hostname {self.name} && ip link set lo up && ip address add {_POD_ADDRESS}/32 dev lo"
            f" && mount -t proc proc {self.root}/proc && exec {' '.join(self._in_root + entry_point())}"
        )
        with open(self.log_file, "ab") as log:
            self._unshare = subprocess.Popen(
                ["unshare", "--mount", "--uts", "--net", "--pid", "--fork", "sh", "-c", script],
                env=self._environment, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT,
            )  # fmt: skip

    @property
    def pid(self) -> int:
        """Process 1 of the pod, as the machine numbers it."""
        children = Path(f"/proc/{self._unshare.pid}/task/{self._unshare.pid}/children").read_text().split()
        return int(children[0])

    def exec(self, *command: str, stdin: str = "", environment: dict[str, str] | None = None) -> subprocess.CompletedProcess:
        """`kubectl exec`: a command inside."""
        inside = ["nsenter", "--target", str(self.pid), "--mount", "--uts", "--net", "--pid", *self._in_root, *command]
        return subprocess.run(
            inside, env={**self._environment, **(environment or {})}, input=stdin, capture_output=True, text=True, timeout=60
        )  # fmt: skip

    def get(self, path: str, scheme: str = "http") -> tuple[int, str]:
        """A GET from inside of the pod's network, as a kubelet sends it, which checks no certificate: status and body."""
        program = (
            "import ssl,sys,urllib.request,urllib.error\n"
            "context = ssl._create_unverified_context()\n"
            f"try: answer = urllib.request.urlopen('{scheme}://{_POD_ADDRESS}:8080{path}', timeout=5, context=context)\n"
            "except urllib.error.HTTPError as error: answer = error\n"
            "print(answer.status); sys.stdout.write(answer.read().decode())"
        )
        command = ["nsenter", "--target", str(self.pid), "--net", "python3", "-c", program]
        asked = subprocess.run(command, capture_output=True, text=True, timeout=30)
        assert asked.returncode == 0, asked.stderr
        status, body = asked.stdout.split("\n", 1)
        return int(status), body

    def stop(self) -> int:
        """SIGTERM to process 1, and its exit status."""
        os.kill(self.pid, signal.SIGTERM)
        return self._unshare.wait(60)

    def kill(self) -> None:
        """SIGKILL to process 1: with it everything in the pod ends."""
        if self._unshare is not None and self._unshare.poll() is None:
            os.kill(self.pid, signal.SIGKILL)
            self._unshare.wait(10)

    def log(self) -> str:
        return self.log_file.read_text()

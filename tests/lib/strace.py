"""Faults that the kernel gives a running process: `strace` answers its system calls late, or with an error."""

import shutil
import signal
import subprocess
import time
from pathlib import Path

from lib.broker import wait_for

# How this broker and the libraries below it write and sync.
STORAGE_CALLS = "pwrite64,pwritev,pwritev2,fallocate,ftruncate,fdatasync,fsync,syncfs,rename,renameat,renameat2,unlink,unlinkat,mkdir"


def why_not(directory: Path) -> str | None:
    """Why no process can be traced here, if so."""
    if shutil.which("strace") is None:
        return "strace is not installed"
    probe = subprocess.run(
        ["strace", "-f", "-o", directory / "probe", "-e", "trace=fdatasync", "-e", "inject=fdatasync:error=EIO", "true"],
        capture_output=True, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    return None if probe.returncode == 0 else f"strace cannot trace here: {probe.stderr.decode(errors='replace').strip()}"


class Injected:
    """While the block runs, every thread of `pid` gets the faults.

    `Injected(pid, directory, "fdatasync:delay_enter=500000", "pwritev:error=EIO")`; no fault at all only traces, which is what a
    comparison of times has to start from.
    """

    def __init__(self, pid: int, directory: Path, *faults: str, calls: str = STORAGE_CALLS, path: Path | None = None):
        self._pid = pid
        self._log = directory / f"strace-{time.monotonic_ns()}"
        only = ["-P", str(path)] if path else []
        injections = [word for fault in faults for word in ("-e", f"inject={fault}")]
        self._command = ["strace", "-f", "-o", self._log, "-e", f"trace={calls}", *only, *injections, "-p", str(pid)]
        self._process: subprocess.Popen | None = None

    def __enter__(self) -> "Injected":
        self._process = subprocess.Popen(self._command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        wait_for(self._is_attached, 20, "strace to trace every thread")
        return self

    def _is_attached(self) -> bool:
        assert self._process.poll() is None, self._process.stderr.read().decode(errors="replace")
        tasks = list(Path(f"/proc/{self._pid}/task").iterdir())
        traced = [task for task in tasks if "TracerPid:\t0\n" not in (task / "status").read_text()]
        return len(traced) == len(tasks)

    def __exit__(self, *_) -> None:
        self.stop()

    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def stop(self) -> None:
        if self.is_running():
            self._process.send_signal(signal.SIGINT)
            try:
                self._process.wait(5)
            except subprocess.TimeoutExpired:
                # A process that ends while it is traced can leave a thread for which strace waits in vain.
                self._process.kill()
                self._process.wait(5)

    def injected(self) -> int:
        """How many calls were answered by strace; known for certain after the block."""
        return sum(line.rstrip().endswith("(INJECTED)") or "(DELAYED)" in line for line in self._log.read_text(errors="replace").splitlines())

    def lines(self) -> list[str]:
        """Every call that was traced; known for certain after the block."""
        return self._log.read_text(errors="replace").splitlines()

"""A disk that is quickly full: a tmpfs of some megabytes."""

import os
import shutil
import subprocess
from pathlib import Path


def why_not() -> str | None:
    """Why there can be none here, if so."""
    if os.geteuid() != 0 or not shutil.which("mount"):
        return "mounting a tmpfs needs root"
    return None


class SmallDisk:
    def __init__(self, directory: Path, megabytes: int = 64):
        self.mountpoint = directory / "small-disk"
        self.mountpoint.mkdir(parents=True)
        done = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "hanzo-test", self.mountpoint], capture_output=True, stdin=subprocess.DEVNULL
        )  # fmt: skip
        assert done.returncode == 0, done.stderr.decode(errors="replace")

    def free_bytes(self) -> int:
        stat = os.statvfs(self.mountpoint)
        return stat.f_bavail * stat.f_frsize

    def remove(self) -> None:
        # Lazily: a broker that is being killed may hold files for a moment more.
        subprocess.run(["umount", "-l", self.mountpoint], check=True, capture_output=True, stdin=subprocess.DEVNULL)

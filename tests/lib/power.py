"""A disk whose power can be cut: a small ext4 file system on a loop device.

`cut()` shuts the file system down without flushing its journal, as when the power goes: what was not synced is gone, as is a file
or a rename whose directory was not synced. Needs root and loop devices.
"""

import fcntl
import os
import shutil
import signal
import struct
import subprocess
import time
from pathlib import Path

_EXT4_IOC_SHUTDOWN = 0x8004587D  # _IOR('X', 125, __u32)
_NO_LOG_FLUSH = 2


def is_possible() -> bool:
    tools = all(shutil.which(tool) for tool in ("mkfs.ext4", "losetup", "mount", "umount"))
    return tools and os.geteuid() == 0 and Path("/dev/loop-control").exists()


class PowerCutDisk:
    def __init__(self, directory: Path, megabytes: int = 512):
        self.mountpoint = directory / "disk"
        self.mountpoint.mkdir(parents=True)
        self._image = directory / "disk.img"
        with open(self._image, "wb") as image:
            image.truncate(megabytes << 20)
        _run("mkfs.ext4", "-q", "-F", "-E", "lazy_itable_init=1", self._image)
        self._mounted = False
        self._mount()

    def cut(self) -> None:
        """The power goes: nothing that is not synced by now will ever be seen again. Processes get I/O errors."""
        directory = os.open(self.mountpoint, os.O_RDONLY)
        try:
            fcntl.ioctl(directory, _EXT4_IOC_SHUTDOWN, struct.pack("I", _NO_LOG_FLUSH))
        finally:
            os.close(directory)

    def cut_under(self, pid: int) -> None:
        """As `cut`, with the process stopped first: a machine without power acknowledges nothing more.

        It matters: an fdatasync that is under way when ext4 is shut down may return success although its bytes are gone.
        """
        os.kill(pid, signal.SIGSTOP)
        deadline = time.monotonic() + 10
        while any(state not in "TtD" for state in _thread_states(pid)):
            assert time.monotonic() < deadline, f"process {pid} does not stop"
        self.cut()

    def power_on(self) -> None:
        """The machine comes back: the file system's own recovery runs. Nobody may hold files open."""
        self._unmount()
        self._mount()

    def remove(self) -> None:
        if self._mounted:
            self._unmount()
        self._image.unlink(missing_ok=True)

    def _mount(self) -> None:
        # A long commit interval: ext4 syncs by itself every five seconds otherwise, which would hide a missing sync.
        _run("mount", "-o", "loop,data=ordered,commit=60", self._image, self.mountpoint)
        self._mounted = True

    def _unmount(self) -> None:
        _run("umount", self.mountpoint)
        self._mounted = False


def _thread_states(pid: int) -> list[str]:
    """T is stopped; D is inside a call such as fdatasync, and will be stopped before it returns."""
    return [(task / "stat").read_text().rsplit(")", 1)[1].split()[0] for task in Path(f"/proc/{pid}/task").iterdir()]


def _run(*command) -> None:
    done = subprocess.run(command, capture_output=True, stdin=subprocess.DEVNULL)
    assert done.returncode == 0, f"{command}: {done.stderr.decode(errors='replace')}"

"""What the Python drivers share: the lines that they read and print (README.md), and commands that come while they poll."""

import base64
import json
import os
import queue
import sys
import threading


def security() -> dict | None:
    """How to connect, as README.md says."""
    text = os.environ.get("DRIVER_SECURITY")
    return None if text is None else json.loads(text)


def encode(data: bytes | None) -> str | None:
    return None if data is None else base64.b64encode(data).decode()


def decode(text: str | None) -> bytes | None:
    return None if text is None else base64.b64decode(text)


def say(**fields) -> None:
    # One write for a line: two threads may speak.
    os.write(1, (json.dumps(fields) + "\n").encode())


def say_record(partition: int, offset: int, key: bytes | None, value: bytes | None, headers, timestamp: int) -> None:
    say(
        partition=partition, offset=offset, key=encode(key), value=encode(value), timestamp=timestamp,
        headers=[[name, encode(content)] for name, content in headers or []],
    )  # fmt: skip


def records():
    """Key, value, headers and timestamp of each record on stdin."""
    for line in sys.stdin:
        record = json.loads(line)
        headers = [(name, decode(content)) for name, content in record["headers"]]
        yield decode(record["key"]), decode(record["value"]), headers, record["timestamp"]


def commands() -> queue.Queue:
    """The lines of stdin as they come; its end is `stop`."""
    lines: queue.Queue = queue.Queue()

    def read():
        for line in sys.stdin:
            lines.put(line.strip())
        lines.put("stop")

    threading.Thread(target=read, daemon=True).start()
    return lines


def next_command(lines: queue.Queue) -> str | None:
    try:
        return lines.get_nowait()
    except queue.Empty:
        return None


def run(produce, member, seek) -> None:
    """Calls the command that the arguments name."""
    command, *arguments = sys.argv[1:]
    if command == "produce":
        bootstrap, topic, codec, idempotent = arguments
        say(produced=produce(bootstrap, topic, codec, idempotent == "1"))
    elif command == "member":
        member(*arguments)
    elif command == "seek":
        bootstrap, topic, partition, time_ms, count = arguments
        seek(bootstrap, topic, int(partition), int(time_ms), int(count))
    else:
        sys.exit(f"unknown command {command}")

"""A receiver as `xl migrate-receive` is one: run as a process, well or badly. The texts are xl's (tools/xl/xl.h)."""

import os
import sys
import time
from pathlib import Path

BANNER = b"xl migration receiver ready, send binary domain data.\n\0"
READY = b"domain received, ready to unpause\0"
REPORT = b"my copy unpause results are as follows\0"
LEAVE = 44
"""Bytes of the sender's leave to unpause."""


def taken(size: int) -> bytes:
    data = bytearray()
    while len(data) < size and (more := os.read(0, min(1 << 16, size - len(data)))):
        data += more
    return bytes(data)


def main(folder: str, size: str, how: str) -> None:
    """Write what came to ``came``, and ``unpaused`` where the domain would run."""
    whole = int(size)
    os.write(1, BANNER)
    if how == "dies":
        taken(whole // 2)
        os._exit(3)
    if how == "silent":
        taken(whole // 2)
        time.sleep(30)
    if how == "slow":
        taken(whole // 2)
        time.sleep(0.7)
    data = taken(whole - LEAVE - (whole // 2 if how == "slow" else 0))
    (Path(folder) / "came").write_bytes(data)
    if how != "slow" and len(data) < whole - LEAVE:
        os._exit(1)
    os.write(1, READY)
    if len(taken(LEAVE)) == LEAVE:
        (Path(folder) / "unpaused").touch()
        os.write(1, REPORT + b"\0")


if __name__ == "__main__":
    main(*sys.argv[1:])

"""The wire between the two ends: forwards each connection, keeps what the target was given, and may do a fault."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from refmodel.lab.faults import Cut, Fault, through
from refmodel.oracle.readers.bytesource import ByteSource
from refmodel.oracle.readers.errors import UnusableInput
from refmodel.oracle.readers.qemu_records import Record
from refmodel.oracle.readers.qemu_stream import read_stream

__all__ = ["Wire", "wired"]

_CHUNK = 1 << 16


class _Read:
    """A socket's bytes, all of them kept: a record's own are found by its offset."""

    def __init__(self, source: socket.socket) -> None:
        self._source = source
        self.data = bytearray()

    def read(self, size: int, /) -> bytes:
        """Up to so many bytes; none at the end, and none once the wire is closed."""
        try:
            more = self._source.recv(min(size, _CHUNK))
        except OSError:
            more = b""
        self.data += more
        return more


class Wire:
    """Connections are numbered as they come: the first is the stream, the others its multifd channels."""

    def __init__(self, folder: Path, listen: Path, target: Path, fault: Fault | None) -> None:
        self.folder, self.listen = folder, listen
        self._target, self._fault = target, fault
        self._server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._open: list[socket.socket] = [self._server]
        self._threads: list[threading.Thread] = []
        self._server.bind(str(listen))
        self._server.listen(16)
        self._start(self._accept)

    def close(self) -> None:
        """Cut everything, and wait for the threads."""
        for each in self._open:
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()
        for thread in self._threads:
            thread.join(10)

    def _start(self, work: object, *arguments: object) -> None:
        thread = threading.Thread(target=work, args=arguments, daemon=True)  # type: ignore[arg-type]
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        number = 0
        while True:
            try:
                source, _ = self._server.accept()
                target = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
                self._open += [source, target]
                target.connect(str(self._target))
            except OSError:
                return
            name = "stream" if number == 0 else f"stream.mfd{number - 1}"
            self._start(self._back, target, source)
            self._start(self._forward, source, target, name, self._fault if number == 0 else None)
            number += 1

    def _back(self, target: socket.socket, source: socket.socket) -> None:
        """What the target answers; nothing of it is kept."""
        with suppress(OSError):
            while data := target.recv(_CHUNK):
                source.sendall(data)
            source.shutdown(socket.SHUT_WR)

    def _forward(self, source: socket.socket, target: socket.socket, name: str, fault: Fault | None) -> None:
        read = _Read(source)
        with (self.folder / name).open("wb") as kept, suppress(OSError):
            try:
                for data in _struck(read, name, fault) if fault else _as_is(read):
                    kept.write(data)
                    target.sendall(data)
                target.shutdown(socket.SHUT_WR)
            except Cut:
                for end in (source, target):
                    end.shutdown(socket.SHUT_RDWR)
        if fault is not None:
            (self.folder / f"{name}.orig").write_bytes(read.data)


def _as_is(read: _Read) -> Iterator[bytes]:
    while data := read.read(_CHUNK):
        yield data


def _struck(read: _Read, name: str, fault: Fault) -> Iterator[bytes]:
    """Record by record, one of them not as it came."""
    at = 0

    def data_of(record: Record) -> bytes:
        nonlocal at
        begun, at = at, record.offset + record.length
        return bytes(read.data[begun:at])

    with suppress(UnusableInput):
        yield from through(read_stream(ByteSource(read, name)), data_of, fault.passed)
    yield bytes(read.data[at:])
    yield from _as_is(read)


@contextmanager
def wired(folder: Path, target: Path, fault: Fault | None = None) -> Iterator[Wire]:
    """A wire that listens at ``folder / "wire.sock"``, until the block is left."""
    listen = folder / "wire.sock"
    listen.unlink(missing_ok=True)
    wire = Wire(folder, listen, target, fault)
    try:
        yield wire
    finally:
        wire.close()

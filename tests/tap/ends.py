"""The two ends of a migration for tests: sockets that send and take a stream of `qemu_writer`, well or badly."""

import asyncio
import socket
import struct
from asyncio import StreamReader, StreamWriter
from collections.abc import Awaitable, Callable, Coroutine
from pathlib import Path
from typing import Any

from attrs import define, evolve, field

from refmodel.fast.images import Image
from refmodel.tap.address import Address
from refmodel.tap.plan import Sockets, Told
from refmodel.tap.tap import run_tap
from tests.oracle.qemu_writer import Dev, Sent, build, encode_all

PAGES = 64
RELAXED = 20.0
"""Seconds after which a test is stuck."""


def page(pfn: int, version: int) -> bytes:
    return struct.pack("<QQ", pfn, version) * 256


def migration(pages: int = PAGES) -> tuple[bytes, bytes]:
    """A stream of three passes, and what the source has in the end."""
    first = [Sent("pc.ram", pfn, page(pfn, 0)) for pfn in range(pages)]
    second = [Sent("pc.ram", pfn, page(pfn, 1)) for pfn in range(0, pages, 3)]
    last = [Sent("pc.ram", pfn, page(pfn, 2)) for pfn in range(0, pages, 6)]
    stream = encode_all(build([("pc.ram", pages * 4096)], [first, second, last], [Dev("timer", b"12345678")]))
    ram = [page(pfn, 2 if pfn % 6 == 0 else 1 if pfn % 3 == 0 else 0) for pfn in range(pages)]
    return stream, b"".join(ram)


STREAM, RAM = migration()
TAIL_AT = STREAM.index(b"\x7e\0\0\0\2\3\0\0\0\2") + 5
"""Where the stop-and-copy begins."""

Source = Callable[[StreamReader, StreamWriter], Coroutine[Any, Any, None]]


async def sends_all(reader: StreamReader, writer: StreamWriter) -> None:
    writer.write(STREAM)
    await writer.drain()
    writer.write_eof()
    await reader.read()
    writer.close()


@define
class Target:
    """Takes what comes; how is what a test is about."""

    came: bytes = b""
    runs: bool = False
    """It has had a whole stream: it would start."""
    behaves: Callable[["Target", StreamReader, StreamWriter], Awaitable[None]] | None = None
    done: asyncio.Event = field(factory=asyncio.Event)
    _task: "asyncio.Task[None] | None" = None

    async def accept(self, reader: StreamReader, writer: StreamWriter) -> None:
        self._task = self._task or asyncio.current_task()
        try:
            if self.behaves is not None:
                await self.behaves(self, reader, writer)
            else:
                await self.takes_all(reader, writer)
        except asyncio.CancelledError:
            pass
        finally:
            writer.transport.abort()
            self.done.set()

    def stop(self) -> None:
        """It is not waited for, where it behaves in its own way."""
        if self.behaves is not None and self._task is not None:
            self._task.cancel()

    async def takes_all(self, reader: StreamReader, writer: StreamWriter) -> None:
        try:
            while data := await reader.read(1 << 16):
                self.came += data
        except ConnectionError:
            pass
        self.runs = self.came == STREAM


def reset(writer: StreamWriter) -> None:
    """Close it so that the other end sees a reset, where the socket is one of TCP."""
    sock: socket.socket = writer.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def _tapped(
    folder: Path, source: Source, target: Target, tcp: bool, more: dict[str, Any], ram: bytes | None
) -> Told:
    from refmodel.tap.source import shared

    server: asyncio.Server
    if tcp:
        server = await asyncio.start_server(target.accept, "127.0.0.1", 0)
        forward = Address(None, "127.0.0.1", server.sockets[0].getsockname()[1])
    else:
        server = await asyncio.start_unix_server(target.accept, str(folder / "dst"))
        forward = Address(str(folder / "dst"))
    ready = asyncio.Event()
    listen = Address(str(folder / "tap"))
    if tcp:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            listen = Address(None, "127.0.0.1", free.getsockname()[1])
    images: tuple[Image, ...] = ()
    if ram is not None:
        (folder / "ram").write_bytes(ram)
        images = tuple(shared((str(folder / "ram"),)))
    plan = evolve(Sockets(listen, forward, lambda loop: images, ready=ready.set), **more)
    running = asyncio.create_task(run_tap(plan))
    await ready.wait()
    reader, writer = await listen.connected()
    sending = asyncio.create_task(source(reader, writer))
    try:
        return await asyncio.wait_for(running, RELAXED)
    finally:
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)
        writer.transport.abort()
        server.close()
        target.stop()
        await target.done.wait()


def tapped(
    folder: Path,
    source: Source = sends_all,
    target: Target | None = None,
    tcp: bool = False,
    ram: bytes | None = None,
    **more: Any,
) -> tuple[Told, Target]:
    """A migration through a tap, with real sockets; ``ram`` is what the source has."""
    end = target or Target()

    return asyncio.run(_tapped(folder, source, end, tcp, more, ram)), end

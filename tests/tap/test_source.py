"""The source's memory over QMP: a monitor that is asked, one that refuses, one that is not there."""

import asyncio
import json
from asyncio import StreamReader, StreamWriter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from refmodel.tap.address import Address
from refmodel.tap.plan import Sockets
from refmodel.tap.source import asked
from refmodel.tap.tap import run_tap
from tests.tap.ends import RAM, STREAM, Target, sends_all

pytest.importorskip("qemu.qmp", reason="the extra lab")


class Monitor:
    """A monitor of QEMU with so much RAM, which it writes to files."""

    def __init__(self, ram: bytes, size: int | None = None, refuses: bool = False) -> None:
        self.ram, self.size, self.refuses = ram, len(ram) if size is None else size, refuses

    def answer(self, command: dict[str, Any]) -> dict[str, Any]:
        match command["execute"]:
            case "query-memory-size-summary":
                return {"return": {"base-memory": self.size}}
            case "pmemsave" if self.refuses:
                return {"error": {"class": "GenericError", "desc": "could not open"}}
            case "pmemsave":
                Path(command["arguments"]["filename"]).write_bytes(self.ram)
        return {"return": {}}

    async def accept(self, reader: StreamReader, writer: StreamWriter) -> None:
        version = {"qemu": {"micro": 0, "minor": 2, "major": 7}, "package": ""}
        writer.write(json.dumps({"QMP": {"version": version, "capabilities": []}}).encode() + b"\r\n")
        try:
            while data := await reader.read(1 << 16):  # a command ends with its brace, not with its line
                command = json.loads(data)
                answer = self.answer(command) | ({"id": command["id"]} if "id" in command else {})
                writer.write(json.dumps(answer).encode() + b"\r\n")
                await writer.drain()
        except ConnectionError:
            pass
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()


@contextmanager
def monitored(path: Path, monitor: Monitor) -> Iterator[None]:
    """The monitor at a socket, in a thread of its own."""
    loop = asyncio.new_event_loop()
    server = loop.run_until_complete(asyncio.start_unix_server(monitor.accept, str(path)))
    serving = Thread(target=loop.run_forever)
    serving.start()

    async def ends() -> None:
        server.close()
        if clients := asyncio.all_tasks() - {asyncio.current_task()}:
            await asyncio.wait(clients, timeout=5)

    try:
        yield
    finally:
        asyncio.run_coroutine_threadsafe(ends(), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        serving.join()
        loop.close()


async def tapped(folder: Path, monitor: Monitor | None) -> tuple[Any, Target]:
    qmp, target, ready = Address(str(folder / "qmp")), Target(), asyncio.Event()
    server = await asyncio.start_unix_server(monitor.accept, qmp.path) if monitor else None
    there = await asyncio.start_unix_server(target.accept, str(folder / "dst"))
    listen, forward = Address(str(folder / "tap")), Address(str(folder / "dst"))
    running = asyncio.create_task(run_tap(Sockets(listen, forward, lambda loop: [asked(qmp, loop)], ready=ready.set)))
    await ready.wait()
    reader, writer = await listen.connected()
    await sends_all(reader, writer)
    told = await asyncio.wait_for(running, 20)
    await target.done.wait()
    for each in (server, there):
        if each is not None:
            each.close()
    return told, target


def test_the_monitor_is_asked_for_the_ram_at_the_stop(tmp_path: Path) -> None:
    told, target = asyncio.run(tapped(tmp_path, Monitor(RAM)))
    assert target.came == STREAM
    assert told.status == 0, told


def test_what_the_monitor_says_is_compared(tmp_path: Path) -> None:
    told, _ = asyncio.run(tapped(tmp_path, Monitor(RAM[:-1] + b"\xff")))
    assert told.status == 1


@pytest.mark.parametrize(
    ("monitor", "said"),
    [
        (None, "the RAM was not written"),
        (Monitor(RAM, refuses=True), "could not open"),
        (Monitor(RAM, size=4 << 30), "at most 3 GiB"),
        (Monitor(RAM[:-4096]), "63 pages"),
    ],
)
def test_without_the_ram_there_is_no_verdict_and_the_bytes_pass(
    tmp_path: Path, monitor: Monitor | None, said: str
) -> None:
    told, target = asyncio.run(tapped(tmp_path, monitor))
    assert target.came == STREAM
    assert told.status == 2
    assert said in told.verdict.reason

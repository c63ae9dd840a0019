"""What the system does to a tap: a network that is lost without a reset, and a disk that is full at the very end."""

import asyncio
from asyncio import StreamReader, StreamWriter
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from refmodel.tap.address import Address
from refmodel.tap.outgoing import Outgoing
from refmodel.tap.recording import Kept
from tests.tap.ends import RAM, STREAM, tapped

HALF = len(STREAM) // 2
NETWORK = [TimeoutError(110, "Connection timed out"), OSError(113, "No route to host")]


@pytest.mark.parametrize("gone", NETWORK)
def test_a_source_that_the_network_loses_is_lost(
    tmp_path: Path, gone: OSError, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def pieces(self: Outgoing, reader: StreamReader) -> AsyncIterator[bytes]:
        yield STREAM[:HALF]
        raise gone

    monkeypatch.setattr(Outgoing, "_pieces", pieces)
    told, target = tapped(tmp_path, ram=RAM)
    assert told.source == "lost"
    assert not target.runs


async def sends_half(reader: StreamReader, writer: StreamWriter) -> None:
    writer.write(STREAM[:HALF])
    await reader.read()


@pytest.mark.parametrize("gone", NETWORK)
def test_a_target_that_the_network_loses_is_lost(
    tmp_path: Path, gone: OSError, monkeypatch: pytest.MonkeyPatch
) -> None:
    connected = Address.connected

    async def loses(self: Address) -> tuple[StreamReader, StreamWriter]:
        reader, writer = await connected(self)
        if self.path == str(tmp_path / "dst"):
            asyncio.get_running_loop().call_later(0.05, reader.set_exception, gone)
        return reader, writer

    monkeypatch.setattr(Address, "connected", loses)
    told, _ = tapped(tmp_path, sends_half)
    assert told.target == "lost"
    assert told.status == 2


def test_a_disk_that_is_full_at_the_very_end_is_reported_once(tmp_path: Path) -> None:
    failures: list[str] = []
    kept = Kept(tmp_path, failures.append)
    (tmp_path / "stream").symlink_to("/dev/full")
    kept.write("stream", b"a few bytes, which wait to be written")
    kept.close()
    kept.close()
    assert [said.rpartition(": ")[2] for said in failures] == ["No space left on device"]

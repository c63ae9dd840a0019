"""Either end lost, reset, slow or silent; the judge failing or too slow: what can flow flows, and it is said."""

import asyncio
import threading
from asyncio import StreamReader, StreamWriter
from collections.abc import Iterator
from pathlib import Path

import pytest

from refmodel.tap import judging
from refmodel.tap.address import Address
from refmodel.tap.given import Bytes
from refmodel.tap.plan import Sockets
from refmodel.tap.tap import run_tap
from refmodel.unusable import Unusable
from tests.tap.ends import RAM, STREAM, TAIL_AT, Target, migration, reset, tapped

HALF = len(STREAM) // 2


async def sends_half(writer: StreamWriter) -> None:
    writer.write(STREAM[:HALF])
    await writer.drain()


def test_a_source_that_is_gone_ends_the_migration_and_nothing_is_handed_over(tmp_path: Path) -> None:
    async def source(reader: StreamReader, writer: StreamWriter) -> None:
        await sends_half(writer)
        writer.close()

    told, target = tapped(tmp_path, source, ram=RAM)
    assert told.source == "closed"
    assert STREAM.startswith(target.came)
    assert not target.runs
    assert told.status == 2
    assert "nothing was handed over" in str(told.verdict.reason if told.verdict else None)


def test_a_source_that_is_reset_shows_nothing_of_the_migration(tmp_path: Path) -> None:
    async def source(reader: StreamReader, writer: StreamWriter) -> None:
        await sends_half(writer)
        await asyncio.sleep(0.05)
        reset(writer)

    told, target = tapped(tmp_path, source, ram=RAM, tcp=True)
    assert told.source == "lost"
    assert not target.runs
    assert told.status == 2
    assert "the source was lost" in str(told.verdict.reason if told.verdict else None)


def test_a_source_that_is_slow_is_waited_for(tmp_path: Path) -> None:
    async def source(reader: StreamReader, writer: StreamWriter) -> None:
        for at in range(0, len(STREAM), 1 << 14):
            writer.write(STREAM[at : at + (1 << 14)])
            await asyncio.sleep(0.01)
        writer.write_eof()
        await reader.read()

    told, target = tapped(tmp_path, source, ram=RAM, patience=5)
    assert target.runs
    assert told.status == 0


def test_a_source_that_is_silent_is_given_up_if_that_is_wanted(tmp_path: Path) -> None:
    async def source(reader: StreamReader, writer: StreamWriter) -> None:
        await sends_half(writer)
        await reader.read()

    told, target = tapped(tmp_path, source, silence=0.3)
    assert told.source == "silent"
    assert target.came == STREAM[:HALF]
    assert told.status == 2


def test_a_target_that_is_gone_is_told_to_the_source(tmp_path: Path) -> None:
    async def leaves(target: Target, reader: StreamReader, writer: StreamWriter) -> None:
        await reader.readexactly(5000)
        writer.close()

    big = migration(2000)[0]
    told, _ = tapped(tmp_path, lambda r, w: sends(w, big), Target(behaves=leaves))
    assert told.target == "lost"
    assert told.status == 2
    assert "the target was lost" in str(told.verdict.reason if told.verdict else None)


async def sends(writer: StreamWriter, data: bytes) -> None:
    try:
        writer.write(data)
        await writer.drain()
        await asyncio.sleep(30)
    except ConnectionError:
        pass


def test_a_target_that_is_reset_is_lost(tmp_path: Path) -> None:
    async def resets(target: Target, reader: StreamReader, writer: StreamWriter) -> None:
        await reader.readexactly(5000)
        reset(writer)

    told, _ = tapped(tmp_path, lambda r, w: sends(w, STREAM[:HALF]), Target(behaves=resets), tcp=True)
    assert told.target == "lost"
    assert told.status == 2


def test_a_target_that_is_slow_gets_everything_and_the_source_waits(tmp_path: Path) -> None:
    big, ram = migration(3000)

    async def slow(target: Target, reader: StreamReader, writer: StreamWriter) -> None:
        while data := await reader.read(1 << 20):
            target.came += data
            await asyncio.sleep(0.001)

    async def source(reader: StreamReader, writer: StreamWriter) -> None:
        writer.write(big)
        await writer.drain()
        writer.write_eof()
        await reader.read()

    told, target = tapped(tmp_path, source, Target(behaves=slow), ram=ram)
    assert target.came == big
    assert told.status == 0, told


def test_a_target_that_is_silent_is_given_up_if_that_is_wanted(tmp_path: Path) -> None:
    async def silent(target: Target, reader: StreamReader, writer: StreamWriter) -> None:
        await asyncio.sleep(20)

    big = migration(8000)[0]
    told, _ = tapped(tmp_path, lambda r, w: sends(w, big), Target(behaves=silent), silence=0.5)
    assert told.target == "silent"
    assert told.status == 2


def test_no_target_at_all_is_unusable_and_the_source_is_let_go(tmp_path: Path) -> None:
    async def run() -> bytes:
        ready = asyncio.Event()
        plan = Sockets(Address(str(tmp_path / "tap")), Address(str(tmp_path / "none")), ready=ready.set)
        running = asyncio.create_task(run_tap(plan))
        await ready.wait()
        reader, writer = await plan.listen.connected()
        left = await reader.read()
        writer.close()
        with pytest.raises(Unusable, match="--forward"):
            await running
        return left

    assert asyncio.run(run()) == b""


def test_a_judge_that_fails_harms_nobody_and_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(reading: object) -> None:
        raise RuntimeError("a fault of the judge")

    monkeypatch.setattr(judging, "judge_reading", fails)
    told, target = tapped(tmp_path, ram=RAM, abort=True)
    assert target.runs
    assert told.verdict is None
    assert told.status == 2
    assert told.failures == ["no verdict of the judge: it failed (RuntimeError: a fault of the judge)"]


@pytest.fixture
def stuck(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A judge that reads nothing until the test is over."""
    over = threading.Event()

    def waits(reading: object) -> None:
        over.wait(60)
        raise RuntimeError("over")

    monkeypatch.setattr(judging, "judge_reading", waits)
    yield
    over.set()


@pytest.mark.usefixtures("stuck")
def test_a_judge_that_is_too_slow_is_left_behind_in_time(tmp_path: Path) -> None:
    told, target = tapped(tmp_path, ram=RAM, abort=True, patience=0.2)
    assert target.runs
    assert told.verdict is None
    assert told.failures == ["no verdict of the judge: bytes waited for 0.2 s"]


@pytest.mark.usefixtures("stuck")
def test_a_judge_that_is_too_far_behind_is_left_behind(tmp_path: Path) -> None:
    told, target = tapped(tmp_path, ram=RAM, behind=100_000, patience=50)
    assert target.runs
    assert "more than 100000 bytes behind" in told.failures[0]


def test_a_tail_is_not_held_for_ever(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Bytes, "end", lambda self: None)  # the judge waits for more, for ever
    told, target = tapped(tmp_path, ram=RAM, patience=0.3)
    assert target.runs
    assert told.held == len(STREAM) - TAIL_AT
    assert told.failures == ["no verdict of the judge: the tail was held for 0.3 s"]


def test_a_recording_that_cannot_be_written_is_reported_and_harms_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(self: object, mode: str) -> None:
        raise OSError(28, "No space left on device")

    (tmp_path / "kept").mkdir()
    monkeypatch.setattr(Path, "open", full)
    told, target = tapped(tmp_path, record=tmp_path / "kept")
    assert target.runs
    assert "No space left on device" in told.failures[0]

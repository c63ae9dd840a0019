"""Multifd through the tap: channels pass whatever they are; their pages are judged, and the tail is held."""

import asyncio
from asyncio import StreamReader, StreamWriter
from collections.abc import Sequence
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from refmodel.oracle.readers.bytesource import ByteSource
from refmodel.oracle.recording import judge_recording
from refmodel.tap.address import Address
from refmodel.tap.judging import Judging
from refmodel.tap.plan import Told
from tests.oracle.qemu_writer import Dev, Sent, build, encode_all
from tests.oracle.test_qemu_multifd import SYNC, content, packet, start
from tests.tap.ends import RELAXED, Target, tapped

PAGES = 8
MAIN = encode_all(build([("pc.ram", PAGES * 4096)], [[Sent("pc.ram", 7, 0)], []], [Dev("timer", b"12345678")]))
TAIL_AT = MAIN.index(b"\x7e\0\0\0\2\3\0\0\0\2") + 5


def sent(number: int, *pages: tuple[int, bytes], sync: bool = False) -> bytes:
    return packet(number, *pages, flags=SYNC if sync else 0, block=b"pc.ram")


ZERO = start(0) + sent(0, sync=True) + sent(2, (0, content(1)), (1, content(2))) + sent(4, (6, content(9)), sync=True)
ZERO += sent(6, (2, content(6))) + sent(7, sync=True)
ONE = start(1) + sent(1, sync=True) + sent(3, (2, content(3)), (3, content(4))) + sent(5, (4, content(5)), sync=True)
ONE += sent(8, (5, content(8)), sync=True) + sent(8)
RAM = b"".join(content(seed) for seed in (1, 2, 6, 4, 5, 8, 9, 0))


def multifd(
    folder: Path,
    channels: Sequence[bytes] = (ZERO, ONE),
    late: Sequence[bytes] = (),
    order: list[bytes] | None = None,
    main: bytes = MAIN,
    past_the_sync: Event | None = None,
    **more: Any,
) -> tuple[Told, Target]:
    """Channels that join before the first sync point, and, once the judge is ``past_the_sync``, some that join late.

    ``order`` is that at the target.
    """

    async def source(reader: StreamReader, writer: StreamWriter) -> None:
        joined: list[StreamWriter] = []

        async def joins(data: bytes) -> None:
            _, channel = await asyncio.open_unix_connection(str(folder / "tap"))
            joined.append(channel)
            channel.write(data)
            await channel.drain()

        try:
            writer.write(main[:40])
            for data in channels:
                await joins(data)
            writer.write(main[40:TAIL_AT])
            if past_the_sync is not None:
                assert await asyncio.to_thread(past_the_sync.wait, RELAXED)
            for data in late:
                await joins(data)
            writer.write(main[TAIL_AT:])
            writer.write_eof()
            await reader.read()
        finally:
            for channel in joined:
                channel.close()
                await channel.wait_closed()

    async def takes(target: Target, reader: StreamReader, writer: StreamWriter) -> None:
        place = len(begins)
        begins.append(b"")
        first = begins[place] = await reader.read(4)
        data = first + await reader.read(-1)
        if first == b"QEVM":
            target.came = data
        else:
            beside.append(data)

    beside: list[bytes] = []
    begins = [] if order is None else order
    told, target = tapped(folder, source, Target(behaves=takes), **more)
    assert told.target == "cut" or sorted(beside) == sorted((*channels, *late))
    return told, target


def test_the_pages_of_channels_are_judged_and_the_tail_is_held(tmp_path: Path) -> None:
    told, target = multifd(tmp_path, ram=RAM)
    assert told.status == 0, told
    assert target.came == MAIN
    assert told.held == len(MAIN) - TAIL_AT
    assert told.as_json()["lost_writes"] == "compared"


@pytest.mark.parametrize("aborts", [False, True])
def test_a_page_that_a_channel_lost_is_named_before_the_target_can_start(tmp_path: Path, aborts: bool) -> None:
    old = RAM[: 2 * 4096] + content(77) + RAM[3 * 4096 :]
    told, target = multifd(tmp_path, ram=old, abort=aborts)
    assert told.status == 1
    assert told.verdict is not None
    assert [found.pfn for found in told.verdict.findings] == [2]
    assert (told.target == "cut") == aborts
    assert MAIN[:TAIL_AT].startswith(target.came) if aborts else target.came == MAIN


def test_the_order_of_channels_that_join_does_not_matter(tmp_path: Path) -> None:
    told, _ = multifd(tmp_path, (ONE, ZERO), ram=RAM)
    assert told.status == 0, told


def test_the_stream_is_the_first_to_connect_to_the_target_however_long_that_takes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    connected, delays, order = Address.connected, [0.2], list[bytes]()

    async def slowly(self: Address) -> tuple[StreamReader, StreamWriter]:
        if self.path == str(tmp_path / "dst") and delays:
            await asyncio.sleep(delays.pop())
        return await connected(self)

    monkeypatch.setattr(Address, "connected", slowly)
    multifd(tmp_path, order=order)
    assert order[0] == b"QEVM"


def test_a_channel_that_joins_late_is_not_judged_and_passes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    all_channels, past_the_sync = Judging._all_channels, Event()

    def noted(self: Judging) -> list[ByteSource]:
        channels = all_channels(self)
        past_the_sync.set()
        return channels

    monkeypatch.setattr(Judging, "_all_channels", noted)
    told, target = multifd(tmp_path, (ZERO,), (ONE,), past_the_sync=past_the_sync, ram=RAM)
    assert target.came == MAIN
    assert told.status == 2
    assert told.verdict is None
    [why] = told.failures
    assert "after the first sync point" in why


def test_what_is_no_channel_passes_and_there_is_no_verdict(tmp_path: Path) -> None:
    told, target = multifd(tmp_path, (ZERO, b"a channel of another kind" * 3), ram=RAM)
    assert target.came == MAIN
    assert told.status == 2
    assert "a multifd channel" in str(told.verdict.reason if told.verdict else None)


def test_a_channel_that_never_says_what_it_is_is_not_waited_for(tmp_path: Path) -> None:
    told, target = multifd(tmp_path, (ZERO, b"?"), ram=RAM, patience=0.4)
    assert target.came == MAIN
    assert told.failures == ["no verdict of the judge: bytes waited for 0.4 s"]


def test_one_that_says_nothing_may_be_for_what_post_copy_asks_for(tmp_path: Path) -> None:
    told, target = multifd(tmp_path, (ZERO, b""), ram=RAM, patience=0.4)
    assert target.came == MAIN
    [why] = told.failures
    assert why.startswith("no verdict of the judge: bytes waited for 0.4 s; a channel says nothing")
    assert "postcopy-preempt" in why


def test_a_channel_that_is_short_of_a_sync_point_is_not_waited_for_for_ever(tmp_path: Path) -> None:
    short = ONE[: -len(sent(8, (5, content(8)))) - len(sent(8))]
    told, target = multifd(tmp_path, (ZERO, short), ram=RAM, patience=0.4)
    assert target.came == MAIN
    assert told.verdict is None
    assert told.failures == ["no verdict of the judge: the tail was held for 0.4 s"]


def test_a_recording_has_the_channels_and_is_one_for_the_oracle(tmp_path: Path) -> None:
    multifd(tmp_path, record=tmp_path / "kept", ram=RAM)
    kept = [(tmp_path / f"kept/stream.mfd{number}").read_bytes() for number in (0, 1)]
    assert sorted(kept) == sorted((ZERO, ONE))
    assert judge_recording(str(tmp_path / "kept")).verdict == "accepted"

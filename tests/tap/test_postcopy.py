"""Post-copy through the tap: compared with the source as it was at the switch; after it nothing is held or cut."""

import asyncio
from asyncio import StreamReader, StreamWriter
from pathlib import Path
from typing import Any

from refmodel.fast.images import Image
from refmodel.fast.inputs import opens
from refmodel.tap.plan import Told
from tests.oracle.deltas import OLD
from tests.oracle.qemu_writer import encode_all
from tests.oracle.test_qemu_records import switch
from tests.tap.ends import Target, tapped

STREAM = encode_all(switch(1, 2))
"""Pages 0 to 3 are sent; 1 and 2 are dropped at the switch, and sent again, the last in the END section."""
RAM = bytes(4096) + OLD + OLD + b"\3" * 4096
RUN_AT = STREAM.index(b"\x08\0\5\0\0")
"""The command to run."""


def postcopy(folder: Path, ram: bytes, **more: Any) -> tuple[Told, Target]:
    """The source keeps the wire open until the target, which waits for every page, has all of them."""

    async def source(reader: StreamReader, writer: StreamWriter) -> None:
        writer.write(STREAM)
        await writer.drain()
        assert await reader.readexactly(4) == b"done"
        writer.close()

    async def takes(target: Target, reader: StreamReader, writer: StreamWriter) -> None:
        target.came = await reader.readexactly(len(STREAM))
        target.runs = True
        writer.write(b"done")
        await writer.drain()
        await reader.read()

    (folder / "mine").write_bytes(ram)
    image = Image("r", str(folder / "mine"), opens(str(folder / "mine")))
    return tapped(folder, source, Target(behaves=takes), images=lambda loop: [image], **more)


def test_a_right_one_is_compared_and_what_was_not_known_in_time_is_said(tmp_path: Path) -> None:
    told, target = postcopy(tmp_path, RAM, patience=5)
    assert target.runs
    assert told.status == 0, told
    assert (told.held, told.added_downtime) == (0, None)
    said = told.as_json()
    assert said["lost_writes"] == "compared"
    assert said["unchecked"].startswith("post-copy: ")


def test_a_page_that_was_lost_before_the_switch_is_named_and_nothing_is_cut(tmp_path: Path) -> None:
    told, target = postcopy(tmp_path, RAM[: 3 * 4096] + b"\4" * 4096, abort=True)
    assert target.runs
    assert told.target != "cut"
    assert told.status == 1
    assert [found.pfn for found in told.verdict.findings] == [3] if told.verdict else False


def test_a_page_that_was_owed_and_came_wrong_is_named_and_nothing_is_cut(tmp_path: Path) -> None:
    told, target = postcopy(tmp_path, RAM[:4096] + b"\4" * 4096 + RAM[2 * 4096 :], abort=True)
    assert target.runs
    assert told.target != "cut"
    assert [found.pfn for found in told.verdict.findings] == [1] if told.verdict else False


def test_what_breaks_before_the_switch_is_cut_all_the_same(tmp_path: Path) -> None:
    async def source(reader: StreamReader, writer: StreamWriter) -> None:
        writer.write(STREAM[: RUN_AT // 2] + b"\xff" * 5000)
        await writer.drain()
        await asyncio.sleep(10)

    (tmp_path / "mine").write_bytes(RAM)
    image = Image("r", str(tmp_path / "mine"), opens(str(tmp_path / "mine")))
    told, target = tapped(tmp_path, source, images=lambda loop: [image], abort=True)
    assert told.target == "cut"
    assert len(target.came) < RUN_AT

"""What cannot be told from damage cuts no right migration: an early end, and what a newer QEMU may send."""

from asyncio import StreamReader, StreamWriter
from pathlib import Path

import pytest

from refmodel.oracle.readers.vmdescription import locate
from tests.oracle.qemu_writer import Sent, build, encode_all, u64
from tests.tap.ends import PAGES, RAM, STREAM, Source, page, tapped

UNDESCRIBED = STREAM[: locate(STREAM, 0) + 1]
"""A whole stream of a machine with suppress-vmdesc=on: it ends with the EOF byte."""
PAGE_AT = STREAM.index(b"\0\0\0\0\0\0\x50\x28")
"""The head of page 5."""
START_AT = STREAM.index(b"\1\0\0\0\2\3ram")
COMMAND_AT = STREAM.index(b"\2\0\0\0\2")
"""The first section of the RAM after its START."""
SIDE = "/objects/side"


def command(number: int) -> bytes:
    return b"\x08" + number.to_bytes(2, "big") + b"\0\0"


def sends(stream: bytes, closes: bool = True) -> Source:
    async def source(reader: StreamReader, writer: StreamWriter) -> None:
        writer.write(stream)
        await writer.drain()
        if closes:
            writer.write_eof()
        await reader.read()

    return source


def test_an_early_end_is_named_and_not_cut_once_the_source_has_closed(tmp_path: Path) -> None:
    told, target = tapped(tmp_path, sends(UNDESCRIBED), ram=RAM, abort=True)
    assert target.came == UNDESCRIBED
    assert told.target == "closed"
    assert [found.rule for found in told.verdict.findings] == ["the-stream-is-whole"] if told.verdict else False
    assert told.status == 1


def test_damage_before_the_source_has_closed_is_cut_and_after_it_too(tmp_path: Path) -> None:
    for closes in (False, True):
        (folder := tmp_path / str(closes)).mkdir()
        broken = STREAM[:PAGE_AT] + u64(0x0A) + STREAM[PAGE_AT:]
        told, target = tapped(folder, sends(broken, closes), ram=RAM, abort=True)
        assert told.target == "cut"
        assert len(target.came) <= PAGE_AT


@pytest.mark.parametrize(
    ("at", "new", "said"),
    [
        (PAGE_AT, u64(0x400), "flags 0x400"),
        (PAGE_AT, u64(0x5000 | 0x820), "flags 0x820"),
        (START_AT, command(12), "command 12"),
        (COMMAND_AT, command(40), "command 40"),
    ],
)
def test_what_a_newer_qemu_may_send_is_not_judged_and_passes(at: int, new: bytes, said: str, tmp_path: Path) -> None:
    stream = STREAM[:at] + new + STREAM[at:]
    told, target = tapped(tmp_path, sends(stream), ram=RAM, abort=True)
    assert target.came == stream
    assert told.target == "closed"
    assert told.verdict is not None
    assert told.verdict.verdict == "unusable"
    assert said in str(told.verdict.reason)
    assert "is not read by this version" in str(told.verdict.reason)


@pytest.mark.parametrize("new", [u64(0), u64(0xFFF), u64(0x20), u64(0x408)])
def test_flags_that_are_no_one_bit_are_damage(new: bytes, tmp_path: Path) -> None:
    told, _ = tapped(tmp_path, sends(STREAM[:PAGE_AT] + new + STREAM[PAGE_AT:]), ram=RAM, abort=True)
    assert told.target == "cut"


def test_a_command_below_those_that_are_known_is_damage(tmp_path: Path) -> None:
    told, _ = tapped(tmp_path, sends(STREAM[:START_AT] + command(0) + STREAM[START_AT:]), ram=RAM, abort=True)
    assert told.target == "cut"


def beside(other: str, folder: Path) -> object:
    """What a tap says is unchecked, where a second block was sent and the memory of the first alone was given."""
    blocks = [("pc.ram", PAGES * 4096), (other, 4096)]
    sent = [Sent("pc.ram", pfn, page(pfn, 0)) for pfn in range(PAGES)]
    stream = encode_all(build(blocks, [[*sent, Sent(other, 0, page(0, 9))], []], []))
    ram = b"".join(page(pfn, 0) for pfn in range(PAGES))
    told, target = tapped(folder, sends(stream), ram=ram)
    assert target.came == stream
    assert told.status == 0, told
    assert told.as_json()["lost_writes"] == "compared"
    return told.as_json()["unchecked"]


def test_a_block_whose_memory_was_not_given_is_named(tmp_path: Path) -> None:
    assert beside(SIDE, tmp_path) == f"lost writes in {SIDE}: memory of the source that was not given"


def test_what_the_guest_cannot_write_to_is_not(tmp_path: Path) -> None:
    assert beside("pc.bios", tmp_path) is None


def test_where_all_was_compared_nothing_is_said(tmp_path: Path) -> None:
    told, _ = tapped(tmp_path, ram=RAM)
    assert told.as_json()["unchecked"] is None

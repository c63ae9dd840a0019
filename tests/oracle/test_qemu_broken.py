"""The QEMU stream reader: broken structure is refused by its reason; a damaged stream ends in records or an error."""

import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from refmodel.oracle.readers.bytesource import ByteSource
from refmodel.oracle.readers.errors import BrokenStream, EarlyEnd, ReaderError, UnusableInput
from refmodel.oracle.readers.qemu_records import (
    BlockList,
    Configuration,
    Device,
    EndOfSection,
    Footer,
    Page,
    RamBlock,
    Section,
    Subsection,
)
from refmodel.oracle.readers.qemu_stream import read_stream

from .qemu_writer import encode, encode_all, u64
from .small_stream import RECORDS, STREAM, broken, changed, collected, find, inserted, parse, replaced


def test_a_type_other_than_configuration_is_refused() -> None:
    assert broken(replaced(8, 1, b"\x09")).record == "configuration"


def test_an_absurd_machine_name_length_is_refused() -> None:
    assert "at most 1024 bytes, found a length of 4294967295 bytes" in str(broken(replaced(9, 4, b"\xff" * 4)))


def test_a_machine_name_that_is_no_text_is_refused() -> None:
    assert broken(replaced(13, 1, b"\xfe")).record == "machine name"


def test_a_repeated_configuration_subsection_is_refused() -> None:
    extra = Subsection("configuration/uuid", 1, bytes(16))
    assert "each subsection once" in str(broken(changed(find(Configuration), subsections=(extra, extra))))


def test_a_part_before_the_start_is_refused() -> None:
    assert broken(inserted(find(Section), encode(find(Section, 1)))).expected == "type 01 (START of the RAM)"


def test_a_second_start_is_refused() -> None:
    assert "type 02 or 03" in broken(inserted(find(Section, 1), encode(find(Section)))).expected


def test_a_section_after_the_end_is_refused() -> None:
    assert "after the RAM" in broken(inserted(find(Device), encode(find(Section, 1)))).expected


def test_a_device_section_before_the_end_of_the_ram_is_refused() -> None:
    assert broken(inserted(find(Section, 2), encode(find(Device)))).found == "type 04"


def test_a_section_with_another_id_is_refused() -> None:
    assert broken(changed(find(Section, 1), section_id=9)).found == "id 9"


def test_a_footer_with_another_id_is_refused() -> None:
    error = broken(changed(find(Footer, 1), section_id=9))
    assert str(error) == f"footer at offset {find(Footer, 1).offset}: expected the id of its section, 2, found id 9"


def test_a_missing_footer_is_refused() -> None:
    footer = find(Footer, 1)
    assert broken(replaced(footer.offset, footer.length, b"")).expected == "type 7e"


def test_a_page_of_an_unknown_block_is_refused() -> None:
    assert broken(changed(find(Page), block="pc.xxx")).found == "block 'pc.xxx'"


def test_a_page_before_the_block_list_is_refused() -> None:
    assert broken(inserted(find(BlockList), encode(find(Page)))).expected == "a RAM block of the block list"


def test_a_page_outside_its_block_is_refused() -> None:
    assert "an address inside pc.ram of 16384 bytes, found address 0x4000" in str(broken(changed(find(Page), pfn=4)))


def test_continue_before_a_block_was_named_is_refused() -> None:
    assert broken(changed(find(Page), continued=True)).expected == "a RAM block named before CONTINUE"


@pytest.mark.parametrize("flags", [0x00, 0x0A, 0x0C, 0x18, 0x24, 0x30, 0x400, 0x800, 0x241, 0x220, 0x48])
def test_flags_of_no_one_record_kind_are_refused(flags: int) -> None:
    assert broken(inserted(find(Page, 1), u64(flags))).found == f"flags {flags:#05x}"


def test_an_eos_with_an_address_is_refused() -> None:
    assert broken(replaced(find(EndOfSection).offset, 8, u64(0x1010))).record == "EOS"


def blocks(total: int, *entries: tuple[str, int]) -> BrokenStream:
    """Return the error of the small stream with another block list."""
    return broken(changed(find(BlockList), total=total, blocks=tuple(RamBlock(*entry) for entry in entries)))


def test_a_second_block_list_is_refused() -> None:
    assert broken(inserted(find(EndOfSection), encode(find(BlockList)))).found == "a second one"


def test_a_duplicate_block_is_refused() -> None:
    assert blocks(0x2000, ("a", 0x1000), ("a", 0x1000)).found == "a second block a"


def test_blocks_over_the_total_are_refused() -> None:
    assert blocks(0x2000, ("a", 0x1000), ("b", 0x2000)).found == "4096 more"


@pytest.mark.parametrize("length", [0, 1, 0x1800])
def test_a_block_of_no_whole_pages_is_refused(length: int) -> None:
    assert "a whole number of pages" in blocks(0x2000, ("a", length), ("b", 0x2000 - length)).expected


@pytest.mark.parametrize("total", [0, 1 << 50])
def test_an_absurd_total_is_refused(total: int) -> None:
    assert blocks(total, ("a", total)).found == f"{total} bytes"


def test_a_block_without_name_is_refused() -> None:
    assert blocks(0x1000, ("", 0x1000)).expected == "a printable name"


def test_too_many_blocks_are_refused() -> None:
    assert blocks(4097 * 0x1000, *((f"b{n}", 0x1000) for n in range(4097))).expected == "at most 4096 RAM blocks"


def test_a_stream_cut_at_any_offset_is_refused() -> None:
    for end in range(len(STREAM)):
        with pytest.raises(UnusableInput if end < 4 else EarlyEnd):
            parse(STREAM[:end])


# Most of the small stream is the content of a page, where damage is not seen: aim at the rest as well.
positions = st.integers(0, len(STREAM)) | st.sampled_from(RECORDS).flatmap(
    lambda record: st.integers(record.offset, record.offset + min(record.length, 40))
)
edits = st.tuples(positions, st.sampled_from(["flip", "insert", "delete"]), st.binary(min_size=1, max_size=9))


@settings(max_examples=500, deadline=None)
@given(st.lists(edits, min_size=1, max_size=4))
def test_a_damaged_stream_ends_in_records_or_a_reader_error(changes: list[tuple[int, str, bytes]]) -> None:
    data = bytearray(STREAM)
    for at, how, what in changes:
        if how == "insert":
            data[at:at] = what
        elif how == "delete":
            del data[at : at + len(what)]
        elif at < len(data):
            data[at] ^= 1 << what[0] % 8
    records, error = collected(read_stream(ByteSource(io.BytesIO(bytes(data)), "input"), keep_bytes=True))
    assert data.startswith(encode_all(records))
    if error:
        assert f"at offset {error.offset}" in str(error)
        assert "expected" in str(error)
    else:
        assert data == encode_all(records)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from([0, 8, find(Section).offset, find(Page).offset, find(Device).offset]), st.binary(max_size=200))
def test_noise_after_a_good_start_ends_in_records_or_a_reader_error(keep: int, noise: bytes) -> None:
    with pytest.raises(ReaderError):
        parse(STREAM[:keep] + noise)

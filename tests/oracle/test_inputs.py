"""Where a reader's bytes come from: pipes, files that fail, compressed parts."""

import gzip
import io
import lzma
import sys
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from refmodel.oracle.readers.bytesource import ByteSource
from refmodel.oracle.readers.compression import decompressed, open_input
from refmodel.oracle.readers.errors import UnusableInput
from refmodel.oracle.readers.qemu_stream import read_stream

from .small_stream import RECORDS, STREAM, collected


class Trickle(io.RawIOBase):
    """A pipe that gives one byte at a time."""

    def __init__(self, data: bytes) -> None:
        self._data = io.BytesIO(data)

    def read(self, size: int = -1, /) -> bytes:
        return self._data.read(min(size, 1))


def test_a_pipe_that_gives_single_bytes_is_read() -> None:
    assert list(read_stream(ByteSource(Trickle(STREAM), "-"), keep_bytes=True)) == RECORDS


def test_a_file_that_fails_is_unusable() -> None:
    class Failing:
        def read(self, size: int, /) -> bytes:
            raise OSError(5, "Input/output error")

    with pytest.raises(UnusableInput, match="cannot be read"):
        list(read_stream(ByteSource(Failing(), "disk")))


def test_a_file_that_would_block_is_unusable() -> None:
    class Nothing:
        def read(self, _: int, /) -> None:
            return None

    with pytest.raises(UnusableInput, match="would block"):
        list(read_stream(ByteSource(Nothing(), "pipe")))


def test_peek_refuses_more_than_it_buffers() -> None:
    with pytest.raises(ValueError, match="peek of 70000 bytes"):
        ByteSource(io.BytesIO(), "input").peek(70000)


# Compression


def zstd(data: bytes) -> bytes:
    """Compress with a checksum, so that damage is seen."""
    return zstandard.ZstdCompressor(write_checksum=True).compress(data)


COMPRESSORS: list[Callable[[bytes], bytes]] = [zstd, lzma.compress, gzip.compress]
compressors = pytest.mark.parametrize("compress", COMPRESSORS, ids=["zstd", "xz", "gzip"])


@pytest.mark.parametrize("compress", [*COMPRESSORS, bytes], ids=["zstd", "xz", "gzip", "plain"])
def test_a_file_is_read_whatever_its_compression(compress: Callable[[bytes], bytes], tmp_path: Path) -> None:
    path = tmp_path / "stream"
    path.write_bytes(compress(STREAM))
    with open_input(str(path)) as source:
        assert list(read_stream(source, keep_bytes=True)) == RECORDS


def test_a_dash_is_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(zstd(STREAM))))
    with open_input("-") as source:
        assert list(read_stream(source, keep_bytes=True)) == RECORDS


@compressors
def test_compressed_parts_one_after_the_other_are_one_input(compress: Callable[[bytes], bytes]) -> None:
    data = compress(STREAM[:1000]) + compress(STREAM[1000:])
    assert list(read_stream(decompressed(io.BytesIO(data), "input"), keep_bytes=True)) == RECORDS


@compressors
def test_compressed_data_cut_anywhere_is_unusable(compress: Callable[[bytes], bytes]) -> None:
    whole = compress(STREAM)
    for end in range(len(whole)):
        with pytest.raises(UnusableInput):
            list(read_stream(decompressed(io.BytesIO(whole[:end]), "input")))


@compressors
@settings(deadline=None)
@given(data=st.data())
def test_corrupt_compressed_data_ends_in_a_reader_error(
    compress: Callable[[bytes], bytes], data: st.DataObject
) -> None:
    whole = bytearray(compress(STREAM))
    whole[data.draw(st.integers(0, len(whole) - 1))] ^= data.draw(st.integers(1, 255))
    records, error = collected(read_stream(decompressed(io.BytesIO(bytes(whole)), "input"), keep_bytes=True))
    # A header field such as gzip's time may change unseen, but then the content is the same.
    assert isinstance(error, UnusableInput) or records == RECORDS


@compressors
def test_a_decompression_bomb_takes_little_memory(compress: Callable[[bytes], bytes]) -> None:
    size = 100 * 1024 * 1024
    bomb = compress(bytes(size))
    tracemalloc.start()
    try:
        source = decompressed(io.BytesIO(bomb), "bomb")
        while source.read_some(65536):
            pass
        assert source.offset == size
        assert tracemalloc.get_traced_memory()[1] < 72 * 1024 * 1024
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("path", ["no such file", ".", "nul\0byte"])
def test_a_path_that_cannot_be_opened_is_unusable(path: str) -> None:
    with pytest.raises(UnusableInput, match="cannot be opened"), open_input(path):
        pass

"""A stream of one block whose last pages may be deltas, or packed; and what such a stream is refused for."""

import pytest

from refmodel.oracle.readers.errors import BrokenStream
from refmodel.oracle.readers.qemu_records import Record

from .qemu_writer import Dev, Sent, build
from .small_stream import parse

__all__ = ["DELTA", "NEW", "OLD", "broken", "stream"]

OLD = bytes(range(256)) * 16
DELTA = b"\x05\x02ab" + b"\x80\x01" + b"\x01z"
NEW = OLD[:5] + b"ab" + OLD[7:135] + b"z" + OLD[136:]


def broken(data: bytes) -> BrokenStream:
    with pytest.raises(BrokenStream) as caught:
        parse(data)
    return caught.value


def stream(*last: Sent, first: tuple[Sent, ...] = (Sent("r", 0, OLD), Sent("r", 1, 7))) -> list[Record]:
    return build([("r", 4 * 4096)], [list(first), list(last)], [Dev("d", b"x")])

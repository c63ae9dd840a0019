"""Event files: NDJSON in, events out; a clear line for everything else."""

import contextlib
import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from refmodel.oracle.events import Begin, Block, Event, Pause, Send, Store
from refmodel.oracle.readers.bytesource import ByteSource
from refmodel.oracle.readers.events_file import read_events
from refmodel.unusable import Unusable


def read(data: bytes) -> list[Event]:
    return list(read_events(ByteSource(io.BytesIO(data), "a file")))


def test_events_are_read_a_line_each() -> None:
    data = b"""{"event": "begin", "version": 1, "blocks": [{"name": "ram", "pages": 2}]}

{"event": "store", "block": "ram", "pfn": 1, "digest": null}
{"event": "send", "block": "ram", "pfn": 1, "digest": "x", "offset": 12}
{"event": "pause"}"""
    send = Send("ram", 1, "x", offset=12)
    assert read(data) == [Begin(1, (Block("ram", 2),)), Store("ram", 1), send, Pause()]


@pytest.mark.parametrize(
    ("line", "says"),
    [
        (b"{", "line 1: no JSON"),
        (b"[]", "no event null"),
        (b'{"event": "halt"}', 'no event "halt"'),
        (b'{"event": ["a"]}', "no event"),
        (b'{"event": "send", "block": "ram", "pfn": "1", "digest": "x"}', "expected int @ $.pfn"),
        (b'{"event": "send", "block": "ram", "pfn": true, "digest": "x"}', "expected int @ $.pfn"),
        (b'{"event": "send", "block": "ram", "digest": "x"}', "pfn"),
        (b'{"event": "pause", "why": 1}', "why"),
        (b'{"event": "memory", "side": "both", "block": "ram", "pfn": 1, "digest": "x"}', "both"),
        (b'{"event": "begin", "version": 1, "blocks": {"ram": 1}}', "blocks"),
        (b"\xff\xfe", "no JSON"),
    ],
)
def test_a_line_that_is_no_event_is_named(line: bytes, says: str) -> None:
    with pytest.raises(Unusable) as unusable:
        read(line)
    assert says in str(unusable.value)
    assert "a file: line 1" in str(unusable.value)


def test_a_line_without_end_is_refused_before_it_is_held() -> None:
    with pytest.raises(Unusable, match="line 2: over 1048576 bytes long"):
        read(b'{"event": "pause"}\n' + b"x" * (3 << 20))


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200) | st.text(alphabet='{}[]":,0123evntpausbgi \n', max_size=120).map(str.encode))
def test_any_bytes_are_events_or_unusable(data: bytes) -> None:
    with contextlib.suppress(Unusable):
        read(data)

"""The targets: what each does with an input, what to begin with, and how the files of an input come apart."""

import gzip
import lzma
from collections.abc import Callable
from functools import cache
from importlib import import_module
from random import Random

import orjson
import zstandard
from attrs import frozen

from fuzz.readers import coherent, judging, qemu_seeds, reading, xen_seeds
from fuzz.readers.mutate import JSON, LINES, Form, mutated_files
from fuzz.readers.parts import pack
from fuzz.readers.qemu_pieces import channel_pieces, stream_pieces
from fuzz.readers.xen_pieces import image_pieces, table_pieces, trace_pieces
from fuzz.readers.xen_pieces import stream_pieces as xen_stream_pieces

__all__ = ["MOST", "TARGETS", "Target"]

MOST = 1 << 18
"""Bytes of one file at the most."""

_COMMANDS = tuple(qemu_seeds.commands().values())
_QEMU = Form.of(stream_pieces, "big", *_COMMANDS, bytes(7) + b"\x10", b"\0\0\0\0\0\0\2\0", b"\5\3abc\0\0\0\1")
_CHANNEL = Form.of(channel_pieces, "big")
_CHANNEL = Form(_CHANNEL.split, "big", coherent=Form(coherent.split_channel, "big", join=coherent.join_channel))
_XEN = Form.of(xen_stream_pieces, "little", b"\x0d" + bytes(7), bytes(8), b"\x0c\0\0\0\x10\0\0\0" + bytes(16))
_XEN = Form(_XEN.split, "little", _XEN.words, coherent=Form(coherent.split_xen, "little", join=coherent.join_xen))
_IMAGE = Form.of(image_pieces, "little")
_IMAGE = Form(_IMAGE.split, "little", coherent=Form(coherent.split_image, "little", join=coherent.join_image))
_TABLES = Form.of(table_pieces, "little")
_XENTRACE = Form.of(trace_pieces, "little")
_BYTES = Form(lambda data: [data[at : at + 1] for at in range(len(data))], "little")
_BLOCKS = Form(lambda data: [data[at : at + 64] for at in range(0, len(data), 64)], "little")

_QEMU_FOLDER = (_QEMU, _CHANNEL, _CHANNEL, JSON, LINES, LINES, LINES)
_LOG = ("logdirty.log", "bitmaps.bin", "peek.bin")
_XEN_FOLDER = (_XEN, _IMAGE, _IMAGE, _IMAGE, LINES, _BYTES, _BYTES, LINES, _XENTRACE, LINES, _TABLES, LINES)


@frozen
class Target:
    """``read`` is given an input; ``make`` makes seeds; ``forms`` are of its files, packed if there are several."""

    name: str
    read: Callable[[bytes], object]
    make: Callable[[], list[bytes]]
    forms: tuple[Form, ...]
    share: int = 10
    """How many inputs of some hundred; fewer for what takes longer, or has little to it."""

    def mutated(self, data: bytes, other: bytes, chance: Random, most: int = MOST) -> bytes:
        """Another input; ``other`` lends what is spliced in."""
        return mutated_files(data, other, self.forms, most, chance)


@cache
def _qemu() -> list[dict[str, bytes]]:
    return qemu_seeds.recordings()


@cache
def _xen() -> list[dict[str, bytes]]:
    return xen_seeds.recordings()


def _files(recordings: Callable[[], list[dict[str, bytes]]], *names: str) -> Callable[[], list[bytes]]:
    """One file of each recording that has it, or several of each that has the first."""

    def make() -> list[bytes]:
        having = [found for found in recordings() if names[0] in found]
        if len(names) == 1:
            return [found[names[0]] for found in having]
        return [pack([found.get(name, b"") for name in names]) for found in having]

    return make


def _with_channels() -> list[bytes]:
    return [
        pack([found.get(name, b"") for name in qemu_seeds.FILES[:3]]) for found in _qemu() if "stream.mfd0" in found
    ]


def _traces() -> list[bytes]:
    return _files(_qemu, "src.trace")() + _files(_qemu, "dst.trace")()


def _descriptions() -> list[bytes]:
    stream = _qemu()[0]["stream"]
    return [stream[stream.rindex(b"\0\6") + 6 :]]


def _events() -> list[bytes]:
    begin = {"event": "begin", "version": 1, "blocks": [{"name": "ram", "pages": 4}], "stores": "some"}
    sends = [
        {"event": "send", "block": "ram", "pfn": n, "digest": f"d{n}", "kind": "page", "offset": n} for n in range(4)
    ]
    had = [{"event": "memory", "side": side, "block": "ram", "pfn": n, "digest": f"d{n}"}
           for side in ("source", "target") for n in range(4)]  # fmt: skip
    end: list[dict[str, object]] = [{"event": "commit", "context": True}, {"event": "activate"}]
    store = {"event": "store", "block": "ram", "pfn": 1, "side": "source", "digest": "d1"}
    discard = {"event": "discard", "block": "ram", "pfn": 1, "pages": 2}
    whole = [begin, *sends, {"event": "round"}, {"event": "pause"}, *had[:4], end[0], *had[4:], end[1]]
    ordered = [begin | {"stores": "all"}, sends[1], store, *sends, {"event": "pause"}, *end]
    late = [begin, *sends, {"event": "pause"}, *had[:4], discard, *end, *sends[1:3], {"event": "done"}]
    given_up = [begin, store, sends[0], {"event": "abort"}]
    huge = [
        begin | {"blocks": [{"name": "ram", "pages": 1 << 50}]},
        sends[0],
        had[0],
        discard | {"pages": 1 << 49},
        *end,
    ]
    runs = (whole, ordered, late, given_up, huge)
    return [b"".join(orjson.dumps(event) + b"\n" for event in events) for events in runs]


def _schedules() -> list[bytes]:
    head = {"format": "refmodel-schedule", "version": 1, "machine": "seed", "variant": None, "rounds": 1}
    sizes = {"pfn": 2, "vpn": 2, "cpu": 1, "word": 1, "value": 2}
    actions = [{"step": "guest_store", "cpu": 0, "vpn": 1, "word": 0, "value": 1}]
    marks = {"broken": None, "noticed": {"what": "a store is lost", "after": 1}}
    return [orjson.dumps(head | {"sizes": sizes, "actions": actions} | more) for more in (marks, {})]


def _compressed() -> list[bytes]:
    found = []
    for data in (b"a page" * 500, bytes(1 << 22)):
        found += [zstandard.compress(data), lzma.compress(data), gzip.compress(data)]
    return [*found, found[0] + found[3], found[1] + found[1], found[2] + bytes(4) + found[2]]


def _fast(name: str) -> Callable[[bytes], object]:
    """Looked up when it is wanted: the extra ``fast`` need not be there for the others."""

    def read(data: bytes) -> object:
        return getattr(import_module("fuzz.readers.faster"), name)(data)

    return read


def _drawn() -> list[bytes]:
    """Events of bytes: runs that come to their end, with and without every store."""
    return [bytes([form, *range(1, 60)]) for form in range(16)]


def _with_truth() -> list[bytes]:
    return _files(_qemu, "stream", "truth.json")()


_T = Target
TARGETS: dict[str, Target] = {
    target.name: target
    for target in (
        _T("qemu_stream", reading.qemu_main, _files(_qemu, "stream"), (_QEMU,), 14),
        _T("qemu_multifd", reading.qemu_channels, _with_channels, _QEMU_FOLDER[:3], 8),
        _T("qemu_trace", reading.traced, _traces, (LINES,)),
        _T("qemu_stores", reading.stores, _files(_qemu, "writes.csv"), (LINES,)),
        _T("qemu_truth", reading.truth, _files(_qemu, "truth.json"), (JSON,), 6),
        _T("vmdescription", reading.description, _descriptions, (JSON,)),
        _T("events", reading.events, _events, (LINES,), 8),
        _T("events_json", reading.events, _events, (JSON,), 4),
        _T("schedules", reading.schedules, _schedules, (JSON,), 8),
        _T("compressed", reading.compressed, _compressed, (_BLOCKS,), 2),
        _T("xen_stream", reading.xen_main, _files(_xen, "stream.bin"), (_XEN,), 14),
        _T("xen_image", reading.image, _files(_xen, "src.mem"), (_IMAGE,), 4),
        _T("xen_log", reading.log_and_bitmaps, _files(_xen, *_LOG), (LINES, _BYTES, _BYTES), 6),
        _T("xentrace", reading.xentrace, _files(_xen, "trace.bin"), (_XENTRACE,)),
        _T("xen_counters", reading.counters, _files(_xen, "xenperf.txt"), (LINES,), 6),
        _T("xen_tables", reading.tables, _files(_xen, "tables.bin"), (_TABLES,), 6),
        _T("xen_registers", reading.registers, _files(_xen, "regs.txt"), (LINES,), 6),
        _T("xen_times", reading.arrivals, _files(_xen, "times.txt"), (LINES,), 6),
        _T("qemu_folder", judging.qemu_folder, _files(_qemu, *qemu_seeds.FILES), _QEMU_FOLDER, 1),
        _T("xen_folder", judging.xen_folder, _files(_xen, *xen_seeds.FILES), _XEN_FOLDER, 1),
        _T("event_file", judging.event_file, _events, (LINES,), 4),
        _T("fast", _fast("events"), _drawn, (_BYTES,), 1),
        _T("fast_lines", _fast("lines"), _events, (LINES,), 1),
        _T("fast_stream", _fast("stream"), _with_truth, (_QEMU, JSON), 1),
    )
}
"""By name; the question that each asks stands in its file in ``fuzz/targets``."""

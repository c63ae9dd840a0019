"""A small recording of Xen, made at run time: a PV guest of ten pages, and what is recorded beside its stream.

Written from the formats and not with the project's readers, so that a fault of theirs is not copied here.
"""

import struct

__all__ = ["FILES", "recordings"]

FILES = (
    "stream.bin", "src.mem", "dst.mem", "before.mem", "logdirty.log", "bitmaps.bin", "peek.bin", "times.txt",
    "trace.bin", "xenperf.txt", "tables.bin", "regs.txt",
)  # fmt: skip
Recording = dict[str, bytes]
_PAGES = 10
_PLAIN, _START, _RING, _CONSOLE, _P2M, _L4, _L3, _L2, _L1, _HOT = range(_PAGES)
_TYPES = {_L4: 0xC, _L3: 3, _L2: 2, _L1: 1}
_HERE = {pfn: 0x1000 + pfn * 3 % _PAGES for pfn in range(_PAGES)}
_THERE = {pfn: 0x2000 + pfn * 7 % _PAGES for pfn in range(_PAGES)}
_READ, _WRITE = 0x25, 0x67


def _text(words: str) -> bytes:
    return words.encode().ljust(4096, b"\0")


def _table(rows: dict[int, int]) -> bytes:
    return struct.pack("<512Q", *(rows.get(slot, 0) for slot in range(512)))


def _row(frame: int, flags: int) -> int:
    return frame << 12 | flags


def _start_info(shared: int, ring: int, console: int) -> bytes:
    body = struct.pack("<32sQQI4xQI4xQI4x", b"xen-3.0-x86_64", _PAGES, shared, 0, ring, 1, console, 2)
    return body.ljust(4096, b"\0")


def _ring(number: int) -> bytes:
    return (b"control".ljust(2048, b"\0") + struct.pack("<4I", *[number] * 4)).ljust(4096, b"\0")


def _guest(hot: str = "hot 2") -> dict[int, bytes]:
    """The pages in the form in which they travel."""
    found = {pfn: _text(f"page {pfn}") for pfn in range(_PAGES)}
    found |= {_START: _start_info(0xBF000, _RING, _CONSOLE), _RING: _ring(7), _P2M: _table(_HERE), _HOT: _text(hot)}
    found |= {_L4: _table({0: _row(_L3, _WRITE)}), _L3: _table({0: _row(_L2, _WRITE)})}
    found |= {_L2: _table({0: _row(_L1, _WRITE)}), _L1: _table({0: _row(_PLAIN, _READ), 1: _row(_HOT, _WRITE)})}
    return found


def _context(frames: dict[int, int] | None) -> bytes:
    of, out = frames or {pfn: pfn for pfn in range(_PAGES)}, bytearray(5168)
    struct.pack_into("<Q", out, 616, of[_START])
    struct.pack_into("<Q", out, 4832, of[_CONSOLE])
    struct.pack_into("<Q", out, 4960, 16)
    struct.pack_into("<4Q", out, 4984, 0x80050033, of[_L4] << 12 | (frames is None), 0x5000, of[_L4] << 12)
    return bytes(out)


def _raw(page: bytes, kind: int, frames: dict[int, int]) -> bytes:
    """A page as it lies in memory."""
    if not kind & 7:
        return page
    rows = [_row(frames[r >> 12], r & 0xFFF) if r & 1 else r for r in struct.unpack("<512Q", page)]
    if kind & 7 == 4:
        rows[256:272] = [_row(0x9999, 0x63)] * 16
    return struct.pack("<512Q", *rows)


def _image(pages: dict[int, bytes], frames: dict[int, int], domid: int) -> bytes:
    context = _context(frames)
    heads = [struct.pack("<3Q", frames[pfn], pfn, _TYPES.get(pfn, 0) << 28) for pfn in pages]
    data = [_raw(page, _TYPES.get(pfn, 0), frames) for pfn, page in pages.items()]
    head = b"XMEMDMP1" + struct.pack("<QQII", 0x10000, len(pages), domid, len(context)) + context
    return b"".join([head, *heads, *data])


def _record(kind: int, body: bytes = b"") -> bytes:
    return struct.pack("<II", kind, len(body)) + body + bytes(-len(body) % 8)


def _page_data(pages: dict[int, bytes | None]) -> bytes:
    kinds = [0xF if data is None else _TYPES.get(pfn, 0) for pfn, data in pages.items()]
    heads = [kind << 60 | pfn for kind, pfn in zip(kinds, pages, strict=True)]
    body = struct.pack(f"<II{len(heads)}Q", len(heads), 0, *heads)
    return _record(1, body + b"".join(data for data in pages.values() if data is not None))


def _stream(passes: list[dict[int, bytes | None]], verify: bool, wrapped: bool) -> tuple[bytes, int]:
    """The stream, and where its second pass begins."""
    config = b'{"c_info": {"type": "pv"}}'
    head = b"Xen saved domain, xl format\n \0 \r" + struct.pack("<5I", 0x01020304, 3, 0, len(config) + 4, len(config))
    head += config + b"LibxlFmt" + struct.pack(">II", 2, 0) + struct.pack("<II", 1, 0)
    libxc = b"\xff" * 8 + b"XENF" + struct.pack(">IH6x", 3, 0) + struct.pack("<IHHII", 1, 12, 0, 4, 17)
    libxc += _record(2, struct.pack("<BB6x", 8, 4)) + _record(0x11, b"cpu") + _record(0x12, b"msr") + _record(0x10)
    libxc += _record(3, struct.pack("<IIQ", 0, _PAGES - 1, _P2M)) + _page_data(passes[0])
    second = len(head) * wrapped + len(libxc)
    libxc += b"".join(_page_data(one) for one in passes[1:])
    if verify:
        libxc += _record(0xD) + _page_data({_PLAIN: passes[0][_PLAIN]})
    libxc += _record(8, bytes(24)) + _record(7, bytes(4096)) + _record(4, bytes(8) + _context(None))
    libxc += _record(5, bytes(72)) + _record(6, bytes(16)) + _record(0x80000042, b"skip") + _record(0)
    end = bytes(8) + b"domain is yours, you are cleared to unpause\0"
    return (head + libxc + end if wrapped else libxc), second


def _bitmap(*pfns: int) -> bytes:
    return sum(1 << pfn for pfn in pfns).to_bytes(2, "little")


def _log() -> Recording:
    """The calls and their bitmaps: a PEEK in a round, two CLEANs, the machine held still, the FINAL one."""
    calls = [
        ("peek", 1, (_HOT,)), ("clean", 2, (_CONSOLE, _HOT)), ("clean", 0, ()), ("stall begin", 0, ()),
        ("stall end", 0, ()), ("final", 1, (_HOT,)),
    ]  # fmt: skip
    lines = ['progress_single "Start"', "shadow_control dom=3 op=ENABLE_LOGDIRTY(2) mb=-1 mode=0 rc=0"]
    maps: dict[str, list[bytes]] = {"bitmap": [], "peek": []}
    for kind, faults, pfns in calls:
        if kind.startswith("stall"):
            lines.append(kind)
            continue
        where = maps["peek" if kind == "peek" else "bitmap"]
        start = f"logdirty_control dom=3 op=CLEAN(11) pages={_PAGES} mode={int(kind == 'final')}"
        counts = f"rc={_PAGES} faults={faults} dirty={len(pfns)} popcount={len(pfns)}"
        number = f"{'peek' if kind == 'peek' else 'bitmap'}#={len(where)} len=2"
        lines.append(f"{'peek done=0/16' if kind == 'peek' else start} {counts} {number}")
        where.append(_bitmap(*pfns))
    lines.append("shadow_control dom=3 op=OFF(0) mb=-1 mode=0 rc=0")
    text = "".join(f"{9 + at / 64:.6f} {line}\n" for at, line in enumerate(lines))
    return {"logdirty.log": text.encode(), "bitmaps.bin": b"".join(maps["bitmap"]), "peek.bin": b"".join(maps["peek"])}


def _trace() -> bytes:
    faults = [struct.pack("<IQQI", 5 << 28 | 0x0040F206, _row(_HERE[p], _WRITE), 0x7000, 0) for p in (_CONSOLE, _HOT)]
    call = struct.pack("<IQI", 1 << 31 | 1 << 28 | 0x0020100D, 77, 1)
    body = b"".join([*faults, call, faults[1]])
    return struct.pack("<3I", 0x0001F003 | 2 << 28, 1, len(body)) + body


def _tables(halted: dict[int, bytes]) -> bytes:
    shadow = {level: _table({0: _row(level + 1, _WRITE)}) for level in (0x3000, 0x3001, 0x3002)}
    shadow[0x3003] = _table({0: _row(_HERE[_PLAIN], _READ), 1: _row(_HERE[_HOT], _WRITE)})
    shadow |= {_HERE[pfn]: _raw(halted[pfn], _TYPES[pfn], _HERE) for pfn in (_L4, _L3, _L1)}
    return b"PHYSSPRS" + b"".join(struct.pack("<Q", mfn) + data for mfn, data in shadow.items())


def _migrated(verify: bool = False) -> Recording:
    """All pages but one that is deferred, a pass of two, an empty one, the last pass after the suspension."""
    last, halted, early = _guest(), _guest("hot 1"), _guest("hot 0")
    target = last | {
        _START: _start_info(0xBF001000, _THERE[_RING], _THERE[_CONSOLE]),
        _RING: _ring(0),
        _P2M: _table(_THERE),
    }
    first: dict[int, bytes | None] = {**early, _L1: None}
    third: dict[int, bytes | None] = {pfn: last[pfn] for pfn in (_L1, _HOT)}
    stream, split = _stream([first, {pfn: halted[pfn] for pfn in (_CONSOLE, _HOT)}, third], verify, True)
    counters = "exceptions   T=     60015\nshadow_fault fixed fault            T=  3    0  3\n"
    registers = f"CPU#0\nCPL=0 CR3=76000\n\nCPU#1\nCPL=3 II=0\nCR0=80050033 CR3={0x3000 << 12:016x} CR4=0\n"
    return {
        "stream.bin": stream,
        "src.mem": _image(last, _HERE, 3),
        "dst.mem": _image(target, _THERE, 4),
        "before.mem": _image(halted, _HERE, 3),
        **_log(),
        "times.txt": f"# reply 8.0 54\n9.02 0 {split}\n9.4 {split} {len(stream) - split}\n".encode(),
        "trace.bin": _trace(),
        "xenperf.txt": counters.encode(),
        "tables.bin": _tables(halted),
        "regs.txt": registers.encode(),
    }


def recordings() -> list[Recording]:
    """A migration, one with a VERIFY record and less beside it, and a saved domain's bare stream."""
    verified = {name: data for name, data in _migrated(True).items() if name in ("stream.bin", "src.mem", "dst.mem")}
    saved: dict[int, bytes | None] = {**_guest()}
    return [
        _migrated(),
        verified,
        {"stream.bin": _stream([saved], False, False)[0], "src.mem": _image(_guest(), _HERE, 3)},
    ]

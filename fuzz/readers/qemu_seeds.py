"""Small recordings of QEMU, made at run time: what the mutators begin with.

Written from the format and not with the project's readers, so that a fault of theirs is not copied here.
"""

import json
import struct
import zlib
from hashlib import sha256

__all__ = ["CHANNELS", "FILES", "cancelled", "commands", "content", "precopy", "recordings", "with_channels"]

RAM, ROM, PAGES = b"pc.ram", b"pc.rom", 6
CHANNELS = 2
FILES = ("stream", "stream.mfd0", "stream.mfd1", "truth.json", "src.trace", "dst.trace", "writes.csv")
Recording = dict[str, bytes]
_T0 = 1_000_000_000_000_000
"""When the migrations begin, in microseconds."""


def content(seed: int) -> bytes:
    """A page."""
    return bytes([seed, 1]) * 2048


def _name(name: bytes) -> bytes:
    return bytes([len(name)]) + name


def _page(pfn: int, flag: int, rest: bytes, block: bytes | None = RAM) -> bytes:
    head = struct.pack(">Q", pfn << 12 | flag | (0 if block else 0x20))
    return head + (_name(block) if block else b"") + rest


def _zlib(data: bytes) -> bytes:
    packed = zlib.compress(data)
    return struct.pack(">I", len(packed)) + packed


def _start(machine: bytes) -> bytes:
    return b"QEVM\0\0\0\3\7" + struct.pack(">I", len(machine)) + machine


def _section(kind: int, body: bytes, sync: int = 0x10) -> bytes:
    head = bytes([kind, 0, 0, 0, 2]) + (_name(b"ram") + struct.pack(">II", 0, 4) if kind == 1 else b"")
    return head + body + struct.pack(">Q", sync) + b"\x7e\0\0\0\2"


def _blocks(pages: int = PAGES) -> bytes:
    sizes = _name(RAM) + struct.pack(">Q", pages << 12) + _name(ROM) + struct.pack(">Q", 1 << 12)
    return struct.pack(">Q", (pages + 1) << 12 | 4) + sizes


def _tail() -> bytes:
    body = b"x" + b"\5" + _name(b"d/more") + struct.pack(">I", 1) + b"yz"
    device = b"\4\0\0\0\3" + _name(b"d") + struct.pack(">II", 0, 1) + body + b"\x7e\0\0\0\3"
    more = {"vmsd_name": "d/more", "version": 1, "fields": [{"name": "f", "size": 2}]}
    fields = [{"name": "f", "array_len": 1, "size": 1}]
    known = {"name": "d", "instance_id": 0, "version": 1, "fields": fields, "subsections": [more]}
    text = json.dumps({"page_size": 4096, "devices": [known]}).encode()
    return device + b"\0\6" + struct.pack(">I", len(text)) + text


def commands(pages: int = 2) -> dict[str, bytes]:
    """The commands, by name; ``pages``: how many the first range of DISCARD has."""
    found = {"path": (1, b""), "ping": (2, b"\0\0\0\1"), "advise": (3, struct.pack(">QQ", 4096, 4096))}
    found |= {"listen": (4, b""), "run": (5, b""), "switchover": (11, b"")}
    ranges = struct.pack(">4Q", 1 << 12, pages << 12, 4 << 12, 1 << 12)
    found["discard"] = (6, b"\0" + _name(RAM) + b"\0" + ranges)
    made = {name: b"\x08" + struct.pack(">HH", number, len(data)) + data for name, (number, data) in found.items()}
    device = b"\4\0\0\0\3" + _name(b"d") + struct.pack(">II", 0, 1) + b"x\x7e\0\0\0\3"
    package = made["listen"] + device + made["ping"] + made["run"]
    made["packaged"] = b"\x08" + struct.pack(">HHI", 7, 4, len(package)) + package
    return made


def _truth(pages: dict[int, bytes]) -> bytes:
    ram = {str(pfn): sha256(data).hexdigest()[:16] for pfn, data in pages.items()}
    side = {RAM.decode(): ram, ROM.decode(): {"0": sha256(content(99)).hexdigest()[:16]}}
    return json.dumps({"source": side, "target": side}).encode()


def precopy(packed: bool = True) -> Recording:
    """A live pass, a pass of what was dirty, the rest after the stop; all kinds of record, COMPRESS if ``packed``."""
    final = {pfn: content(pfn + 1) for pfn in range(PAGES)}
    first = _page(0, 8, final[0]) + _page(1, 8, content(50), None) + _page(2, 2, b"\0", None)
    first += _page(3, 0x100, _zlib(final[3]), None) if packed else _page(3, 8, final[3], None)
    first += _page(4, 8, final[4], None) + _page(0, 8, content(99), ROM)
    final[1] = content(50)[:100] + b"abcd" + content(50)[104:]
    second = _page(1, 0x40, b"\1" + struct.pack(">H", 6) + b"\x64\4abcd") + _page(2, 8, final[2], None)
    last = _page(5, 8, final[5])
    ends = _section(1, _blocks()) + _section(2, first) + _section(2, second) + _section(3, last) + _tail()
    sent = [[0, 1, 4] if packed else [0, 1, 3, 4], [1, 2], [5]]
    loaded = [[0, 1, 2, 3, 4], [1, 2], [5]]
    return {"stream": _start(b"pc-i440fx-7.2") + ends, "truth.json": _truth(final), **_logs(sent, loaded)}


def cancelled() -> Recording:
    """Given up in the first pass."""
    stream = _start(b"pc-i440fx-7.2") + _section(1, _blocks()) + _section(2, _page(0, 8, content(7)))
    return {"stream": stream, **_logs([[0]], [[0]], "cancelled")}


def with_channels(machine: bytes = b"pc-i440fx-7.2") -> Recording:
    """Pages on two channels, synchronised at each EOS (up to 8.0) or at the MULTIFD_FLUSH records."""
    final = {pfn: content(pfn + 1) for pfn in range(PAGES)}
    sync = struct.pack(">Q", 0x200) if machine.endswith(b"9.0") else b""
    syncs = 1 if sync else 3
    zero = _page(0, 2, b"\0") + _page(0, 8, content(99), ROM)
    final[0] = bytes(4096)
    stream = _start(machine) + _section(1, _blocks()) + _section(2, zero + sync) + _section(3, b"") + _tail()
    found = {"stream": stream, "truth.json": _truth(final)}
    for channel, pfns in enumerate(((1, 2, 3), (4, 5))):
        data = struct.pack(">II16sB39x", 0x11223344, 1, b"u" * 16, channel)
        for number in range(syncs):
            carried = pfns if number == syncs - 1 - bool(not sync) else ()
            flags = 0 if carried else 1
            data += _packet(flags, number * 4 + channel, carried, final)
            data += _packet(1, number * 4 + 2 + channel, (), final) if carried else b""
        found[f"stream.mfd{channel}"] = data
    return found


def _packet(flags: int, number: int, pfns: tuple[int, ...], pages: dict[int, bytes]) -> bytes:
    sizes = (0x11223344, 1, flags, len(pfns), len(pfns), len(pfns) << 12)
    head = struct.pack(">6IQ32x256s", *sizes, number, RAM if pfns else b"")
    places = [pfn << 12 for pfn in pfns] + [0] * (128 - len(pfns))
    return head + struct.pack(">128Q", *places) + b"".join(pages[pfn] for pfn in pfns)


def postcopy(pages: int = PAGES, dropped: int = 2) -> Recording:
    """The switch in mid-migration."""
    made, final = commands(dropped), {pfn: content(pfn + 1) for pfn in range(PAGES)}
    first = b"".join(_page(pfn, 8, final[pfn]) for pfn in range(PAGES)) + _page(0, 8, content(99), ROM)
    stream = _start(b"pc-i440fx-7.2") + made["path"] + made["advise"] + _section(1, _blocks(pages)) + _section(2, first)
    stream += made["ping"] + made["discard"] + made["packaged"]
    late = b"".join(_page(pfn, 8, final[pfn]) for pfn in (1, 2, 4))
    return {"stream": stream + _section(3, late) + b"\0", "truth.json": _truth(final)}


def _logs(sent: list[list[int]], loaded: list[list[int]], state: str = "completed") -> Recording:
    """The traces of both sides and the store log: a pass takes 100 ms, a send 1 ms."""

    def at(time: int, event: str) -> str:
        seconds, micros = divmod(_T0 + time, 1_000_000)
        return f"7@{seconds}.{micros:06}:{event}\n"

    lines = [at(-10, "vm_state_notify running 1 reason 9"), at(0, "migrate_set_state new state setup")]
    lines += [at(1, "migrate_transferred transferred 0 time_spent 0 bandwidth 0 max_size 0")]
    for number, pfns in enumerate(sent):
        begin = 1000 + number * 100_000
        if number == len(sent) - 1 and state == "completed":
            lines.append(at(begin - 500, "vm_state_notify running 0 reason 7"))
        lines.append(at(begin - 300, "migration_bitmap_sync_start "))
        lines.append(at(begin - 200, f"migration_bitmap_sync_end dirty_pages {2 * min(number, 1)}"))
        lines.append(at(begin - 100, "savevm_section_start ram, section_id 2"))
        lines += [
            at(begin + n * 1000, f"ram_save_page pc.ram: offset: {p << 12:#x} host: 0x7") for n, p in enumerate(pfns)
        ]
        if not number and state == "completed":
            lines.append(at(begin + 9000, "ram_save_page pc.rom: offset: 0x0 host: 0x7"))
        lines.append(at(begin + 10_000, "savevm_section_end ram, section_id 2 -> 0"))
    end = len(sent) * 100_000
    lines.append(at(end - 50, "migration_bitmap_clear_dirty rb pc.ram start 0x0 size 0x0 page 0x0"))
    if state == "completed":
        lines += [at(end, "savevm_section_start d, section_id 3"), at(end, "savevm_section_end d, section_id 3 -> 0")]
    lines += [at(end + 1000, f"migrate_set_state new state {state}"), at(end + 2000, "some_event of no interest")]
    target = [at(0, "ram_load_complete exit_code 0 seq iteration 1")]
    for number, pfns in enumerate(loaded):
        target += [at(1, f"ram_load_loop pc.ram: addr: {pfn << 12:#x} flags: 0x8 host: 0x7") for pfn in pfns]
        if not number and state == "completed":
            target.append(at(1, "ram_load_loop pc.rom: addr: 0x0 flags: 0x8 host: 0x7"))
        target.append(at(2, "ram_load_complete exit_code 0 seq iteration 2"))
    rows = ["kind,n,t_ns,pfn,off,size,count,t_last_ns,value\n"]
    for kind, time, pfn in (("b", -2000, 0), ("w", 50_000, 1), ("w", 60_000, 2)):
        moment = (_T0 + time) * 1000
        rows.append(f"{kind},1,{moment},{pfn},0,4,2,{moment},ff\n")
    files = {"src.trace": lines, "dst.trace": target, "writes.csv": rows}
    return {name: "".join(text).encode() for name, text in files.items()}


def recordings() -> list[Recording]:
    """One of each sort, and a machine of 32 TiB that drops all but its first page at the switch."""
    return [
        precopy(),
        precopy(False),
        cancelled(),
        with_channels(),
        with_channels(b"pc-q35-9.0"),
        postcopy(),
        postcopy(1 << 33, (1 << 33) - 1),
    ]

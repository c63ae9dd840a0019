"""An encoder of Xen recordings for tests: the stream from its records, and every file that may lie beside it."""

import struct
from pathlib import Path

from attrs import Factory, define, field

from tests.oracle.xen import xen_guest as guest

HANDSHAKE = b"domain is yours, you are cleared to unpause\0"
ABSENT = 0xF
Entry = tuple[int, int, bytes | None]
"""A page of a pass: pfn, type, content."""


def record(kind: int, body: bytes = b"") -> bytes:
    """A record of libxc's stream, padded."""
    return struct.pack("<II", kind, len(body)) + body + bytes(-len(body) % 8)


def page_data(entries: list[Entry]) -> bytes:
    """A PAGE_DATA record."""
    heads = struct.pack(f"<II{len(entries)}Q", len(entries), 0, *(kind << 60 | pfn for pfn, kind, _ in entries))
    return record(1, heads + b"".join(data for _, _, data in entries if data is not None))


def xl_header(config: bytes = b'{"c_info": {"type": "pv"}}') -> bytes:
    """xl's header."""
    head = b"Xen saved domain, xl format\n \0 \r" + struct.pack("<4I", 0x01020304, 3, 0, len(config) + 4)
    return head + struct.pack("<I", len(config)) + config


def libxc_header(version: int = 3, options: int = 0, kind: int = 1, shift: int = 12) -> bytes:
    """The header of libxc's stream."""
    image = b"\xff" * 8 + b"XENF" + struct.pack(">IH6x", version, options)
    return image + struct.pack("<IHHII", kind, shift, 0, 4, 17)


def bitmap(pfns: set[int]) -> bytes:
    """A dirty bitmap."""
    return sum(1 << pfn for pfn in pfns).to_bytes(guest.PAGES // 8, "little")


@define
class Side:
    """A memory image: what travels of each page, and the frames that it lies in."""

    pages: dict[int, bytes]
    frames: dict[int, int]
    types: dict[int, int]
    context: bytes
    domid: int
    unreadable: set[int] = field(factory=set)

    def encode(self) -> bytes:
        """The file."""
        pfns = sorted(self.pages, key=self.frames.__getitem__)
        parts = [b"XMEMDMP1", struct.pack("<QQII", 0x10000, len(pfns), self.domid, len(self.context)), self.context]
        for pfn in pfns:
            info = self.types.get(pfn, 0) << 28 | (pfn in self.unreadable) << 63
            parts.append(struct.pack("<3Q", self.frames[pfn], pfn, info))
        return b"".join(parts + [self.raw(pfn) for pfn in pfns])

    def raw(self, pfn: int) -> bytes:
        """The page as it lies in memory."""
        return guest.in_memory(self.pages[pfn], self.types.get(pfn, 0), self.frames)


@define
class Harvest:
    """A call of the log: what was dirty, and Xen's counts."""

    dirty: set[int]
    faults: int
    kind: str = "clean"
    """clean, final, or peek."""
    count: int | None = None
    """Xen's dirty count, where it is not that of the bitmap."""


def fixup(pfn: int, flags: int = guest.RW) -> bytes:
    """A SHADOW_FIXUP record of xentrace, for a page of the source."""
    gl1e = guest.entry(guest.SOURCE.get(pfn, guest.XEN_FRAME), flags)
    return struct.pack("<IQQI", 0x0040F206 | 5 << 28, gl1e, 0x7000, 0)


def hypercall(number: int) -> bytes:
    """A PV_HYPERCALL_V2 record of xentrace."""
    return struct.pack("<IQI", 0x0020100D | 1 << 28 | 1 << 31, 77, number)


@define
class Recording:
    """Everything that is recorded of a migration; the parts that are None are not written."""

    passes: list[list[Entry]]
    source: Side | None
    target: Side | None
    before: Side | None
    log: list[Harvest | str] | None
    """Harvests; "stall begin" and the like as they stand. ENABLE stands before it and OFF after it, see `switched`."""
    trace: list[bytes] | None
    counter: int | None
    tables: dict[int, bytes] | None
    cr3: int = 0x3000
    level: int = 3
    context: bytes = Factory(lambda: guest.context(None))
    verify: list[Entry] | None = None
    handshake: bytes = HANDSHAKE
    domid: int = 3
    times: list[float] | None = Factory(lambda: [9.02, 9.4])
    """When the first pass is read, and the rest; None: not recorded."""
    extra: list[bytes] = field(factory=list)
    """Records after X86_PV_INFO."""
    switched: bool = True
    """Log-dirty mode is switched before and after `log`; else "ENABLE" and "OFF" stand in it."""

    def records(self) -> list[bytes]:
        """The stream in pieces, each a header or a record."""
        frames = struct.pack("<IIQ", 0, guest.PAGES - 1, guest.P2M)
        head = [xl_header(), b"LibxlFmt" + struct.pack(">II", 2, 0), struct.pack("<II", 1, 0), libxc_header()]
        head += [record(2, struct.pack("<BB6x", 8, 4)), *self.extra, record(0x11, b"cpu"), record(0x12, b"msr")]
        head += [record(0x10), record(3, frames), *(page_data(entries) for entries in self.passes if entries)]
        if self.verify is not None:
            head += [record(0xD), page_data(self.verify)]
        tail = [record(8, bytes(24)), record(7, bytes(4096)), record(4, bytes(8) + self.context)]
        tail += [record(5, bytes(72)), record(6, bytes(16)), record(0), struct.pack("<II", 0, 0)]
        return head + tail + ([self.handshake] if self.handshake else [])

    def stream(self) -> bytes:
        """The stream."""
        return b"".join(self.records())

    def files(self) -> dict[str, bytes]:
        """All files by name."""
        found = {"stream.bin": self.stream()}
        for name, side in (("src.mem", self.source), ("dst.mem", self.target), ("before.mem", self.before)):
            if side is not None:
                found[name] = side.encode()
        if self.log is not None:
            found |= self._log(self.log)
        if self.times is not None:
            later = [at for at, piece in enumerate(self.records()) if piece[:4] == struct.pack("<I", 1)][2:3]
            split = sum(len(piece) for piece in self.records()[: later[0]]) if later else len(self.stream())
            rest = f"{self.times[1]:.6f} {split} {len(self.stream()) - split}\n"
            found["times.txt"] = f"# reply 8.0 54\n{self.times[0]:.6f} 0 {split}\n{rest}".encode()
        if self.trace is not None:
            body = b"".join(self.trace)
            found["trace.bin"] = struct.pack("<3I", 0x0001F003 | 2 << 28, 1, len(body)) + body
        if self.counter is not None:
            counts = f"exceptions   T=     60015\nshadow_fault fixed fault            T=  {self.counter}    0  9\n"
            found["xenperf.txt"] = counts.encode()
        if self.tables is not None:
            frames = (struct.pack("<Q", mfn) + data for mfn, data in self.tables.items())
            found["tables.bin"] = b"PHYSSPRS" + b"".join(frames)
            state = "CPU#0\nCPL=0 CR3=0000000000076000\n\nCPU#1\nCPL={} II=0\nCR0=80050033 CR3={:016x} CR4=0\n"
            found["regs.txt"] = state.format(self.level, self.cr3 << 12).encode()
        return found

    def _log(self, calls: list[Harvest | str]) -> dict[str, bytes]:
        head = f"dom={self.domid} op="
        lines = ['progress_single "Start of stream"']
        switches = {"ENABLE": "ENABLE_LOGDIRTY(2)", "OFF": "OFF(0)"}
        bitmaps: dict[bool, list[bytes]] = {True: [], False: []}
        for call in ["ENABLE", *calls, 'progress_single "Complete"', "OFF"] if self.switched else calls:
            if isinstance(call, str):
                lines.append(f"shadow_control {head}{switches[call]} mb=-1 mode=0 rc=0" if call in switches else call)
                continue
            peek = call.kind == "peek"
            dirty = len(call.dirty) if call.count is None else call.count
            counts = f"rc={guest.PAGES} faults={call.faults} dirty={dirty} popcount={len(call.dirty)}"
            number = f"{'peek' if peek else 'bitmap'}#={len(bitmaps[peek])} len={guest.PAGES // 8}"
            mode = f"pages={guest.PAGES} mode={int(call.kind == 'final')}"
            start = "peek done=0/16" if peek else f"logdirty_control {head}CLEAN(11) {mode}"
            lines.append(f"{start} {counts} {number}")
            bitmaps[peek].append(bitmap(call.dirty))
        found = {"logdirty.log": "".join(f"{9 + at / 64:.6f} {line}\n" for at, line in enumerate(lines)).encode()}
        found["bitmaps.bin"] = b"".join(bitmaps[False])
        if bitmaps[True]:
            found["peek.bin"] = b"".join(bitmaps[True])
        return found

    def write(self, folder: Path) -> Path:
        """Write all files."""
        for name, data in self.files().items():
            (folder / name).write_bytes(data)
        return folder


def good() -> Recording:
    """A right migration: all pages, a pass of three, an empty CLEAN, and the last pass with a deferred page."""
    last = guest.suspended()
    early = last | {guest.HOT: guest.text("hot 1"), guest.WARM: guest.text("warm 1"), guest.COLD: guest.text("cold 1")}
    early[guest.L1] = guest.table({0: guest.entry(guest.CODE, guest.RO)})
    halted = last | {guest.HOT: guest.text("hot 2"), guest.COLD: early[guest.COLD]}

    def entry(pages: dict[int, bytes], pfn: int) -> Entry:
        return pfn, guest.TYPES.get(pfn, 0), pages[pfn]

    first = [entry(early, pfn) for pfn in range(guest.PAGES)]
    first[guest.OTHER_L1] = (guest.OTHER_L1, ABSENT, None)
    second = [entry(halted, pfn) for pfn in (guest.L1, guest.HOT, guest.WARM)]
    third = [entry(last, pfn) for pfn in (guest.OTHER_L1, guest.HOT, guest.COLD)]
    names = guest.SOURCE

    def rows(*pairs: tuple[int, int]) -> bytes:
        return guest.table(dict(pairs))

    shadow = {
        0x3000: rows((0, guest.entry(0x3001, guest.RW)), (259, guest.entry(0x3000, 0x63))),
        0x3001: rows((0, guest.entry(0x3002, guest.RW))),
        0x3002: rows((0, guest.entry(0x3003, guest.RW))),
        0x3003: rows(
            (0, guest.entry(names[guest.CODE], guest.RO)),
            (1, guest.entry(names[guest.HOT], guest.RW)),
            (2, guest.entry(names[guest.WARM], guest.RO)),
            (3, guest.entry(names[guest.COLD], guest.RW | 1 << 63)),
            (9, 0xFFFF << 48 | 1),
        ),
    }
    source = Side(last, names, guest.TYPES, guest.context(names), 3)
    before = Side(halted, names, guest.TYPES, guest.context(names), 3)
    return Recording(
        passes=[first, second, third],
        source=source,
        target=Side(guest.built(), guest.TARGET, guest.TYPES, guest.context(guest.TARGET), 4),
        before=before,
        log=[
            Harvest(set(), 0, "peek"),
            Harvest({guest.HOT}, 2, "peek"),
            Harvest({guest.L1, guest.HOT, guest.WARM}, 3),
            Harvest(set(), 0),
            "stall begin",
            "stall end",
            Harvest({guest.HOT}, 1, "peek"),
            Harvest({guest.HOT, guest.COLD}, 2, "final"),
            Harvest(set(), 0, "peek"),
        ],
        trace=[
            fixup(guest.CODE, guest.RO),
            fixup(guest.HOT),
            hypercall(1),
            fixup(guest.WARM),
            fixup(guest.HOT),
            fixup(guest.COLD),
            hypercall(29),
        ],
        counter=5,
        tables=shadow | {names[pfn]: before.raw(pfn) for pfn in (guest.KERNEL_L4, guest.L3, guest.L1)},
    )

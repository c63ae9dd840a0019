"""A small migration as QEMU would record it: stream, traces and store log, each open to change."""

import io
from pathlib import Path

from attrs import define, field

from refmodel.oracle.qemu import Report
from refmodel.oracle.qemu.companions import companions
from refmodel.oracle.readers.bytesource import ByteSource
from refmodel.oracle.readers.qemu_records import Device
from refmodel.oracle.readers.qemu_stores import HEADER
from refmodel.oracle.readers.qemu_stream import read_stream
from tests.oracle.qemu_writer import Dev, Sent, build, encode_all

T0 = 1_000_000_000_000_000
"""The setup, in microseconds."""


def content(seed: int) -> bytes:
    return bytes([seed, 1]) * 2048


@define
class Run:
    """Passes of (pfn, seed); seed 0 is a zero page. A pass takes 100 ms, a send 1 ms; the last is after the stop."""

    passes: list[list[tuple[int, int]]] = field(
        factory=lambda: [[(n, n + 1) for n in range(8)], [(1, 11), (2, 12)], [(2, 22)]]
    )
    stores: list[tuple[int, int]] = field(factory=lambda: [(1, 50_000), (2, 60_000), (2, 150_000)])
    """Stores during the migration: pfn and time after the setup, in microseconds."""
    dirty: list[int] = field(factory=lambda: [0, 2, 3])
    """The counts of the syncs before each pass but the first, and of the one at the setup."""
    pages: int = 8
    state: str = "completed"

    def sent(self) -> list[list[Sent]]:
        return [[Sent("pc.ram", pfn, content(seed) if seed else 0) for pfn, seed in one] for one in self.passes]

    def stream(self, passes: list[list[Sent]] | None = None) -> bytes:
        blocks = [("pc.ram", self.pages * 4096)]
        return encode_all(build(blocks, self.sent() if passes is None else passes, [Dev("d", b"x")]))

    def source(self) -> list[str]:
        lines = [
            self._at(-10, "vm_state_notify running 1 reason 9 (running)"),
            self._at(0, "migrate_set_state new state setup"),
        ]
        for number, one in enumerate(self.passes):
            begin = 1000 + number * 100_000
            if number == len(self.passes) - 1:
                lines.append(self._at(begin - 500, "vm_state_notify running 0 reason 7 (finish-migrate)"))
            lines.append(self._at(begin - 300, "migration_bitmap_sync_start "))
            lines.append(self._at(begin - 200, f"migration_bitmap_sync_end dirty_pages {self.dirty[number]}"))
            lines.append(self._at(begin - 100, "savevm_section_start ram, section_id 2"))
            for place, (pfn, seed) in enumerate(one):
                if seed:
                    where = f"offset: {pfn * 4096:#x} host: 0x7f00"
                    lines.append(self._at(begin + place * 1000, f"ram_save_page pc.ram: {where}"))
            lines.append(self._at(begin + len(one) * 1000, "savevm_section_end ram, section_id 2 -> 0"))
        begin = len(self.passes) * 100_000
        lines.append(self._at(begin, "savevm_section_start d, section_id 3"))
        lines.append(self._at(begin, "savevm_section_end d, section_id 3 -> 0"))
        lines.append(self._at(begin + 1000, f"migrate_set_state new state {self.state}"))
        lines.append(self._at(begin + 2000, "some_event of no interest"))
        return lines

    def target(self) -> list[str]:
        lines = [self._at(0, "ram_load_complete exit_code 0 seq iteration 1")]
        for one in self.passes:
            for pfn, seed in one:
                flags = 0x8 if seed else 0x2
                lines.append(self._at(1, f"ram_load_loop pc.ram: addr: {pfn * 4096:#x} flags: {flags:#x} host: 0x7f"))
            lines.append(self._at(2, "ram_load_complete exit_code 0 seq iteration 2"))
        return lines

    def log(self, extra: tuple[str, ...] = ()) -> list[str]:
        rows = [self.row(pfn, time) for pfn, time in self.stores]
        return [HEADER, self.row(0, -2000, kind="b"), *rows, *extra]

    def row(self, pfn: int, time: int, count: int = 2, value: str = "ff", kind: str = "w") -> str:
        moment = (T0 + time) * 1000
        return f"{kind},1,{moment},{pfn},0,4,{count},{moment},{value}"

    def _at(self, time: int, event: str) -> str:
        seconds, micros = divmod(T0 + time, 1_000_000)
        return f"7@{seconds}.{micros:06}:{event}"


def judge(
    folder: Path,
    stream: bytes,
    source: list[str] | None = None,
    target: list[str] | None = None,
    log: list[str] | None = None,
) -> Report:
    """Hold a stream against the companions given."""
    for name, lines in (("src.trace", source), ("dst.trace", target), ("writes.csv", log)):
        if lines is not None:
            (folder / name).write_text("\n".join(lines) + "\n")
    return companions(folder, read_stream(ByteSource(io.BytesIO(stream), "stream"), keep_bytes=True))


def found(report: Report) -> list[tuple[str, int | None]]:
    """The findings as (rule, pfn)."""
    return [(finding.rule, finding.pfn) for finding in report.findings]


__all__ = ["Device", "Run", "content", "found", "judge"]

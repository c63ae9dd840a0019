"""The COMMAND sections of a QEMU stream (QEMU 7.2 migration/savevm.c): u16 command, u16 length, data.

Before the RAM: OPEN_RETURN_PATH, PING, and POSTCOPY_ADVISE where post-copy may follow. Between the RAM sections: PING,
SWITCHOVER_START (10.0), and for the switch to post-copy DISCARD of all pages that are still to be sent, then PACKAGED,
whose package is LISTEN, the device sections, PING, RUN. Anything else is refused.
"""

import struct
from collections.abc import Iterator

from refmodel.oracle.readers import qemu_wire as wire
from refmodel.oracle.readers.bytesource import ByteSource
from refmodel.oracle.readers.errors import BrokenStream, NotReadYet, UnknownKind, UnusableInput
from refmodel.oracle.readers.qemu_blocks import Blocks
from refmodel.oracle.readers.qemu_command_records import Command, CommandKind, Discard, PackagedDevices

MAX_PACKAGE = 32 * 1024 * 1024
"""Largest package in bytes that is buffered."""

_NOT_READ = {8: "ENABLE_COLO", 9: "POSTCOPY_RESUME", 10: "RECV_BITMAP"}
_LAST = max(kind.value for kind in CommandKind)
_NUMBERS = {
    CommandKind.OPEN_RETURN_PATH: "",
    CommandKind.PING: "I",
    CommandKind.POSTCOPY_ADVISE: "QQ",
    CommandKind.POSTCOPY_LISTEN: "",
    CommandKind.POSTCOPY_RUN: "",
    CommandKind.PACKAGED: "I",
    CommandKind.SWITCHOVER_START: "",
}
_BEFORE = (CommandKind.OPEN_RETURN_PATH, CommandKind.PING, CommandKind.POSTCOPY_ADVISE)
_BETWEEN = (
    CommandKind.PING,
    CommandKind.SWITCHOVER_START,
    CommandKind.POSTCOPY_RAM_DISCARD,
    CommandKind.PACKAGED,
)
_HEAD = struct.Struct(">BHH")
_LISTEN = _HEAD.pack(wire.COMMAND, CommandKind.POSTCOPY_LISTEN.value, 0)
_PING = _HEAD.pack(wire.COMMAND, CommandKind.PING.value, 4)
_RUN = _HEAD.pack(wire.COMMAND, CommandKind.POSTCOPY_RUN.value, 0)
_PACKAGE = "LISTEN, device sections, perhaps PING, and RUN"


class Commands:
    """Reads commands from `source`. `switched`: a package was read, the target runs."""

    def __init__(self, source: ByteSource, blocks: Blocks, keep_bytes: bool, channels: bool) -> None:
        self._source = source
        self._blocks = blocks
        self._keep_bytes = keep_bytes
        self._channels = channels
        self._advised = False
        self.switched = False

    def read(self) -> Iterator[Command | Discard | PackagedDevices]:
        """Yield the command that comes next, and what is in its package.

        Raises `BrokenStream` (`UnknownKind`: a number above all that are known), `NotReadYet` for what this version
        does not read, `UnusableInput` for a package over `MAX_PACKAGE`.
        """
        source = self._source
        offset = source.offset
        source.read_exact(1, "COMMAND")
        number = source.read_uint(2, "COMMAND")
        length = source.read_uint(2, "COMMAND")
        if number in _NOT_READ:
            raise NotReadYet(source.name, offset, f"command {_NOT_READ[number]}", "a migration without it")
        try:
            kind = CommandKind(number)
        except ValueError:
            refused = UnknownKind if number > _LAST else BrokenStream
            raise refused(offset, "COMMAND", "a command of QEMU 7.2 to 10.0", f"command {number}") from None
        self._check_place(offset, kind, length)
        data = source.read_exact(length, f"command {kind.name}")
        if kind is CommandKind.POSTCOPY_RAM_DISCARD:
            yield self._discard(offset, data)
            return
        form = struct.Struct(f">{_NUMBERS[kind]}")
        if length != form.size:
            raise BrokenStream(offset, f"command {kind.name}", f"{form.size} bytes of data", f"{length}")
        command = Command(offset, source.offset - offset, kind, form.unpack(data))
        yield command
        if kind is CommandKind.POSTCOPY_ADVISE:
            self._advise(command)
        elif kind is CommandKind.PACKAGED:
            yield from self._package(command)
            self.switched = True

    def _check_place(self, offset: int, kind: CommandKind, length: int) -> None:
        name = f"command {kind.name}"
        allowed: tuple[CommandKind, ...] = _BETWEEN if self._blocks.sizes else _BEFORE
        if self.switched:
            allowed = (CommandKind.PING,)
        if kind not in allowed:
            raise BrokenStream(offset, name, "one of " + ", ".join(other.name for other in allowed), "it here")
        if kind is CommandKind.POSTCOPY_ADVISE:
            if self._advised:
                raise BrokenStream(offset, name, "it once", "a second one")
            if not length:
                raise NotReadYet(self._source.name, offset, "post-copy of disks alone", "post-copy of the RAM")
        if kind in (CommandKind.POSTCOPY_RAM_DISCARD, CommandKind.PACKAGED):
            if not self._advised:
                raise BrokenStream(offset, name, "POSTCOPY_ADVISE before the RAM", "none")
            if self._channels:
                raise NotReadYet(self._source.name, offset, f"{name} beside multifd channels", "one of the two")

    def _advise(self, command: Command) -> None:
        self._advised = True
        if command.numbers != (wire.PAGE_SIZE, wire.PAGE_SIZE):
            sizes = " and ".join(str(number) for number in command.numbers)
            raise NotReadYet(self._source.name, command.offset, f"post-copy with pages of {sizes} bytes", "4096 bytes")

    def _discard(self, offset: int, data: bytes) -> Discard:
        """Take apart u8 version 0, u8 length and name with a NUL after it, (u64 start, u64 length) in bytes."""
        record = "command POSTCOPY_RAM_DISCARD"
        size = data[1] if len(data) > 1 else 0
        ranges_at = 3 + size
        if len(data) < ranges_at + 16 or (len(data) - ranges_at) % 16:
            raise BrokenStream(offset, record, "a name and whole ranges", f"{len(data)} bytes")
        if data[0] or data[ranges_at - 1]:
            raise BrokenStream(offset, record, "version 0, and NUL after the name", data[:ranges_at].hex())
        block = wire.as_name(data[2 : 2 + size], offset, record)
        ranges: list[tuple[int, int]] = []
        for start, length in struct.iter_unpack(">QQ", data[ranges_at:]):
            first = self._blocks.place(offset, record, block, start)
            if not length or length % wire.PAGE_SIZE or start + length > self._blocks.sizes[block]:
                raise BrokenStream(offset, record, f"whole pages inside {block}", f"{length} bytes at {start:#x}")
            ranges.append((first, length // wire.PAGE_SIZE))
        return Discard(offset, self._source.offset - offset, block, tuple(ranges))

    def _package(self, command: Command) -> Iterator[Command | PackagedDevices]:
        source = self._source
        base = source.offset
        (size,) = command.numbers
        if size > MAX_PACKAGE:
            raise UnusableInput(source.name, command.offset, f"a package of {size} bytes", f"at most {MAX_PACKAGE}")
        package = source.read_exact(size, "the package", MAX_PACKAGE)
        if not package.startswith(_LISTEN) or not package.endswith(_RUN) or len(package) < len(_LISTEN + _RUN):
            raise NotReadYet(source.name, base, "a package of another order", _PACKAGE)
        yield Command(base, len(_LISTEN), CommandKind.POSTCOPY_LISTEN)
        run_at = len(package) - len(_RUN)
        ping_at = run_at - len(_PING) - 4
        # A footer is 7e and four bytes, a PING 00 04 and four: the fifth byte from the end tells them apart.
        pinged = ping_at >= len(_LISTEN) and package[ping_at:].startswith(_PING)
        end = ping_at if pinged else run_at
        devices = package[len(_LISTEN) : end]
        if len(devices) < 5 or devices[0] != wire.SECTION_FULL or devices[-5] != wire.SECTION_FOOTER:
            raise NotReadYet(source.name, base + len(_LISTEN), "a package of another content", _PACKAGE)
        kept = devices if self._keep_bytes else None
        yield PackagedDevices(base + len(_LISTEN), len(devices), wire.digest(devices), kept)
        if pinged:
            number = int.from_bytes(package[run_at - 4 : run_at], "big")
            yield Command(base + ping_at, run_at - ping_at, CommandKind.PING, (number,))
        yield Command(base + run_at, len(_RUN), CommandKind.POSTCOPY_RUN)

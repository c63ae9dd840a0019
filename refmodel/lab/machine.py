"""One QEMU of the lab: started, driven over QMP, and gone when the lab is left, however it is left."""

import asyncio
import ctypes
import logging
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

from attrs import frozen

from refmodel.unusable import Unusable

__all__ = ["EVENTS", "Qemu", "started"]

EVENTS = (
    "migrate_set_state",
    "migrate_pending*",
    "migration_bitmap_clear_dirty",
    "migration_bitmap_sync_end",
    "migration_bitmap_sync_start",
    "migration_completion_vm_stop",
    "migration_thread_low_pending",
    "multifd_send",
    "multifd_send_sync_main",
    "ram_load_complete",
    "ram_load_loop",
    "ram_save_page",
    "runstate_set",
    "save_xbzrle_page_skipping",
    "savevm_section_end",
    "savevm_section_start",
    "vm_state_notify",
)
"""What is traced, as far as this QEMU has it; the readers of `refmodel.oracle` know these."""
_PR_SET_PDEATHSIG = 1
_TRIES, _PAUSE = 200, 0.05


@frozen
class Qemu:
    """A running QEMU, and the client of its monitor."""

    folder: Path
    name: str
    process: asyncio.subprocess.Process
    client: Any
    ram: int
    """Its RAM: a file of memory alone, that we have open as well."""
    monitors: tuple[Path, Path]
    """Ours, and one for whoever else has to ask."""

    @property
    def shared(self) -> str:
        """Its RAM by path."""
        return f"/proc/self/fd/{self.ram}"

    def memory(self) -> bytes:
        """All of its RAM, as it is now."""
        return os.pread(self.ram, os.fstat(self.ram).st_size, 0)

    async def ask(self, command: str, **arguments: Any) -> Any:
        """A QMP command. Unusable when QEMU refuses it, or is gone."""
        from qemu.qmp import QMPError

        named = {name.replace("_", "-"): value for name, value in arguments.items()}
        try:
            async with asyncio.timeout(30):
                return await self.client.execute(command, named)
        except (QMPError, OSError, TimeoutError) as error:
            raise Unusable(f"{self.name}: {command}", str(error) or "no answer", "a QEMU that takes it") from None

    async def quit(self) -> None:
        """It ends by itself, so that what it logs is whole."""
        await self.ask("quit")
        with suppress(TimeoutError):
            async with asyncio.timeout(10):
                await self.process.wait()

    async def state(self) -> str:
        """Of its migration, or ``none``."""
        return str((await self.ask("query-migrate")).get("status", "none"))

    async def enable(self, capabilities: tuple[str, ...]) -> None:
        """Turn on capabilities of the migration."""
        if capabilities:
            states = [{"capability": name, "state": True} for name in capabilities]
            await self.ask("migrate-set-capabilities", capabilities=states)


def _dies_with_us() -> None:
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


@asynccontextmanager
async def started(
    binary: str, folder: Path, name: str, ram: int, kernel: Path, line: str, *more: str, plugin: Path | None = None
) -> AsyncIterator[Qemu]:
    """A QEMU of this machine type, with RAM of so many bytes in a file; Unusable when it does not come up.

    ``plugin``: one that logs stores, to ``NAME.stores``.
    """
    from qemu.qmp import QMPClient

    monitors, trace = (folder / f"{name}.qmp", folder / f"{name}.more.qmp"), folder / f"{name}.events"
    memory = os.memfd_create(f"refmodel-{name}")
    os.ftruncate(memory, ram)
    trace.write_text("\n".join(EVENTS) + "\n")
    board = ("-accel", "tcg", "-machine", "pc,acpi=off,memory-backend=pc.ram", "-cpu", "qemu64")
    hardware = (*board, "-nodefaults", "-no-user-config")
    backend = f"memory-backend-file,id=pc.ram,size={ram},mem-path=/proc/self/fd/{memory},share=on"
    traced = ["-msg", "timestamp=on", "-D", str(folder / f"{name}.trace"), "-trace", f"events={trace}"]
    shown = ["-vga", "none", "-display", "none"]
    for monitor in monitors:
        shown += ["-qmp", f"unix:{monitor},server=on,wait=off"]
    if plugin is not None:
        stores = f"out={folder / name}.stores,ram=/proc/self/fd/{memory},size={ram}"
        more = (*more, "-plugin", f"{plugin},{stores}")
    log = folder / f"{name}.log"
    with log.open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            *(binary, *hardware, "-object", backend, "-kernel", str(kernel), "-append", line, *traced, *shown, *more),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            preexec_fn=_dies_with_us,
            pass_fds=(memory,),
        )
    logging.getLogger("qemu.qmp").setLevel(logging.CRITICAL)  # what it has to say, we say
    client = QMPClient(f"refmodel-{name}")
    try:
        await _connected(client, monitors[0], process, log)
        yield Qemu(folder, name, process, client, memory, monitors)
    finally:
        os.close(memory)
        if process.returncode is None:
            process.kill()
        await process.wait()
        with suppress(Exception):  # it lost its peer, which is what was meant
            await client.disconnect()
        for left in (*monitors, trace):
            left.unlink(missing_ok=True)


async def _connected(client: Any, monitor: Path, process: asyncio.subprocess.Process, log: Path) -> None:
    for _ in range(_TRIES):
        if process.returncode is not None:
            break
        if monitor.exists():
            try:
                await client.connect(str(monitor))
            except Exception:  # it listens, and does not answer yet
                await asyncio.sleep(_PAUSE)
                continue
            return
        await asyncio.sleep(_PAUSE)
    said = [line for line in log.read_text(errors="replace").splitlines() if line.strip() and "warning" not in line]
    raise Unusable("QEMU", said[-1] if said else "it does not come up", "a QEMU with the machine type pc and TCG")

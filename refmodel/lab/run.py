"""One run of a scenario: two QEMUs, a wire between them, a recording of it all, and what the guest's own rule says."""

import asyncio
import os
import time
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from hashlib import sha256
from pathlib import Path
from typing import TypeVar

import orjson

from refmodel.lab.faults import made
from refmodel.lab.guest import Wrong, build, progress, wrong_pages
from refmodel.lab.machine import Qemu, started
from refmodel.lab.outcome import Outcome
from refmodel.lab.scenarios import Scenario
from refmodel.lab.storelog import build_plugin, written
from refmodel.lab.tapped import wired
from refmodel.oracle.recording import judge_recording
from refmodel.tap.plan import Told
from refmodel.unusable import Unusable

__all__ = ["run"]

_T = TypeVar("_T")
_ENDS = frozenset({"completed", "failed", "cancelled"})
_LONGEST = 60.0
_LONGEST_PATH = 107
_POLL = 0.02
_GIVE_IN = 1.0
"""Seconds after which a migration that does not converge is allowed more downtime."""
_WRITES = 40
"""So many writes the guest has done before the migration begins, and does at the target after it."""
_PAGE = 4096


async def run(
    name: str, scenario: Scenario, binary: str, folder: Path, seed: int = 1, store_log: bool = False
) -> Outcome:
    """Run it, record it in the folder, judge it. Unusable without gcc, or where QEMU does not do as it is told."""
    began = time.monotonic()
    folder.mkdir(parents=True, exist_ok=True)
    _is_short(folder)
    fault = made(scenario.fault, seed) if scenario.fault else None
    differing: tuple[int, ...] = ()
    wrong: tuple[Wrong, ...] = ()
    async with AsyncExitStack() as stack:
        kernel = build(folder)
        plugin = build_plugin(binary, folder) if store_log else None
        source = await stack.enter_async_context(
            started(binary, folder, "src", scenario.ram, kernel, scenario.guest.line, plugin=plugin)
        )
        await _writes(source)
        await source.ask("migrate-set-parameters", **scenario.parameters)
        await source.enable(scenario.capabilities)
        cancelled = None
        if scenario.meanwhile == "cancel":
            cancelled = await _cancelled(source, scenario, binary, folder / "cancelled", kernel)
        target = await stack.enter_async_context(_target(scenario, binary, folder, kernel))
        await _listens(target, scenario)
        wire = await stack.enter_async_context(wired(source, folder, scenario, fault))
        await source.ask("migrate", uri=f"unix:{wire.listen}")
        status = await _ended(source, scenario)
        told = await _soon("the tap goes on", wire.told())
        if status == "completed":
            differing, wrong = await _compared(source, target, scenario)
        elif scenario.cuts:
            await _writes(source)
        if store_log:
            await source.quit()
    if store_log:
        written(folder, folder / "src.stores")
    if told.target == "cut":  # the stream is what came, and the target was not given all of it
        (folder / "dst.trace").unlink()
    verdict = await asyncio.to_thread(judge_recording, str(folder))
    struck = fault.struck if fault else None
    took = time.monotonic() - began
    return Outcome(name, status, took, verdict, differing, wrong, struck, told, folder, cancelled)


def _is_short(folder: Path) -> None:
    """A socket's path has a place of 108 bytes in the kernel, and the longest here is that of the cancelled target."""
    longest = folder / "cancelled" / "dst.more.qmp"
    if len(os.fsencode(longest)) > _LONGEST_PATH:
        raise Unusable("the lab", f"{longest} is too long for a socket", "a shorter TMPDIR")


def _target(scenario: Scenario, binary: str, folder: Path, kernel: Path) -> AbstractAsyncContextManager[Qemu]:
    """It waits after the cutover to be looked at, or, in post-copy, goes on at once."""
    waits = () if scenario.meanwhile == "post-copy" else ("-S",)
    return started(binary, folder, "dst", scenario.ram, kernel, scenario.guest.line, "-incoming", "defer", *waits)


async def _soon(what: str, comes: Awaitable[_T]) -> _T:
    """What comes; Unusable, with what is the case instead, when it takes too long."""
    try:
        async with asyncio.timeout(_LONGEST):
            return await comes
    except TimeoutError:
        raise Unusable("the lab", f"{what} after {_LONGEST:.0f} s", "a machine that is less busy") from None


async def _until(what: str, holds: Callable[[], Awaitable[bool]]) -> None:
    """Wait until it holds."""

    async def held() -> None:
        while not await holds():
            await asyncio.sleep(_POLL)

    await _soon(what, held())


async def _writes(qemu: Qemu) -> None:
    """The guest writes so many pages more."""
    before = progress(qemu.memory())

    async def holds() -> bool:
        return progress(qemu.memory()) >= before + _WRITES

    await _until(f"the guest of {qemu.name} has not written {_WRITES} pages", holds)


async def _listens(target: Qemu, scenario: Scenario) -> None:
    await target.enable(scenario.capabilities)
    names = ("multifd-channels", "xbzrle-cache-size")
    if both := {name: value for name, value in scenario.parameters.items() if name in names}:
        await target.ask("migrate-set-parameters", **both)
    await target.ask("migrate-incoming", uri=f"unix:{target.folder / 'dst.mig'}")


async def _cancelled(source: Qemu, scenario: Scenario, binary: str, folder: Path, kernel: Path) -> Told:
    """A migration that is cancelled under way; its target goes, and the guest runs on at the source."""
    folder.mkdir(exist_ok=True)
    async with _target(scenario, binary, folder, kernel) as target:
        await _listens(target, scenario)
        async with wired(source, folder, scenario) as wire:
            await source.ask("migrate", uri=f"unix:{wire.listen}")

            async def sent() -> bool:
                return int((await source.ask("query-migrate")).get("ram", {}).get("transferred", 0)) > 100_000

            await _until("nothing has been sent", sent)
            await source.ask("migrate_cancel")
            await _ended(source, Scenario("", status="cancelled"))
            told = await _soon("the tap goes on", wire.told())
    await source.ask("migrate-set-parameters", **{"max-bandwidth": 40 << 20, "downtime-limit": 60})
    await _writes(source)
    return told


async def _ended(source: Qemu, scenario: Scenario) -> str:
    """What the migration ends in; what is to happen meanwhile is done when its time comes."""
    began = time.monotonic()
    todo = scenario.meanwhile
    while True:
        info = await source.ask("query-migrate")
        status = str(info.get("status", "none"))
        if status in _ENDS:
            return status
        passed = int(info.get("ram", {}).get("dirty-sync-count", 0))
        if todo == "give in" and time.monotonic() - began > _GIVE_IN and passed > 2:
            await source.ask("migrate-set-parameters", **{"max-bandwidth": 1 << 30, "downtime-limit": 2000})
            todo = "nothing"
        if todo == "post-copy" and status == "active" and int(info.get("ram", {}).get("transferred", 0)) > 200_000:
            await source.ask("migrate-start-postcopy")
            todo = "nothing"
        if time.monotonic() - began > _LONGEST:
            raise Unusable("QEMU", f"the migration is {status} after {_LONGEST:.0f} s", "an end of it")
        await asyncio.sleep(_POLL)


async def _compared(source: Qemu, target: Qemu, scenario: Scenario) -> tuple[tuple[int, ...], tuple[Wrong, ...]]:
    """Compare both sides at the cutover, and let the guest go on; the truth is written to the folder."""
    mine = source.memory()
    differing: tuple[int, ...] = ()
    truth = {"source": {"pc.ram": _digests(mine)}}
    wrong: tuple[Wrong, ...] = ()
    if scenario.meanwhile != "post-copy":

        async def loaded() -> bool:
            return await target.state() == "completed"

        await _until("the target has not loaded everything", loaded)
        theirs = target.memory()
        truth["target"] = {"pc.ram": _digests(theirs)}
        places = range(0, scenario.ram, _PAGE)
        differing = tuple(at // _PAGE for at in places if mine[at : at + _PAGE] != theirs[at : at + _PAGE])
        wrong = tuple(wrong_pages(theirs))
        await target.ask("cont")
    (source.folder / "truth.json").write_bytes(orjson.dumps(truth))
    await _writes(target)
    await target.ask("stop")
    return differing, wrong or tuple(wrong_pages(target.memory()))


def _digests(memory: bytes) -> dict[str, str]:
    return {str(at // _PAGE): sha256(memory[at : at + _PAGE]).hexdigest()[:16] for at in range(0, len(memory), _PAGE)}

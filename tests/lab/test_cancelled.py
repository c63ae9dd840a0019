"""The system's own QEMU is cancelled while the tap holds the end of its stream: the guest stays at the source."""

import asyncio
import shutil
import tempfile
from pathlib import Path

import pytest
from attrs import evolve

from refmodel.lab import run as lab
from refmodel.lab.machine import Qemu
from refmodel.lab.outcome import Outcome
from refmodel.lab.scenarios import SCENARIOS, Scenario
from refmodel.tap.gate import Gate

from .needed import needs_qemu

pytestmark = needs_qemu


def test_a_source_that_is_cancelled_while_its_tail_is_held_keeps_the_guest(monkeypatch: pytest.MonkeyPatch) -> None:
    ends, runs = lab._ended, list[bool]()

    async def cancelled(source: Qemu, scenario: Scenario) -> str:
        async def stands_still() -> bool:
            return not (await source.ask("query-status"))["running"]

        await lab._until("the guest runs on", stands_still)
        await source.ask("migrate_cancel")
        ended = await ends(source, scenario)
        await lab._writes(source)
        runs.append(not await stands_still())
        return ended

    async def run(folder: Path) -> Outcome:
        scenario = evolve(SCENARIOS["unstopped"], status="cancelled")
        return await lab.run("held", scenario, str(shutil.which("qemu-system-x86_64")), folder)

    monkeypatch.setattr(lab, "_ended", cancelled)
    monkeypatch.setattr(Gate, "tail_is_whole", False)  # so the judge waits for the source to close the wire
    with tempfile.TemporaryDirectory(prefix="lab-", dir="/tmp") as folder:
        told = asyncio.run(run(Path(folder))).told
    assert runs == [True]
    assert told.status == 0, told
    assert told.passed < told.came
    assert told.verdict is not None
    assert told.verdict.notes == ("given up before the hand-over: the source runs on, the target never ran",)

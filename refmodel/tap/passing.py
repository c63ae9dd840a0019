"""What a tap knows while a migration passes, and what came of it."""

import asyncio
import time
from contextlib import suppress

from refmodel.fast.images import Image
from refmodel.oracle.verdict import Verdict
from refmodel.oracle.xen.wire import HANDSHAKE
from refmodel.tap.editing import Edit
from refmodel.tap.gate import Gate
from refmodel.tap.judging import Judging, Stream
from refmodel.tap.plan import Plan, Told
from refmodel.tap.recording import Kept

__all__ = ["PIECE", "Passing"]

PIECE = 1 << 18
"""Bytes that are read at once."""
_GONE = ("lost", "silent")
_ROMS = ("pc.bios", "pc.rom")
"""Of a PC; the guest cannot write to them (QEMU 7.2 hw/i386/x86.c, x86_bios_rom_init; pc.c, pc_memory_init)."""
_STANDS_STILL = (
    "the source has no return path (capability return-path): it may take the migration for completed, and stand still"
)


class Passing:
    """One migration; ``told`` is what came of it, once it was finished."""

    def __init__(self, plan: Plan, stream: Stream, edit: Edit | None = None) -> None:
        self.plan = plan
        self.told = Told()
        self.kept = Kept(plan.record, self.told.failures.append)
        self.edit = edit
        self.stream = stream
        self.loop = asyncio.get_running_loop()
        self.changed = asyncio.Event()
        self.judging = Judging(stream, self.wake, self.all_joined)
        holds = bool(stream.memory)
        self.gate = Gate(self.judging, holds and stream.of == "qemu")
        self.holds_replies = holds and stream.of == "xen"
        self.last = self.loop.time()
        self.arrived = 0.0
        """When the last byte of the source came."""
        self.ending = b""
        """What came last."""
        self.ended = False
        """The source will send no more."""

    def wake(self) -> None:
        """Something is to be seen: from any thread."""
        with suppress(RuntimeError):  # the loop is closed: nobody waits any more
            self.loop.call_soon_threadsafe(self.changed.set)

    def all_joined(self) -> None:
        """In the judge's thread: channels that have connected are accepted once the loop has gone round."""
        with suppress(RuntimeError):
            asyncio.run_coroutine_threadsafe(asyncio.sleep(0.02), self.loop).result()

    async def change(self, since: float | None, what: str) -> None:
        """Wait for something to happen; ``since`` that time, for the judge, who is left behind when it was too long."""
        left = None if since is None else max(0.0, since + self.plan.patience - self.loop.time())
        if left == 0.0:
            self.judging.leave(f"{what} for {self.plan.patience:g} s")
        with suppress(TimeoutError):  # and not ``wait_for``, which forgets to be cancelled where both come at once
            async with asyncio.timeout(left):
                await self.changed.wait()

    @property
    def is_to_be_cut(self) -> bool:
        """The judge has found something, and the target has not begun."""
        verdict, judging = self.judging.verdict, self.judging
        if not self.plan.abort or judging.switched or verdict is None or verdict.verdict != "violation":
            return False
        # All that a closed source had to send is here: without a vmdescription (suppress-vmdesc) it may well be whole,
        # and the target cannot start from one that is not.
        broke_off = self.stream.of == "qemu" and self.ended and judging.ended_early
        return not (broke_off and _is_broken_alone(verdict))

    @property
    def stands_still(self) -> bool:
        """The source of QEMU's has come to the stop-and-copy, and waits for the end of it."""
        return self.stream.of == "qemu" and self.judging.tail_at is not None

    async def finish(self) -> None:
        """Wait for the verdict, and write down what came of it."""
        told, judging = self.told, self.judging
        until = time.monotonic() + self.plan.patience
        while not judging.is_over:
            if time.monotonic() > until:
                judging.leave(f"the stream was over for {self.plan.patience:g} s")
            await asyncio.sleep(0.002)
        if judging.failure is not None:
            told.failures.append(f"no verdict of the judge: {judging.failure}")
        waits = self.stream.of == "xen" or judging.returns
        if told.target == "cut" and judging.tail_at is not None and not waits:
            told.failures.append(_STANDS_STILL)
        told.verdict = self.verdict_of(judging.verdict)
        told.came, told.passed, told.held = self.gate.came, self.gate.passed, self.gate.held
        told.switched = judging.switched
        told.not_given = self._not_given()
        if self.stream.of == "xen" or told.target not in ("cut", *_GONE):  # else the source runs on, and writes
            self.kept.truth(self.stream.memory)
        self.kept.result(told.as_json())

    def _not_given(self) -> tuple[str, ...]:
        """RAM blocks of QEMU that the guest could have written to, and whose memory nobody gave."""
        given = {image.block for image in self.stream.memory if isinstance(image, Image)}
        return tuple(block for block in self.judging.blocks if block not in given and block not in _ROMS)

    def verdict_of(self, verdict: Verdict | None) -> Verdict | None:
        """Where an end was lost, that the stream breaks off shows nothing of the migration.

        And where the target was, or was never given leave to run, that its memory is right is no hand-over.
        """
        told = self.told
        gone = [
            f"the {name} was {end}" for name, end in (("source", told.source), ("target", told.target)) if end in _GONE
        ]
        if verdict is None or told.target == "cut":
            return verdict
        broken = _is_broken_alone(verdict)
        right = verdict.verdict == "accepted"
        if right and self.stream.of == "xen" and self.ending != HANDSHAKE:
            gone.append("the sender gave no leave to unpause")
        if not gone or not (broken or (right and gone != ["the source was lost"])):
            return verdict
        return Verdict("unusable", reason=f"{' and '.join(gone)} after {self.gate.came} bytes: nothing was handed over")


def _is_broken_alone(verdict: Verdict) -> bool:
    """Nothing was found but that the stream breaks."""
    return {found.rule for found in verdict.findings} == {"the-stream-is-whole"}

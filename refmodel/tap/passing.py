"""What a tap knows while a migration passes, and what came of it."""

import asyncio
import time
from contextlib import suppress

from refmodel.fast.images import Image
from refmodel.oracle.events import Abort
from refmodel.oracle.verdict import Verdict
from refmodel.oracle.xen.wire import HANDSHAKE
from refmodel.tap.address import Address
from refmodel.tap.breaks import handed_nothing_over
from refmodel.tap.editing import Edit
from refmodel.tap.gate import Gate
from refmodel.tap.judging import Judging, Stream
from refmodel.tap.monitor import given_up
from refmodel.tap.plan import Plan, Sockets, Told
from refmodel.tap.recording import Kept
from refmodel.unusable import Unusable

__all__ = ["PIECE", "Passing"]

PIECE = 1 << 18
"""Bytes that are read at once."""
_GONE = ("lost", "silent")
_ROMS = ("pc.bios", "pc.rom")
"""Of a PC; the guest cannot write to them (QEMU 7.2 hw/i386/x86.c, x86_bios_rom_init; pc.c, pc_memory_init)."""
_LEFT = "the source closed the wire while its end was held: if it was cancelled, its guest ran on while it was compared"
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
        self.judging = Judging(stream, self.wake, self.all_joined, self.given_up)
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
        self.was_left = False
        """It closed the wire while its end was held, although it was to wait for the target's word."""
        self.taken_back: Abort | None = None
        """Then it had given the migration up."""
        self._monitor = plan.monitor if isinstance(plan, Sockets) else None
        self._asking: asyncio.Task[Abort | None] | None = None

    def wake(self) -> None:
        """Something is to be seen: from any thread."""
        with suppress(RuntimeError):  # the loop is closed: nobody waits any more
            self.loop.call_soon_threadsafe(self.changed.set)

    def all_joined(self) -> None:
        """In the judge's thread: channels that have connected are accepted once the loop has gone round."""
        with suppress(RuntimeError):
            asyncio.run_coroutine_threadsafe(asyncio.sleep(0.02), self.loop).result()

    async def asked(self, monitor: Address) -> Abort | None:
        """What the source's monitor says of a migration that broke off; it is asked once."""
        if self._asking is None:
            self._asking = asyncio.create_task(given_up(monitor, self.plan.patience / 2))
        return await asyncio.shield(self._asking)

    def given_up(self) -> Abort | None:
        """The same, in the judge's thread; None without a monitor. Unusable when it says nothing."""
        if self._monitor is None or self.loop.is_closed():
            return None
        asking = asyncio.run_coroutine_threadsafe(self.asked(self._monitor), self.loop)
        try:
            return asking.result(self.plan.patience)
        except Unusable:
            raise
        except Exception as error:
            asking.cancel()
            said = str(error) or type(error).__name__
            raise Unusable("--qmp", f"it was not said how the migration ended ({said})", "QEMU's monitor") from error

    async def is_taken_back(self) -> bool:
        """The source has closed the wire, on which it was to wait for the target's word, before it can have had any.

        If it was cancelled it runs on, while it is compared: the target must not start. If it has died, the target is
        the only one that has the guest.
        """
        tail = self.judging.tail_at
        left = self.ended and self.judging.returns and tail is not None and self.gate.passed <= tail
        if not left or self.judging.switched or self.was_left:
            return False
        self.was_left = True
        if self._monitor is not None:
            with suppress(Exception):  # it may be gone, with its host
                self.taken_back = await self.asked(self._monitor)
        return self.taken_back is not None

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
        return not (broke_off and (judging.abort is not None or _is_broken_alone(verdict)))

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
        if self.was_left and self.taken_back is None and judging.abort is None:
            told.failures.append(_LEFT)
        told.verdict = self.verdict_of(judging.verdict)
        told.came, told.passed, told.held = self.gate.came, self.gate.passed, self.gate.held
        told.switched = judging.switched
        told.not_given = self._not_given()
        runs_on = judging.abort is not None or told.target in ("cut", *_GONE)
        if self.stream.of == "xen" or not runs_on:  # else it writes
            self.kept.truth(self.stream.memory)
        self.kept.result(told.as_json())

    def _not_given(self) -> tuple[str, ...]:
        """RAM blocks of QEMU that the guest could have written to, and whose memory nobody gave."""
        given = {image.block for image in self.stream.memory if isinstance(image, Image)}
        return tuple(block for block in self.judging.blocks if block not in given and block not in _ROMS)

    def verdict_of(self, verdict: Verdict | None) -> Verdict | None:
        """Where an end was lost, or the guest had not been stopped, that the stream breaks off shows nothing.

        And where the target was lost, or was never given leave to run, that its memory is right is no hand-over.
        """
        told, judging = self.told, self.judging
        gone = [
            f"the {name} was {end}" for name, end in (("source", told.source), ("target", told.target)) if end in _GONE
        ]
        if self.taken_back is not None:
            return handed_nothing_over(self.taken_back, self.stream.where)
        if verdict is None or told.target == "cut" or judging.abort is not None:
            return verdict
        broken = _is_broken_alone(verdict)
        early = broken and judging.ended_early and not judging.switched
        right = verdict.verdict == "accepted"
        notes: tuple[str, ...] = ()
        if self.stream.of == "xen":
            if (right or early) and self.ending != HANDSHAKE:
                gone.append("the sender gave no leave to unpause")
        elif early and judging.tail_at is None and not judging.has_channels and not gone:
            gone.append("the stream ended in a live round")
            notes = ("with --qmp the source is asked whether its guest runs on",)
        if not gone or not (broken or (right and gone != ["the source was lost"])):
            return verdict
        reason = f"{' and '.join(gone)} after {self.gate.came} bytes: nothing was handed over"
        return Verdict("unusable", reason=reason, notes=notes)


def _is_broken_alone(verdict: Verdict) -> bool:
    """Nothing was found but that the stream breaks."""
    return {found.rule for found in verdict.findings} == {"the-stream-is-whole"}

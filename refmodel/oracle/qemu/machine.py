"""The machine ``kvm-qemu`` in lockstep with a recording: what each thing recorded is in its steps.

| recorded | steps of ``kvm-qemu`` |
| --- | --- |
| the first sync, while the migration is set up | begin, and what makes ready for the first round |
| migrate_pending | the policy's threshold |
| migration_bitmap_sync_end, while the guest runs | the pages that it found are marked; next_round |
| migration_bitmap_clear_dirty | clear_dirty_log of its chunks, clear_flush |
| ram_save_page, or a record that leaves no event | transfer_clear, transfer_read, transfer_done |
| vm_state_notify, for the hand-over | pause |
| the sync after that | final_harvest |
| the end of the stream | send_registers, send_table, commit |

A block whose log is cleared at each sync, not put off (``Block.puts_off``), is cleared, hidden, when a page of it is
sent first. After a finding the machine goes on as the recording does.
"""

from collections.abc import Iterable, Mapping, Sequence

from refmodel.compose import compose
from refmodel.language import Map
from refmodel.oracle.lockstep import Lockstep
from refmodel.oracle.qemu.found import Doubt
from refmodel.oracle.qemu.taken_up import Block, Cleared
from refmodel.oracle.qemu.through_rules import CLEARS, COMMITS, COUNTS, OWES, POLICY, STANDS
from refmodel.state import Phase

__all__ = ["QemuMachine"]

_PAGE = 4096
_UNBOUNDED = 1 << 30
_BEGIN = ("send_configuration", "device_start_log", "log_enable", "enable_revoke", "enable_flush")
_AFTER = {"next_round": "not just", "pause": "just"}
_CONTEXT = ("send_registers", "send_table")


class QemuMachine(Lockstep):
    """Takes what was recorded, in order; `chunks`: the pages of a chunk of each block of which that is known."""

    def __init__(self, blocks: Sequence[Block], chunks: Mapping[str, int]) -> None:
        self.blocks = blocks
        self._first_chunk: dict[str, int] = {}
        self._hidden: set[int] = set()
        """Chunks whose clearing is not traced."""
        chunk_of: list[int] = []
        count = 0
        for block in blocks:
            size = chunks.get(block.name, block.pages)
            self._first_chunk[block.name] = count
            chunk_of += (count + page // size for page in range(block.pages))
            number = -(-block.pages // size)
            if not block.puts_off:
                self._hidden.update(range(count, count + number))
            count += number
        super().__init__(compose("kvm-qemu")(), len(chunk_of), chunk=count)
        of: Map[int, int] = Map((len(chunk_of),), tuple(chunk_of))
        m = self.m
        self.m = m.but(slot=m.slot.but(chunk_of=of), rounds=m.rounds.but(left=_UNBOUNDED))
        self.go_on("begin")
        self.go_on("reserve")
        self.prepare(_BEGIN)
        self.go_on("start_rounds")

    # the log

    def first_sync(self, count: int, when: str) -> None:
        """The sync of the set-up, when every page is owed."""
        self._count((), count, when)

    def sync(self, found: Iterable[int], count: int, when: str, most: int | None) -> None:
        """A sync while the guest runs: it finds these pages, and counts so many that were not owed.

        `most`: with fewer bytes pending the source syncs, and stops; None where that is not traced.
        """
        self._count(found, count, when)
        self._by_policy("next_round", most, f"{when} comes")

    def last_sync(self, found: Iterable[int], count: int, when: str, most: int | None, *, stopped: bool) -> None:
        """The last one; `stopped`: the vCPUs had stopped by then."""
        self._count(found, count, when)
        self.counts[STANDS] += 1
        if not stopped and (refused := self.take("final_harvest")) is not None:
            self.find(STANDS, f"{when} comes before the vCPUs stop, and kvm-qemu needs that {refused} for it")
        self._by_policy("pause", most, "the vCPUs stop")
        self.go_on("final_harvest")

    def _by_policy(self, step: str, most: int | None, what: str) -> None:
        """A step that the policy decides on: by what is pending, and by a threshold that is traced with it.

        With pages for bytes fewer than `most` are as many as `most` - 1 has, or fewer than `most` has with one begun.
        """
        pending = self.m.pending
        if most is None or most <= pending.pages == 0:
            self._decide(step)  # hidden; or nothing is owed, and nothing would be waited for
        else:
            self.counts[POLICY] += 1
            threshold = (most - 1) // _PAGE if step == "next_round" else -(-most // _PAGE)
            self.m = self.m.but(pending=pending.but(threshold=threshold))
        if self.take(step) is not None:
            after = "just" if pending.exact else "not just"
            story = f"{what} with {pending.pages * _PAGE} bytes pending, {after} after a sync"
            self.find(POLICY, f"{story}, and kvm-qemu needs fewer than {most}, {_AFTER[step]} after one")
            self._decide(step)
            self.go_on(step)

    def _decide(self, step: str) -> None:
        """Let the policy decide for the step."""
        pending, stops = self.m.pending, step == "pause"
        self.m = self.m.but(pending=pending.but(threshold=pending.pages + stops, exact=stops))

    def _count(self, found: Iterable[int], count: int, when: str) -> None:
        self.mark(found)
        self.counts[COUNTS] += 1
        new = (self.spec.found(self.m) - self.owed).size
        if new != count:
            self.find(COUNTS, f"{when} counts {count} new dirty pages, and kvm-qemu can have no more than {new}")

    def pending(self, size: int) -> None:
        """The source says how many bytes it owes."""
        self.counts[COUNTS] += 1
        pages = self.m.pending.pages
        if size != pages * _PAGE:
            self.find(COUNTS, f"{size // _PAGE} pages are pending, says the source, and kvm-qemu owes {pages}")

    def clear(self, clear: Cleared) -> None:
        """The log of a chunk is cleared; once the guest stands still that protects nothing any more."""
        if self.m.phase == Phase.LIVE:
            self._clear(self._first_chunk[clear.block.name] + clear.number)

    def _clear(self, chunk: int) -> None:
        self.take("clear_dirty_log", chunk)
        self.prepare(("clear_flush",))

    # the pages

    def take_up(self, page: int, doubt: Doubt) -> None:
        """A page is sent; where that changes nothing, it may be a copy too many, which nobody need have taken up."""
        if doubt is Doubt.UNCHANGED and not self.owed[page]:
            return
        self.counts[OWES] += 1
        chunk = self.m.slot.chunk_of[page]
        if chunk in self._hidden:
            if self.m.slot.uncleared[chunk]:
                self._clear(chunk)
        elif self.m.phase == Phase.LIVE:
            self.counts[CLEARS] += 1
        refused = self.send(page)
        if refused is not None and self.m.slot.uncleared[chunk] and self.m.phase == Phase.LIVE:
            self.find(CLEARS, f"sent, and kvm-qemu needs that {refused}: a store before that is lost", page)
            self._clear(chunk)
            refused = self.send(page)
        if refused is not None:
            why = "no sync since it was sent last can have counted it besides all others that were sent"
            self.find(OWES, f"sent, and kvm-qemu needs that {refused}: {why}", page)

    def commit(self) -> None:
        """The stream ends."""
        self.prepare(_CONTEXT)
        self.counts[COMMITS] += 1
        if (refused := self.take("commit")) is not None:
            owed = self.owed.size
            self.find(COMMITS, f"kvm-qemu needs that {refused}, and {owed} that syncs have counted were never sent")

"""The machine ``xen`` in lockstep with a recording: what each thing recorded is in its steps.

| recorded | steps of ``xen`` |
| --- | --- |
| ENABLE_LOGDIRTY | begin, and what makes ready for the first round |
| an entry of PAGE_DATA | transfer_clear, transfer_read, transfer_done; in a live round, without data, transfer_defer |
| CLEAN, with its bitmap | its pages are marked; round_over; harvest_hold, harvest_leaf, next_round, and so on |
| PEEK, with its bitmap | its pages are marked |
| a policy's answer | a stop: no round is left |
| the suspension | round_over, pause |
| FINAL CLEAN | final_harvest |
| the end of the stream | send_registers, send_table, commit |

After a finding the machine goes on as the recording does.
"""

from refmodel.compose import compose
from refmodel.language import Map
from refmodel.oracle.lockstep import Lockstep, few
from refmodel.oracle.wide import WideSet
from refmodel.oracle.xen.bitmaps import Bitmap
from refmodel.oracle.xen.call_log import Decision
from refmodel.oracle.xen.harvests import Harvested
from refmodel.oracle.xen.through_rules import COMMITS, COUNTS, HARVESTS, OWES, POLICY, SENT
from refmodel.state import Phase

__all__ = ["XenMachine"]

_LEAF = 15
"""A leaf of Xen's log has the bits of 2 to the power of so many pages."""
_UNBOUNDED = 1 << 30
_BEGIN = (
    *("send_configuration", "log_enable", "harvest_blow", "harvest_flush", "harvest_release"),
    *("enable_revoke", "enable_flush"),
)
_QUIET = ("hypervisor_finish", "mark_mapped")
_PROTECT = ("harvest_blow", "harvest_flush", "harvest_release")
_CONTEXT = ("send_registers", "send_table")


class XenMachine(Lockstep):
    """Takes what was recorded, in order."""

    def __init__(self, pages: int) -> None:
        super().__init__(compose("xen")(), pages, chunk=-(-pages >> _LEAF) or 1)
        of: Map[int, int] = Map((pages,), tuple(page >> _LEAF for page in range(pages)))
        populated = self.m.on_demand.populated.filled()
        self.m = self.m.but(
            leaves=self.m.leaves.but(of=of),
            rounds=self.m.rounds.but(left=_UNBOUNDED),
            on_demand=self.m.on_demand.but(populated=populated),
            granted=self.m.granted.but(mapped=self.m.granted.mapped.cleared()),
        )
        self.pages = pages
        self.other_policy: Decision | None = None
        """An answer that Xen's own policy would not have given: to go on."""
        self._against = False
        """The policy has been left behind: there is nothing more to say of it."""
        self._cleans = self._passes = self._total = 0
        self.go_on("begin")
        self.go_on("reserve")
        self.prepare(_BEGIN)

    @property
    def owes(self) -> bool:
        """Pages are still to be sent of the round."""
        return not self.owed.is_empty

    # the stream

    def start_rounds(self) -> None:
        """ENABLE has returned, and pages follow while the guest runs."""
        self.go_on("start_rounds")

    def send_pass(self, entries: list[int]) -> None:
        """A pass: its entries as ``2 * pfn``, plus 1 for one without data."""
        live = self.m.phase == Phase.LIVE
        for entry in entries:
            pfn = entry >> 1
            if entry & 1 and live:
                refused = self.take("transfer_clear", pfn)
                if refused is None:
                    self.go_on("transfer_defer")
            else:
                refused = self.send(pfn)
            if refused is not None:
                allowed = f"it would have taken up {few(self.owed)}"
                self.find(OWES, f"pass {self._passes} has the page, and xen needs that {refused}: {allowed}", pfn)
        self.counts[OWES] += len(entries)
        self._passes += 1

    def commit(self) -> None:
        """The stream ends."""
        self.prepare(_CONTEXT)
        self.counts[COMMITS] += 1
        if (refused := self.take("commit")) is not None:
            self.find(COMMITS, f"xen needs that {refused}: {few(self.owed)} still to send", self._first_owed())

    def _first_owed(self) -> int | None:
        return next(self.owed.each(), None)

    # the log

    def end_round(self, decisions: list[Decision], by: str) -> None:
        """The round is over, says what comes next in the log, and a policy may have been asked."""
        for asked in decisions:
            if asked.dirty >= 0:
                self._told(asked, self.m.policy.dirty_count)
        self.counts[SENT] += 1
        self._total += self.m.policy.dirty_count
        if (refused := self.take("round_over")) is not None:
            message = f"{by} comes, and xen needs that {refused}: {few(self.owed)} still to send"
            self.find(SENT, message, self._first_owed())
            self.owes_no_more()
            self.go_on("round_over")
        for asked in decisions:
            if asked.dirty < 0:
                self._told(asked, -1)
        if any(not asked.goes_on for asked in decisions):
            self.m = self.m.but(rounds=self.m.rounds.but(left=0))
        elif decisions and not self.spec.may_go_on(self.m):
            self.other_policy = self.other_policy or decisions[-1]
            self._goes_on()

    def _told(self, asked: Decision, dirty: int) -> None:
        self.counts[COUNTS] += 1
        known = (self.m.policy.iteration, self._total, dirty)
        if (asked.iteration, asked.total, asked.dirty) != known:
            told = f"iteration {asked.iteration}, {asked.total} written, {asked.dirty} dirty"
            message = f"line {asked.line}: the policy is told {told}; xen has {known[0]}, {known[1]} and {known[2]}"
            self.find(COUNTS, message)

    def clean(self, clean: Harvested, bitmap: Bitmap, decisions: list[Decision]) -> None:
        """A CLEAN between two rounds."""
        number = self._cleans
        self.end_round(decisions, f"CLEAN {number}")
        self._harvest(bitmap, f"CLEAN {number}")
        self.counts[POLICY] += 1
        if (refused := self.take("harvest_hold")) is not None:
            self._against_policy(f"CLEAN {number} begins another round", refused, "suspended the guest")
            self._goes_on()
            self.go_on("harvest_hold")
        self.prepare(("harvest_leaf",))
        self._counted(clean)
        self.go_on("next_round")
        self.prepare(_PROTECT)
        self._cleans += 1

    def suspend(self, final: Harvested, bitmap: Bitmap, decisions: list[Decision]) -> None:
        """The suspension, and the FINAL CLEAN."""
        self.end_round(decisions, "the suspension")
        self._harvest(bitmap, "the FINAL CLEAN")
        self.counts[POLICY] += 1
        if (refused := self.take("pause")) is not None:
            self._against_policy("the guest is suspended", refused, "begun another round")
            self.m = self.m.but(policy=self.m.policy.but(converged=True))
            self.go_on("pause")
        self._counted(final)
        self.prepare(_QUIET)
        self.go_on("final_harvest")
        self._cleans += 1

    def save(self) -> None:
        """The suspension of a domain that is saved: it has no log, and nothing is sent before."""
        self.go_on("pause")
        self.go_on("final_harvest")

    def peek(self, peek: Harvested, bitmap: Bitmap) -> None:
        """A PEEK in mid-round, or after the FINAL CLEAN, when nothing can be marked any more."""
        self._harvest(bitmap, f"the PEEK of line {peek.call.line}")
        self._counted(peek)

    def _harvest(self, bitmap: Bitmap, by: str) -> None:
        """What the bitmap has was marked, and the log has nothing else."""
        wide = WideSet.of_bits(self.pages, int.from_bytes(bitmap.data, "little") & (1 << self.pages) - 1)
        self.counts[HARVESTS] += 1
        if self.m.phase in (Phase.SETUP, Phase.LIVE):
            self.mark(wide.each())
        found: WideSet = self.spec.found(self.m)  # type: ignore[assignment]
        for pfn in (found - wide).each():
            self.find(HARVESTS, f"{by} lacks the page: the log of xen has had it since it was shown dirty", pfn)
            self.m = self.m.but(log=self.m.log.but(dirty=self.m.log.dirty.discard(pfn)))
        for pfn in (wide - found).each():
            self.find(HARVESTS, f"{by} has the page: nothing marks a page in xen after the FINAL CLEAN", pfn)

    def _counted(self, harvested: Harvested) -> None:
        """What Xen counts, before what was found is the round's."""
        self.counts[COUNTS] += 1
        here = self.spec.found(self.m).size
        if harvested.call.dirty != here:
            self.find(COUNTS, f"line {harvested.call.line}: Xen counts {harvested.call.dirty} dirty pages, xen {here}")

    # the policy

    def _goes_on(self) -> None:
        """After a finding: another round after all."""
        m = self.m
        policy = m.policy.but(converged=False, most=max(m.policy.most, m.policy.iteration + 1))
        self.m = m.but(rounds=m.rounds.but(left=_UNBOUNDED), policy=policy)

    def _against_policy(self, what: str, refused: str, instead: str) -> None:
        """The first such finding: what comes after it is no more by the policy."""
        if self.other_policy is not None or self._against:
            return
        self._against = True
        m = self.m
        some = "fewer than" if m.policy.converged else "at least"
        said = " and the caller's own policy has said stop," if m.rounds.left == 0 else ""
        story = f"{m.policy.iteration} rounds were sent, the last of {some} {m.policy.target} pages,{said}"
        self.find(POLICY, f"{what}, and xen needs that {refused}: {story} and it would have {instead}")

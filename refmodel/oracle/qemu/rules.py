"""The rules over a QEMU stream and what was recorded beside it: data, like ``refmodel.oracle.rules``.

``certainty`` says what a finding proves: *certain* where only a fault can look so, *bounded* where a time is known only
between its neighbours and the rule speaks only outside the bounds, *as complete as the store log* where stores that the
log does not see (DMA, firmware, the CPU's own) could look so as well.
"""

from attrs import frozen

from refmodel.language import Contract
from refmodel.oracle.verdict import Checked, Finding, LastRecord, Unchecked

__all__ = ["RULES", "Notes", "QemuRule"]

MOST_FINDINGS = 1000
"""Findings of one rule that are kept; the rest is counted."""


@frozen
class QemuRule:
    """A rule: its sentence, the evidence that it needs, whose fault a finding may be, and how sure it is."""

    name: str
    sentence: str
    needs: str
    contracts: tuple[Contract, ...]
    certainty: str


_TRACE = "the source's trace (src.trace)"
_STORES = "the store log (writes.csv)"
_LOG_ROUNDS = (Contract.LOGGING, Contract.ROUNDS)

RULES = {
    rule.name: rule
    for rule in (
        QemuRule(
            "a-traced-send-is-on-the-wire",
            "each page that the source says it sends has its record in that section",
            f"{_TRACE} with ram_save_page",
            (Contract.TRANSPORT,),
            "certain",
        ),
        QemuRule(
            "a-record-was-sent",
            "a record that changes a page was sent by the source in that section",
            f"{_TRACE} with ram_save_page",
            (Contract.TRANSPORT,),
            "certain for PAGE and XBZRLE; ZERO, COMPRESS and multifd pages leave no such event",
        ),
        QemuRule(
            "packets-are-as-traced",
            "each multifd packet carries as many pages as the source says",
            f"{_TRACE} with multifd_send, and the channels",
            (Contract.TRANSPORT,),
            "certain",
        ),
        QemuRule(
            "sections-are-as-traced",
            "sections are written one after the other, without error, as the source says",
            f"{_TRACE} with savevm_section_start and _end",
            (Contract.TRANSPORT,),
            "certain",
        ),
        QemuRule(
            "the-log-is-cleared-before-a-send",
            "no page of a chunk is sent between a sync and the clearing of that chunk's log",
            f"{_TRACE} with ram_save_page and migration_bitmap_clear_dirty",
            _LOG_ROUNDS,
            "certain where the clearing is postponed to the send (RAM blocks of whole 256 KiB)",
        ),
        QemuRule(
            "counted-dirty-pages-are-possible",
            "a sync counts each page that was stored after it was sent, and no more pages than were stored",
            f"{_TRACE} with migration_bitmap_sync_end, and {_STORES}",
            (Contract.LOGGING,),
            "too few: certain; too many: as complete as the store log",
        ),
        QemuRule(
            "the-last-record-is-not-older-than-the-last-store",
            "a page's last record is from after its last store, or has the same bytes",
            f"{_TRACE} with ram_save_page, and {_STORES}",
            (Contract.LOGGING, Contract.ROUNDS, Contract.TRANSPORT),
            "certain for traced sends, bounded by the neighbours for others; 1 ms slack",
        ),
        QemuRule(
            "no-store-after-the-stop",
            "nothing is stored once the vCPUs stand still for the hand-over",
            f"{_TRACE} with vm_state_notify, and {_STORES}",
            (Contract.HAND_OVER,),
            "certain; 1 ms slack",
        ),
        QemuRule(
            "every-record-is-loaded",
            "the destination loads each record that it is given, zero pages included, and nothing else",
            "the destination's trace (dst.trace) with ram_load_loop",
            (Contract.TRANSPORT,),
            "certain",
        ),
        QemuRule(
            "copies-in-flight-are-equal",
            "between two sync points no page travels on two channels with different contents",
            "multifd channels",
            (Contract.TRANSPORT, Contract.ROUNDS),
            "certain",
        ),
        QemuRule(
            "discarded-pages-are-sent-once",
            "after the switch to post-copy each discarded page is sent, and only once",
            "a stream with post-copy",
            (Contract.ROUNDS, Contract.TRANSPORT),
            "certain, unless a preempt channel carried the page",
        ),
        QemuRule(
            "only-discarded-pages-are-sent-after-the-switch",
            "a page that the target kept is not sent again while the target runs",
            "a stream with post-copy",
            (Contract.ROUNDS, Contract.HAND_OVER),
            "certain",
        ),
    )
}
"""Every rule, by name."""


class Notes:
    """Collects what rules find, what they checked, and why they could not."""

    def __init__(self) -> None:
        self.findings: list[Finding] = []
        self.notes: list[str] = []
        self.record = 0
        """The number of the last record of the stream, from 1: where a finding was seen."""
        self._counts: dict[str, int] = {}
        self._found: dict[str, int] = {}
        self._why: dict[str, str] = {}

    def check(self, rule: str, times: int = 1) -> None:
        """The rule was checked so many more times."""
        self._counts[rule] = self._counts.get(rule, 0) + times

    def cannot(self, rule: str, why: str) -> None:
        """The rule cannot be checked."""
        self._why.setdefault(rule, why)

    def find(
        self, rule: str, message: str, page: tuple[str, int] | None = None, last: LastRecord | None = None
    ) -> None:
        """Note a violation, of a page (block and pfn) where it is one's."""
        self._found[rule] = self._found.get(rule, 0) + 1
        if self._found[rule] > MOST_FINDINGS:
            return
        contracts = tuple(contract.value for contract in RULES[rule].contracts)
        block, pfn = page or (None, None)
        self.findings.append(Finding(rule, contracts, message, self.record, block, pfn, last))

    def checked(self) -> tuple[Checked, ...]:
        """The rules that were checked."""
        known = {rule: times for rule, times in self._counts.items() if times and rule not in self._why}
        return tuple(Checked(rule, known[rule], RULES[rule].sentence) for rule in RULES if rule in known)

    def unchecked(self) -> tuple[Unchecked, ...]:
        """The rules that were not checked, and why."""
        done = {checked.rule for checked in self.checked()}
        return tuple(
            Unchecked(rule.name, self._why.get(rule.name, f"needs {rule.needs}"))
            for rule in RULES.values()
            if rule.name not in done
        )

    def overflow(self) -> tuple[str, ...]:
        """A note for each rule with more findings than are kept."""
        return tuple(
            f"{rule}: {times} findings, of which {MOST_FINDINGS} are listed"
            for rule, times in self._found.items()
            if times > MOST_FINDINGS
        )

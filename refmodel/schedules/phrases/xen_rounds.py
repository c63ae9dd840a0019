"""What the steps of Xen's harvest and rounds do."""

from typing import Any

from refmodel.migration import AnyMachine
from refmodel.schedules.phrases.phrases import Phrases

__all__ = ["PHRASES"]


def _held(spec: Any, m: Any) -> str:
    return "CLEAN: the domain is paused" if spec.pauses else "CLEAN begins, under the running guest"


def _leaf(spec: AnyMachine, m: Any, leaf: int) -> str:
    found = [str(page) for page in m.log.dirty.members() if m.leaves.of[page] == leaf]
    return f"leaf {leaf} of the log is copied and cleared: {'pfn ' + ', '.join(found) if found else 'nothing dirty'}"


def _over(spec: AnyMachine, m: Any) -> str:
    skipped = m.policy.dirty_count == 0 and not m.rounds.to_send.is_empty
    return f"the round is over: {'nothing was counted, nothing is sent' if skipped else 'all has been sent'}"


PHRASES: Phrases = {
    "harvest_hold": _held,
    "harvest_leaf": _leaf,
    "harvest_fails": lambda spec, m: "a leaf cannot be copied: the call returns an error",
    "harvest_blow": lambda spec, m: "the shadow tables are blown",
    "harvest_flush": lambda spec, m, cpu: f"flush vCPU {cpu}'s TLB",
    "harvest_release": lambda spec, m: "the harvest is over; the vCPUs run",
    "round_fails": lambda spec, m: "the round cannot be sent",
    "round_over": _over,
    "transfer_defer": lambda spec, m: f"pfn {m.transfer.page} cannot be read now: deferred",
    "peek": lambda spec, m: f"PEEK: to skip {m.log.dirty.members()}",
    "page_skipped": lambda spec, m, page: f"pfn {page} is dirty again: skipped",
    "page_not_mapped": lambda spec, m, page: f"pfn {page} is not mapped now: to be fixed",
}

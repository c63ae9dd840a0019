"""What the steps of ``dirty-ring`` do."""

from typing import Any

from refmodel.migration import AnyMachine
from refmodel.schedules.phrases.phrases import Phrases

__all__ = ["PHRASES"]


def _push(spec: AnyMachine, m: Any, cpu: int, vpn: int, entry: int) -> str:
    return f"write fault on vpn {vpn} (pfn {m.source.table.frame[vpn]}): begins to write ring entry {entry}"


def _payload(spec: AnyMachine, m: Any) -> str:
    cpu, entry = m.reaper.cpu, m.reaper.entry
    return f"reap vCPU {cpu}'s entry {entry}: pfn {m.ring.page[cpu, entry]}; RESET"


def _reset(spec: AnyMachine, m: Any, cpu: int, entry: int) -> str:
    return f"reset vCPU {cpu}'s entry {entry}: protect pfn {m.ring.page[cpu, entry]}"


PHRASES: Phrases = {
    "ring_push": _push,
    "ring_start": lambda spec, m: "logging starts: every page is protected",
    "reap_flag": lambda spec, m, cpu, entry: f"the reaper finds vCPU {cpu}'s entry {entry} DIRTY",
    "reap_payload": _payload,
    "reset_entry": _reset,
    "reset_flush": lambda spec, m, cpu: f"flush vCPU {cpu}'s TLB for the reset",
}

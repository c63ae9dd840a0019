"""What the steps of memory that changes do: slots, the target's memory, populate on demand, free pages."""

from typing import Any

from refmodel.migration import AnyMachine
from refmodel.schedules.phrases.phrases import Phrases

__all__ = ["PHRASES"]


def _unregister(spec: AnyMachine, m: Any, slot: int) -> str:
    slots = m.memory_map
    pages = [page for page in m.log.dirty.members() if slots.slot_of[page] == slot]
    held = f"its log holds pfn {', '.join(map(str, pages))}" if pages else "its log is empty"
    return f"slot {slot} is unregistered; {held}"


def _target_take(spec: AnyMachine, m: Any, vpn: int, value: int) -> str:
    return f"at the target: take pfn {m.target.table.frame[vpn]} again, every word := {value}"


PHRASES: Phrases = {
    "slot_unmap": lambda spec, m, slot: f"slot {slot} is unmapped",
    "slot_zap": lambda spec, m, vpn: f"its shadow entry goes: vpn {vpn} (pfn {m.shadow.frame[vpn]})",
    "slot_flush": lambda spec, m, cpu: f"flush vCPU {cpu}'s TLB of unmapped slots",
    "slot_unregister": _unregister,
    "slot_register": lambda spec, m, slot: f"slot {slot} comes into the memory map",
    "memory_add": lambda spec, m, page, word, value: f"pfn {page} becomes RAM, with word {word} = {value}",
    "memory_remove": lambda spec, m, page: f"pfn {page} is RAM no longer",
    "give_back": lambda spec, m, page: f"the target gives pfn {page} back",
    "transfer_skip": lambda spec, m: f"put pfn {m.transfer.page} aside unread",
    "populate": lambda spec, m, page, word, value: f"pfn {page} is populated, with word {word} = {value}",
    "decrease_reservation": lambda spec, m, page: f"the guest gives pfn {page} back",
    "target_populate": lambda spec, m, page, value: f"pfn {page} is populated at the target, every word {value}",
    "release_page": lambda spec, m, page: f"pfn {page} is free, the guest hints",
    "target_take": _target_take,
}

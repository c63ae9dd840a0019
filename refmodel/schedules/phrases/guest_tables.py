"""What the steps of the parts ``guest-tables``, ``latched-walk`` and ``shared-shadows`` do."""

from typing import Any

from refmodel.schedules.phrases.phrases import Phrases

__all__ = ["PHRASES"]


def _emulated(spec: Any, m: Any, cpu: int, vpn: int, word: int, value: int) -> str:
    return f"store vpn {vpn} word {word} := {value} faults and is emulated: pfn {m.source.table.frame[vpn]} is a table"


def _bit(spec: Any, m: Any, cpu: int, vpn: int, in_leaf: int, dirty: int) -> str:
    page, word, value = spec.bit(m, vpn, bool(in_leaf), bool(dirty))
    by = "fault handler" if spec.walks_the_shadow(m, cpu) else "MMU"
    return f"the {by} sets {'D' if dirty else 'A'} for vpn {vpn}: pfn {page} word {word} := {value}"


def _latched(spec: Any, m: Any, cpu: int) -> str:
    upper, leaf = m.latches.upper[cpu], m.latches.leaf[cpu]
    return f"vpn {m.latches.vpn[cpu]}, whose entries were {upper} and {leaf}"


PHRASES: Phrases = {
    "emulated_store": _emulated,
    "walker_marks_entry": _bit,
    "table_claim": lambda spec, m, page: f"claim pfn {page}, a table: write access to it is revoked",
    "table_flush": lambda spec, m, cpu: f"flush vCPU {cpu}'s TLB of pfn {m.tables.claimed}, a table",
    "table_unsync": lambda spec, m, page: f"pfn {page}, a table, goes out of sync: its stores fault no longer",
    "latched_walk": lambda spec, m, cpu, vpn: f"a fault on vpn {vpn}: its entries are read, without the lock",
    "latched_fill": lambda spec, m, cpu: f"the fault goes on, under the lock; shadow filled: {_latched(spec, m, cpu)}",
    "latched_bit": lambda spec, m, cpu, in_leaf, dirty: (
        f"the fault goes on: {'D' if dirty else 'A'} is set in the {'leaf' if in_leaf else 'upper entry'} of "
        f"{_latched(spec, m, cpu)}"
    ),
    "latched_again": lambda spec, m, cpu: f"the fault is begun anew: {_latched(spec, m, cpu)}",
    "shadow_link": lambda spec, m, vpn, other: f"shadow linked: vpn {vpn}, to what is there for vpn {other}",
    "send_root": lambda spec, m: "send the root register",
}

"""What the steps of the part ``guest-tables`` do."""

from typing import Any

from refmodel.schedules.phrases.phrases import Phrases

__all__ = ["PHRASES"]


def _emulated(spec: Any, m: Any, cpu: int, vpn: int, word: int, value: int) -> str:
    return f"store vpn {vpn} word {word} := {value} faults and is emulated: pfn {m.source.table.frame[vpn]} is a table"


def _bit(spec: Any, m: Any, cpu: int, vpn: int, in_leaf: int, dirty: int) -> str:
    page, word, value = spec.bit(m, vpn, bool(in_leaf), bool(dirty))
    by = "fault handler" if spec.walks_the_shadow(m, cpu) else "MMU"
    return f"the {by} sets {'D' if dirty else 'A'} for vpn {vpn}: pfn {page} word {word} := {value}"


PHRASES: Phrases = {
    "emulated_store": _emulated,
    "walker_marks_entry": _bit,
    "table_claim": lambda spec, m, page: f"claim pfn {page}, a table: write access to it is revoked",
    "table_flush": lambda spec, m, cpu: f"flush vCPU {cpu}'s TLB of pfn {m.tables.claimed}, a table",
    "table_unsync": lambda spec, m, page: f"pfn {page}, a table, goes out of sync: its stores fault no longer",
    "send_root": lambda spec, m: "send the root register",
}

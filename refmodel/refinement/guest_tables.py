"""Which steps of the promise the steps of ``guest-tables`` and ``latched-walk`` are: stores, for tables are memory."""

from typing import Any

from refmodel.language import Action, pick
from refmodel.logging.table_walk import TableWalk
from refmodel.refinement import core
from refmodel.refinement.witnesses import Witnesses

__all__ = ["WITNESSES"]


def _store(spec: Any, m: Any, cpu: int, vpn: int, word: int, value: int) -> list[Action]:
    """Where it owes no flush the guest stores to where its own tables lead; what they forbid is no store."""
    if not isinstance(spec, TableWalk) or m.cpus.unflushed[cpu, vpn]:
        return core.WITNESSES["guest_store"](spec, m, cpu, vpn, word, value)
    if m.source.table.writable[vpn]:
        return [Action("store", (m.source.table.frame[vpn], word, value))]
    return []


def _emulated(spec: Any, m: Any, cpu: int, vpn: int, word: int, value: int) -> list[Action]:
    return [Action("store", (m.source.table.frame[vpn], word, value))]


def _bit(spec: Any, m: Any, cpu: int, vpn: int, in_leaf: bool, dirty: bool) -> list[Action]:
    """Into an entry of the page's own walk, wherever the walker puts it."""
    layout, memory, root = m.layout, m.source.memory, m.roots.guest
    page = pick(in_leaf, layout.frame_of[memory[root, layout.upper[vpn]]], root)
    word = pick(in_leaf, layout.lower[vpn], layout.upper[vpn])
    entry = memory[page, word]
    return [Action("store", (page, word, pick(dirty, layout.with_dirty[entry], layout.with_accessed[entry])))]


def _latched_bit(spec: Any, m: Any, cpu: int, in_leaf: bool, dirty: bool) -> list[Action]:
    """The bit is set in what the entry holds now, whatever was read of it before."""
    return _bit(spec, m, cpu, m.latches.vpn[cpu], in_leaf, dirty)


WITNESSES: Witnesses = {
    "guest_store": _store,
    "emulated_store": _emulated,
    "walker_marks_entry": _bit,
    "latched_bit": _latched_bit,
    "send_root": lambda spec, m: [Action("deliver_table")],
}

"""What a step does, in the field's words, with its arguments and what they mean at that moment."""

from collections.abc import Callable

from refmodel.language import Action, Actor
from refmodel.seed import Seed
from refmodel.state import Machine

__all__ = ["PHRASES", "phrase", "who"]


def _store(m: Machine, cpu: int, vpn: int, word: int, value: int) -> str:
    return f"store vpn {vpn} word {word} := {value} (pfn {m.cpus.frame[cpu, vpn]})"


def _walk(m: Machine, cpu: int, vpn: int) -> str:
    table, name = (m.shadow, "shadow") if m.cpus.on_shadow[cpu] else (m.source.table, "guest's table")
    rights = "rw" if table.writable[vpn] else "ro"
    return f"TLB miss on vpn {vpn}: the {name} has pfn {table.frame[vpn]}, {rights}"


def _fault(m: Machine, cpu: int, vpn: int, value: int) -> str:
    if not m.source.table.writable[vpn]:
        return f"write fault on vpn {vpn}, reflected to the guest; registers := {value}"
    page = m.source.table.frame[vpn]
    marked = "marked dirty, writable again" if m.log.transferred[page] else "the entry is copied afresh"
    return f"write fault on vpn {vpn} (pfn {page}): {marked}"


def _fill(m: Machine, vpn: int) -> str:
    return f"shadow filled: vpn {vpn} (pfn {m.source.table.frame[vpn]})"


def _shadow(m: Machine, vpn: int, trapped: int) -> str:
    if not m.shadow.present[vpn]:
        return ""
    return ", trapped and emulated" if trapped else "; its shadow goes out of sync"


def _map(m: Machine, vpn: int, pfn: int, writable: int, trapped: int) -> str:
    return f"map vpn {vpn} to pfn {pfn}, {'rw' if writable else 'ro'}{_shadow(m, vpn, trapped)}"


def _unmap(m: Machine, vpn: int, trapped: int) -> str:
    return f"unmap vpn {vpn}{_shadow(m, vpn, trapped)}"


def _read(m: Machine, word: int) -> str:
    page = m.transfer.page
    return f"read pfn {page} word {word}: send {m.source.memory[page, word]}"


def _target_store(m: Machine, vpn: int, word: int, value: int) -> str:
    return f"store at the target: vpn {vpn} word {word} := {value} (pfn {m.target.table.frame[vpn]})"


PHRASES: dict[str, Callable[..., str]] = {
    "enter_shadow": lambda m, cpu: f"vCPU {cpu}'s root becomes the shadow's",
    "leave_shadow": lambda m, cpu: "the root becomes the guest's table again",
    "mmu_walk": _walk,
    "guest_store": _store,
    "guest_compute": lambda m, cpu, value: f"compute: registers := {value}",
    "write_fault": _fault,
    "shadow_fill": _fill,
    "guest_map": _map,
    "guest_unmap": _unmap,
    "shadow_resync": lambda m, vpn: f"shadow resynced: vpn {vpn}",
    "guest_flush": lambda m, cpu, vpn: f"INVLPG vpn {vpn}",
    "transfer_clear": lambda m, page: f"take up pfn {page}: clear what marks it",
    "transfer_mark": lambda m: f"mark pfn {m.transfer.page} transferred",
    "transfer_revoke": lambda m, vpn: f"revoke write access: vpn {vpn} (pfn {m.shadow.frame[vpn]})",
    "transfer_flush": lambda m, cpu: f"flush vCPU {cpu}'s TLB of pfn {m.transfer.page}",
    "transfer_read": _read,
    "transfer_done": lambda m: f"done with pfn {m.transfer.page}",
    "begin": lambda m: "begin the migration: every page is owed",
    "start_rounds": lambda m: "the first round begins",
    "next_round": lambda m: f"harvest {_pages(m.log.dirty.members())}; the next round begins",
    "pause": lambda m: "pause the source's vCPUs",
    "final_harvest": lambda m: f"the last harvest: {_pages(m.log.dirty.members())}",
    "send_configuration": lambda m: "send the configuration",
    "send_registers": lambda m, cpu: f"send vCPU {cpu}'s registers: {m.source.registers[cpu]}",
    "send_table": lambda m: "send the guest's page table",
    "commit": lambda m: "commit: the source gives up its right to run",
    "acknowledge": lambda m: "the target acknowledges",
    "activate": lambda m: "activate: the guest runs at the target",
    "discard_source": lambda m: "discard the source's image",
    "abort": lambda m: "abort: the guest runs on at the source",
    "target_store": _target_store,
}
"""By step; each takes the state before, and the step's arguments."""


def _pages(pages: list[int]) -> str:
    return f"pfn {', '.join(map(str, pages))} dirty" if pages else "nothing dirty"


def phrase(spec: Seed, before: Machine, action: Action) -> str:
    """What the action does when taken in the state ``before``; its bare name for a step without a phrase."""
    say = PHRASES.get(action.step)
    return str(action) if say is None else say(before, *map(int, action.arguments))


def who(spec: Seed, action: Action) -> str:
    """Who takes it: the operator, the engine, or the guest, by its vCPU where one is named."""
    step = spec.steps[action.step]
    if step.actor is not Actor.GUEST:
        return str(step.actor.value)
    named = {sort.name: argument for (_, sort), argument in zip(step.parameters, action.arguments, strict=True)}
    return f"vCPU {named['cpu']}" if "cpu" in named else "guest"

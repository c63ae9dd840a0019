"""What the steps do that every machine has, and those of the seed's parts."""

from typing import Any

from refmodel.migration import AnyMachine
from refmodel.schedules.phrases.phrases import Phrases

__all__ = ["PHRASES"]


def _store(spec: AnyMachine, m: Any, cpu: int, vpn: int, word: int, value: int) -> str:
    return f"store vpn {vpn} word {word} := {value} (pfn {m.cpus.frame[cpu, vpn]})"


def _walk(spec: AnyMachine, m: Any, cpu: int, vpn: int) -> str:
    table = spec.walked(m, cpu)
    name = "shadow" if spec.walks_the_shadow(m, cpu) else "guest's table"
    rights = "rw" if table.writable[vpn] else "ro"
    return f"TLB miss on vpn {vpn}: the {name} has pfn {table.frame[vpn]}, {rights}"


def _fault(spec: AnyMachine, m: Any, cpu: int, vpn: int, value: int) -> str:
    if not m.source.table.writable[vpn]:
        return f"write fault on vpn {vpn}, reflected to the guest; registers := {value}"
    page = m.source.table.frame[vpn]
    marked = "marked dirty, writable again" if not spec.permits(m, page) else "the entry is copied afresh"
    return f"write fault on vpn {vpn} (pfn {page}): {marked}"


def _fill(spec: AnyMachine, m: Any, vpn: int) -> str:
    return f"shadow filled: vpn {vpn} (pfn {m.source.table.frame[vpn]})"


def _shadow(spec: AnyMachine, m: Any, vpn: int, trapped: int) -> str:
    if not m.shadow.present[vpn]:
        return ""
    return ", trapped and emulated" if trapped else "; its shadow goes out of sync"


def _map(spec: AnyMachine, m: Any, vpn: int, pfn: int, writable: int, trapped: int) -> str:
    return f"map vpn {vpn} to pfn {pfn}, {'rw' if writable else 'ro'}{_shadow(spec, m, vpn, trapped)}"


def _unmap(spec: AnyMachine, m: Any, vpn: int, trapped: int) -> str:
    return f"unmap vpn {vpn}{_shadow(spec, m, vpn, trapped)}"


def _read(spec: AnyMachine, m: Any, word: int) -> str:
    page = m.transfer.page
    return f"read pfn {page} word {word}: send {m.source.memory[page, word]}"


def _target_store(spec: AnyMachine, m: Any, vpn: int, word: int, value: int) -> str:
    return f"store at the target: vpn {vpn} word {word} := {value} (pfn {m.target.table.frame[vpn]})"


PHRASES: Phrases = {
    "enter_shadow": lambda spec, m, cpu: f"vCPU {cpu}'s root becomes the shadow's",
    "leave_shadow": lambda spec, m, cpu: "the root becomes the guest's table again",
    "mmu_walk": _walk,
    "guest_store": _store,
    "guest_compute": lambda spec, m, cpu, value: f"compute: registers := {value}",
    "write_fault": _fault,
    "shadow_fill": _fill,
    "guest_map": _map,
    "guest_unmap": _unmap,
    "shadow_resync": lambda spec, m, vpn: f"shadow resynced: vpn {vpn}",
    "guest_flush": lambda spec, m, cpu, vpn: f"INVLPG vpn {vpn}",
    "transfer_clear": lambda spec, m, page: f"take up pfn {page}: clear what marks it",
    "transfer_mark": lambda spec, m: f"mark pfn {m.transfer.page} transferred",
    "transfer_revoke": lambda spec, m, vpn: f"revoke write access: vpn {vpn} (pfn {m.shadow.frame[vpn]})",
    "transfer_flush": lambda spec, m, cpu: f"flush vCPU {cpu}'s TLB of pfn {m.transfer.page}",
    "transfer_read": _read,
    "transfer_done": lambda spec, m: f"done with pfn {m.transfer.page}",
    "begin": lambda spec, m: "begin the migration: every page is owed",
    "start_rounds": lambda spec, m: "the first round begins",
    "next_round": lambda spec, m: f"harvest {_pages(spec.found(m).members())}; the next round begins",
    "pause": lambda spec, m: "pause the source's vCPUs",
    "final_harvest": lambda spec, m: f"the last harvest: {_pages(spec.found(m).members())}",
    "send_configuration": lambda spec, m: "send the configuration",
    "send_registers": lambda spec, m, cpu: f"send vCPU {cpu}'s registers: {m.source.registers[cpu]}",
    "send_table": lambda spec, m: "send the guest's page table",
    "commit": lambda spec, m: "commit: the source gives up its right to run",
    "acknowledge": lambda spec, m: "the target acknowledges",
    "activate": lambda spec, m: "activate: the guest runs at the target",
    "discard_source": lambda spec, m: "discard the source's image",
    "abort": lambda spec, m: "abort: the guest runs on at the source",
    "target_store": _target_store,
}


def _pages(pages: list[int]) -> str:
    return f"pfn {', '.join(map(str, pages))} dirty" if pages else "nothing dirty"

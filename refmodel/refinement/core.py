"""Which steps of the promise the steps are that every machine has, and those of the seed's parts."""

from refmodel.language import Action, neg
from refmodel.migration import AnyMachine
from refmodel.refinement.witnesses import Witnesses
from refmodel.state import Machine

__all__ = ["WITNESSES"]


def _store(spec: AnyMachine, m: Machine, cpu: int, vpn: int, word: int, value: int) -> list[Action]:
    return [Action("store", (m.cpus.frame[cpu, vpn], word, value))]


def _target_store(spec: AnyMachine, m: Machine, vpn: int, word: int, value: int) -> list[Action]:
    return [Action("store", (m.target.table.frame[vpn], word, value))]


def _write_fault(spec: AnyMachine, m: Machine, cpu: int, vpn: int, value: int) -> list[Action]:
    return [] if m.source.table.writable[vpn] else [Action("change_register", (cpu, value))]


def _transfer_read(spec: AnyMachine, m: Machine, word: int) -> list[Action]:
    page = m.transfer.page
    return [Action("deliver", (page, word, m.source.memory[page, word]))]


def _transfer_done(spec: AnyMachine, m: Machine) -> list[Action]:
    page = m.transfer.page
    still_owed = spec.is_marked(m, page) | spec.is_to_be_marked(m, page) | neg(spec.matters(m, page))
    return [] if still_owed else [Action("settle", (page,))]


WITNESSES: Witnesses = {
    "guest_store": _store,
    "guest_compute": lambda spec, m, cpu, value: [Action("change_register", (cpu, value))],
    "guest_map": lambda spec, m, vpn, pfn, writable, trapped: [Action("change_entry", (vpn, True, pfn, writable))],
    "guest_unmap": lambda spec, m, vpn, trapped: [
        Action("change_entry", (vpn, False, m.source.table.frame[vpn], False))
    ],
    "write_fault": _write_fault,
    "transfer_read": _transfer_read,
    "transfer_done": _transfer_done,
    "pause": lambda spec, m: [Action("stop")],
    "send_table": lambda spec, m: [Action("deliver_table")],
    "send_registers": lambda spec, m, cpu: [Action("deliver_registers", (cpu,))],
    "commit": lambda spec, m: [Action("settle_context"), Action("give_up")],
    "acknowledge": lambda spec, m: [Action("acknowledge")],
    "activate": lambda spec, m: [Action("start_target")],
    "discard_source": lambda spec, m: [Action("discard")],
    "target_store": _target_store,
}

"""Level B refines level A: every step of shadow paging is one that the promise allows, or none.

``abstraction`` says what a state of B is to the guest, ``witness`` which steps of A a step of B is. The prover shows
that the two commute for every step; replay keeps a ledger beside a run by the same witness, and so knows what the
guest stored last without looking at B.
"""

from refmodel.language import Action
from refmodel.promise import Ledger, Visible
from refmodel.seed import Seed
from refmodel.state import Guest, Machine, Phase

__all__ = ["abstraction", "seen", "witness"]


def seen(guest: Guest) -> Visible:
    """What the guest can see of one side."""
    return Visible(guest.memory, guest.table, guest.registers)


def abstraction(spec: Seed, m: Machine) -> Ledger:
    """B's state as a ledger. Outside a migration everything is owed; from the commit on, nothing."""
    committed = (m.phase == Phase.COMMITTED) | (m.phase == Phase.ACKNOWLEDGED) | (m.phase == Phase.AFTER)
    if spec.is_migrating(m):
        owed = m.rounds.to_send.where(lambda p: spec.is_owed(m, p), True)
    else:
        owed = m.rounds.to_send.cleared() if committed else m.rounds.to_send.filled()
    return Ledger(
        last=seen(m.target) if m.hand_over.target_runs else seen(m.source),
        held=seen(m.target),
        owed=owed,
        context_owed=not committed,
        source_runs=m.hand_over.source_runs,
        target_runs=m.hand_over.target_runs,
        given_up=bool(committed),
    )


def _store(m: Machine, cpu: int, vpn: int, word: int, value: int) -> list[Action]:
    return [Action("store", (m.cpus.frame[cpu, vpn], word, value))]


def _target_store(m: Machine, vpn: int, word: int, value: int) -> list[Action]:
    return [Action("store", (m.target.table.frame[vpn], word, value))]


def _write_fault(m: Machine, cpu: int, vpn: int, value: int) -> list[Action]:
    return [] if m.source.table.writable[vpn] else [Action("change_register", (cpu, value))]


def _transfer_read(m: Machine, word: int) -> list[Action]:
    page = m.transfer.page
    return [Action("deliver", (page, word, m.source.memory[page, word]))]


def _transfer_done(m: Machine) -> list[Action]:
    return [] if m.log.dirty[m.transfer.page] else [Action("settle", (m.transfer.page,))]


def _abort(m: Machine) -> list[Action]:
    return [] if m.hand_over.source_runs else [Action("resume")]


_WITNESSES = {
    "guest_store": _store,
    "guest_compute": lambda m, cpu, value: [Action("change_register", (cpu, value))],
    "guest_map": lambda m, vpn, pfn, writable, trapped: [Action("change_entry", (vpn, True, pfn, writable))],
    "guest_unmap": lambda m, vpn, trapped: [Action("change_entry", (vpn, False, m.source.table.frame[vpn], False))],
    "write_fault": _write_fault,
    "transfer_read": _transfer_read,
    "transfer_done": _transfer_done,
    "pause": lambda m: [Action("stop")],
    "send_table": lambda m: [Action("deliver_table")],
    "send_registers": lambda m, cpu: [Action("deliver_registers", (cpu,))],
    "commit": lambda m: [Action("settle_context"), Action("give_up")],
    "activate": lambda m: [Action("start_target")],
    "abort": _abort,
    "target_store": _target_store,
}


def witness(before: Machine, action: Action) -> list[Action]:
    """The steps of the promise that this step of B is; none for a step that the guest and the target cannot see.

    Whatever B owes beyond that afterwards, A comes to by ``owe``: what is sent too often hurts nobody.
    """
    find = _WITNESSES.get(action.step)
    return list(find(before, *action.arguments)) if find else []  # type: ignore[operator]

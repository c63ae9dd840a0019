"""Level B refines level A: every step of a machine is one that the promise allows, or none.

``abstraction`` says what a state of B is to the guest, ``witness`` which steps of A a step of B is. The prover shows
that the two commute for every step; replay keeps a ledger beside a run by the same witness, and so knows what the
guest stored last without looking at B.
"""

from functools import cache
from typing import Any

from refmodel.language import Action
from refmodel.migration import AnyMachine
from refmodel.refinement import (
    backup_bitmap,
    changing_memory,
    checkpoints,
    core,
    device_writes,
    failures,
    grants,
    guest_tables,
    hypervisor_writes,
    incremental,
    log_allocation,
    postcopy,
    requests,
    second_hop,
    shared_storage,
    superpages,
    transport,
)
from refmodel.refinement.abstraction import abstraction, seen
from refmodel.refinement.witnesses import Witnesses

__all__ = ["abstraction", "seen", "witness"]

_WITNESSES: Witnesses = {
    **core.WITNESSES,
    **changing_memory.WITNESSES,
    **device_writes.WITNESSES,
    **checkpoints.WITNESSES,
    **failures.WITNESSES,
    **requests.WITNESSES,
    **grants.WITNESSES,
    **guest_tables.WITNESSES,
    **hypervisor_writes.WITNESSES,
    **second_hop.WITNESSES,
    **shared_storage.WITNESSES,
    **incremental.WITNESSES,
    **postcopy.WITNESSES,
    **superpages.WITNESSES,
    **log_allocation.WITNESSES,
    **backup_bitmap.WITNESSES,
    **transport.WITNESSES,
}


@cache
def _witnesses(cls: type[AnyMachine]) -> Witnesses:
    """All of ours, and what the machine's own classes say, of which the last has the last word."""
    own = (vars(base).get("witnesses", {}) for base in reversed(cls.__mro__))
    return {**_WITNESSES, **{step: find for found in own for step, find in found.items()}}


def witness(spec: AnyMachine, before: Any, action: Action) -> list[Action]:
    """The steps of the promise that this step of B is; none for a step that the guest and the target cannot see.

    Whatever B owes beyond that afterwards, A comes to by ``owe``: what is sent too often hurts nobody.
    """
    find = _witnesses(type(spec)).get(action.step)
    return find(spec, before, *action.arguments) if find else []

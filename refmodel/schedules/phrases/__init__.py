"""What a step does, in the field's words, with its arguments and what they mean at that moment."""

from typing import Any

from refmodel.language import Action, Actor
from refmodel.migration import AnyMachine
from refmodel.schedules.phrases import (
    backup_bitmap,
    changing_memory,
    checkpoints,
    core,
    device_writes,
    dirty_ring,
    ends,
    failures,
    grants,
    guest_tables,
    hypervisor_writes,
    incremental,
    log_modes,
    manual_protect,
    postcopy,
    pv_tables,
    second_hop,
    transport,
    xen_rounds,
)
from refmodel.schedules.phrases.phrases import Phrases

__all__ = ["phrase", "who"]

_PHRASES: Phrases = {
    **core.PHRASES,
    **backup_bitmap.PHRASES,
    **changing_memory.PHRASES,
    **checkpoints.PHRASES,
    **device_writes.PHRASES,
    **dirty_ring.PHRASES,
    **ends.PHRASES,
    **failures.PHRASES,
    **grants.PHRASES,
    **guest_tables.PHRASES,
    **hypervisor_writes.PHRASES,
    **incremental.PHRASES,
    **log_modes.PHRASES,
    **manual_protect.PHRASES,
    **postcopy.PHRASES,
    **second_hop.PHRASES,
    **transport.PHRASES,
    **pv_tables.PHRASES,
    **xen_rounds.PHRASES,
}


def phrase(spec: AnyMachine, before: Any, action: Action) -> str:
    """What the action does when taken in the state ``before``; its bare name for a step without a phrase."""
    say = _PHRASES.get(action.step)
    return str(action) if say is None else say(spec, before, *map(int, action.arguments))


def who(spec: AnyMachine, action: Action) -> str:
    """Who takes it: the operator, the engine, or the guest, by its vCPU where one is named."""
    step = spec.steps[action.step]
    if step.actor is not Actor.GUEST:
        return str(step.actor.value)
    named = {sort.name: argument for (_, sort), argument in zip(step.parameters, action.arguments, strict=True)}
    return f"vCPU {named['cpu']}" if "cpu" in named else "guest"

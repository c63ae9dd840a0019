"""What a recorder would have seen of what a migration takes for itself: the log, and memory at the target."""

from collections.abc import Iterator
from typing import Any

from refmodel.handover.failure_state import Container
from refmodel.oracle.events import Configure, Event, Logging, Reserve

__all__ = ["residue"]


def residue(before: Any, after: Any) -> Iterator[Event]:
    """What it took, or gave back, in a step: as far as the machine has it."""
    then, now = _logged(before), _logged(after)
    yield from (Logging(now[kind], kind) for kind in now if now[kind] != then[kind])
    if not hasattr(after, "container"):
        return
    was_reserved, is_reserved = (m.container == Container.RESERVED for m in (before, after))
    if was_reserved != is_reserved:
        yield Reserve(is_reserved)
    if after.hand_over.configured and not before.hand_over.configured:
        yield Configure()


def _logged(m: Any) -> dict[str, bool]:
    """Whose stores are logged for the migration: another client of the log may have it on for itself."""
    found = {}
    if hasattr(m, "log_mode"):
        found["vcpus"] = bool(m.clients.migrating if hasattr(m, "clients") else m.log_mode.on)
    if hasattr(m, "ring_protection"):
        found["rings"] = bool(m.ring_protection.started)
    if hasattr(m, "devices"):
        found["devices"] = not m.devices.logging.is_empty
    return found

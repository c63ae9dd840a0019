"""What is lost, and what is found out."""

from typing import Any

from refmodel.handover.failure_state import Knows
from refmodel.migration import AnyMachine
from refmodel.schedules.phrases.phrases import Phrases

__all__ = ["PHRASES"]

_FATE = {
    Knows.NOTHING: "no more than before",
    Knows.TAKEN: "it has the guest",
    Knows.NOT_TAKEN: "it does not have the guest, and is fenced",
}


def _fate(spec: AnyMachine, m: Any) -> str:
    return f"find out what became of the target: {_FATE[spec.find_out(m).failed.knows]}"  # type: ignore[attr-defined]


PHRASES: Phrases = {
    "reserve": lambda spec, m: "the target reserves a container for the guest",
    "reservation_refused": lambda spec, m: "the target cannot have the guest: give up, it runs on at the source",
    "reservation_freed": lambda spec, m: "the target hears nothing any more, and frees the container",
    "lose_wire": lambda spec, m: "the wire is lost",
    "lose_source": lambda spec, m: "the source's host dies",
    "lose_target": lambda spec, m: "the target's host dies",
    "wire_error": lambda spec, m: "the wire is broken: give up, the guest runs on at the source",
    "hear_acknowledgement": lambda spec, m: "the source hears that the target has the guest",
    "find_out": _fate,
    "resume_source": lambda spec, m: "the guest runs on at the source, after the commit",
}

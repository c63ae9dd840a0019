"""What the steps of checkpoints do."""

from typing import Any

from refmodel.schedules.phrases.phrases import Phrases

__all__ = ["PHRASES"]


def _apply(spec: Any, m: Any, page: int, word: int) -> str:
    return f"apply pfn {page} word {word}: {m.checkpoints.buffer[page, word]}"


def _take_over(spec: Any, m: Any) -> str:
    dropped = "" if m.checkpoints.buffered.is_empty else "; what is buffered of a later epoch is dropped"
    return f"the source is gone: the target goes on from the last whole checkpoint{dropped}"


PHRASES: Phrases = {
    "checkpoint_take": lambda spec, m: "a checkpoint is taken; its end is sent",
    "checkpoint_resume": lambda spec, m: "the source goes on",
    "checkpoint_whole": lambda spec, m: "the target has all of the checkpoint",
    "checkpoint_apply": _apply,
    "checkpoint_applied": lambda spec, m: "the checkpoint has been applied",
    "checkpoint_acknowledged": lambda spec, m: "the source hears that the checkpoint is whole",
    "guest_send": lambda spec, m, packet: f"send packet {packet}: it is held back",
    "output_release": lambda spec, m, packet: f"packet {packet} is let out",
    "take_over": _take_over,
}

"""What the hypervisor does to guest memory."""

from typing import Any

from refmodel.migration import AnyMachine
from refmodel.schedules.phrases.phrases import Phrases

__all__ = ["PHRASES"]


def _range(spec: AnyMachine, m: Any, pfn: int, word: int, value: int, beyond: int) -> str:
    following = m.hypervisor.following[pfn]
    return f"the hypervisor writes pfn {pfn} word {word} := {value}, and over into pfn {following} := {beyond}"


PHRASES: Phrases = {
    "hypervisor_write": lambda spec, m, pfn, word, value: f"the hypervisor writes pfn {pfn} word {word} := {value}",
    "hypervisor_write_range": _range,
    "hypervisor_mark": lambda spec, m, pfn: f"the hypervisor is done with pfn {pfn} (mfn {m.hypervisor.frame[pfn]})",
    "hypervisor_finish": lambda spec, m, pfn: f"what was under way in pfn {pfn} at the pause is brought to its end",
    "physmap_add": lambda spec, m, pfn, word, value: f"another frame behind pfn {pfn}: word {word} := {value}",
}

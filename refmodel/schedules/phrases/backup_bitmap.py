"""What the steps of ``backup-bitmap`` do."""

from refmodel.schedules.phrases.phrases import Phrases

__all__ = ["PHRASES"]

PHRASES: Phrases = {
    "write_without_vcpu": lambda spec, m, pfn, word, value: f"the hypervisor writes pfn {pfn} word {word} := {value}",
    "mark_without_vcpu": lambda spec, m, pfn: f"with no vCPU, it marks pfn {pfn}",
}

"""What is done through mappings from outside."""

from refmodel.schedules.phrases.phrases import Phrases

__all__ = ["PHRASES"]

PHRASES: Phrases = {
    "grant_map": lambda spec, m, page: f"a backend maps pfn {page} writable",
    "grant_write": lambda spec, m, page, word, value: f"a backend writes pfn {page} word {word} := {value}",
    "grant_unmap": lambda spec, m, page: f"the backend unmaps pfn {page}",
    "mark_mapped": lambda spec, m, page: f"pfn {page} is still mapped: marked for the last time",
}

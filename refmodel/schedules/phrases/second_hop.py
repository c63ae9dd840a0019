"""What the steps of a second migration do."""

from refmodel.schedules.phrases.phrases import Phrases

__all__ = ["PHRASES"]

PHRASES: Phrases = {
    "go_on_from_target": lambda spec, m: "what was the target is a source from now on",
    "target_holds": lambda spec, m, page, word, value: f"the next target happens to hold {value} at pfn {page}/{word}",
}

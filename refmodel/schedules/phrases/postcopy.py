"""What the steps of post-copy do."""

from typing import Any

from refmodel.schedules.phrases.phrases import Phrases

__all__ = ["PHRASES"]


def _pages(pages: Any) -> str:
    return ", ".join(f"pfn {page}" for page in pages.members()) or "nothing"


def _switch(spec: Any, m: Any) -> str:
    awaited = spec.switch(m).postcopy.awaited
    return f"switch to post-copy: the target is told to drop {_pages(awaited)}"


def _fault(spec: Any, m: Any, vpn: int) -> str:
    asked = "it is asked for" if not m.failed.wire else "there is no wire to ask for it"
    return f"access vpn {vpn}: pfn {m.target.table.frame[vpn]} is not there; wait, {asked}"


def _reply(spec: Any, m: Any, page: int) -> str:
    sent = m.rounds.to_send[page]
    return f"send pfn {page}, as it was asked for" if sent else f"pfn {page} is asked for, and has been sent"


def _fill(spec: Any, m: Any, page: int, word: int) -> str:
    if spec.takes(m, page):
        return f"pfn {page} word {word} has come: {spec.carried(m, page, word)}"
    return f"pfn {page} word {word} has come once more: thrown away"


def _recover(spec: Any, m: Any) -> str:
    after = spec.recover(m)
    return (
        f"the wire is found again; owed is {_pages(after.rounds.to_send)}, asked for {_pages(after.postcopy.requested)}"
    )


PHRASES: Phrases = {
    "switch": _switch,
    "drop_page": lambda spec, m, page, value: f"the target drops pfn {page}; {value} is there now",
    "target_fault": _fault,
    "push": lambda spec, m, page: f"send pfn {page}",
    "reply": _reply,
    "receive": lambda spec, m, page: f"pfn {page} comes off the wire",
    "fill_word": _fill,
    "place_page": lambda spec, m, page: f"put pfn {page} in place",
    "end_postcopy": lambda spec, m: "the source owes nothing more: no page is fetched from now on",
    "recover": _recover,
}

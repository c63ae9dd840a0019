"""What a recorder would have seen of pages being sent: the words that arrive, gathered to whole copies."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from refmodel.language import Action, Map
from refmodel.oracle.events import Send, Side

__all__ = ["BLOCK", "Arriving", "digest", "side_of"]

BLOCK = "ram"
"""The only RAM block of a machine: its pages are numbered by pfn."""


class Arriving:
    """The words of each page that have arrived at a target, and of which no send has told yet."""

    def __init__(self, held: Map[tuple[int, int], int]) -> None:
        """``held``: the target's memory before anything is sent to it."""
        pages, words = held.shape
        self._words = range(words)
        self._read = {page: [held[page, word] for word in self._words] for page in range(pages)}
        """By page, what the engine read of each word last; before that, what the target held."""
        self._unsent: dict[int, set[int]] = {}

    def take(self, step: Action, is_engines: bool) -> None:
        """Something was read, and is on the target: a word, or one value all over the page."""
        page, *word, value = step.arguments
        for each in word or self._words:
            self._read[page][each] = value
            if is_engines:  # else the target held it, whatever it was, before anything was sent
                self._unsent.setdefault(page, set()).add(each)

    def sends(self, is_told: Callable[[int], bool]) -> Iterator[Send]:
        """A page is sent once each word of it was read, or before that where ``is_told`` says so."""
        for page, words in list(self._unsent.items()):
            if len(words) == len(self._words) or is_told(page):
                del self._unsent[page]
                yield Send(BLOCK, page, digest(self._read[page]))


def digest(words: Iterable[int]) -> str:
    """A page's contents as a text: they are short enough to be their own digest."""
    return "-".join(str(int(word)) for word in words)


def side_of(before: Any, after: Any, page: int) -> Side:
    """Where a store went: to the side whose memory it changed, or else to the one that runs."""
    if not before.source.memory.same_row(after.source.memory, page):
        return "source"
    changed = not before.target.memory.same_row(after.target.memory, page)
    only_target = before.hand_over.target_runs and not before.hand_over.source_runs
    return "target" if changed or only_target else "source"

"""Why a wire is never stuck: what is on it can be delivered, for it is of some page, and something is first.

``has_a_first`` is assumed where ``is_in_order`` holds: a strict order of finitely many has a first, and that they are
finitely many is all that the solver does not know.
"""

from typing import Any

from refmodel.language import neg

__all__ = ["has_a_first", "has_pages", "is_in_order"]


def has_pages(m: Any) -> bool:
    """What a channel has been handed is of some page."""
    has, pages = m.channels.queued | m.channels.flying, m.channels.pages
    return has.never(lambda c, w: pages.never(lambda d, p: d == c))  # type: ignore[no-any-return]


def is_in_order(m: Any) -> bool:
    """A record on the wire is of some page; none was sent before itself, and what was sent before another was sent
    before all after that."""
    words, pages, earlier = m.fifo.words, m.fifo.pages, m.fifo.earlier
    not_itself = words.never(lambda k, w: earlier[k, k])
    paged = words.never(lambda k, w: pages.never(lambda j, p: j == k))
    out_of_turn = earlier.only(
        lambda a, c: neg(earlier[a, c]) & neg(words.never(lambda b, w: earlier[a, b] & earlier[b, c]))
    )
    return paged & not_itself & out_of_turn.is_empty  # type: ignore[no-any-return]


def has_a_first(m: Any) -> bool:
    """Of the records on the wire one was sent before all others, if there are any."""
    words, earlier = m.fifo.words, m.fifo.earlier
    first = words.only(lambda k, w: words[k, w] & words.never(lambda j, v: earlier[j, k]))
    return words.is_empty | neg(first.is_empty)  # type: ignore[no-any-return]

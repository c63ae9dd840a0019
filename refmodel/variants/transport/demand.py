"""Wrong variants of ``postcopy`` that are about how pages come on demand: M23, and a sound one.

A page that is written over breaks ``what_comes_is_not_written_over_a_page_that_is_there`` of transport; an old one,
``what_is_put_together_is_what_the_source_has``; half of one, ``an_awaited_page_is_there_once_all_of_it_has_come``; one
that never comes, the two claims of transport for I-LIVE.
"""

from typing import TypeVar

from refmodel.handover.postcopy_state import WithPostCopy, X
from refmodel.language import pick
from refmodel.transport.delta_cache import WithCache
from refmodel.transport.demand import DemandPaging
from refmodel.variants.variant import Variant

__all__ = ["DEMAND_VARIANTS"]

_MACHINE = "seed+postcopy"
_MAPPED = "seed+second-stage+postcopy"
"""Where every page is mapped from the start, so that the guest can store to it at the target."""
_ONE_PAGE = ({"pfn": 1, "vpn": 1, "cpu": 1, "word": 1, "value": 2},)


class WithCacheToo(WithPostCopy, WithCache):
    """The state of a machine with post-copy and a delta cache."""


D = TypeVar("D", bound=WithCacheToo)


class TakesAPageTwice(DemandPaging[X]):
    def takes(self, m: X, page: int) -> bool:
        """Whatever comes is put in place, whether or not the guest has the page by now."""
        return True


class CountsAsThereWhatHasCome(DemandPaging[X]):
    def recover(self, m: X) -> X:
        """A page that has come off the wire is told as received, and counts as there, before it is in place."""
        after = super().recover(m)
        lacks, waiting = m.postcopy.awaited - m.postcopy.queue, m.postcopy.waiting - m.postcopy.queue
        post = after.postcopy.but(awaited=lacks, waiting=waiting, requested=waiting)
        return after.but(rounds=after.rounds.but(to_send=lacks), postcopy=post)


class RecoversWithoutTheBitmap(DemandPaging[X]):
    def recover(self, m: X) -> X:
        """The target's bitmap comes with no bytes in it: the source goes on where it was when the wire was lost."""
        return super().recover(m).but(rounds=m.rounds)


class StartsOverAfterALoss(DemandPaging[X]):
    def recover(self, m: X) -> X:
        """After a loss what is not as the source has it counts as lost, though the guest has stored to it since."""
        ours, theirs, post = m.source.memory, m.target.memory, m.postcopy
        stored = post.awaited.filled().where(lambda p: ours.same_row(theirs, p), False)
        return super().recover(m.but(postcopy=post.but(awaited=post.awaited | stored)))


class DoesNotAskAgain(DemandPaging[X]):
    def recover(self, m: X) -> X:
        """What was asked for before the loss counts as asked for."""
        after = super().recover(m)
        return after.but(postcopy=after.postcopy.but(requested=m.postcopy.requested))


class SendsWhatTheCacheHas(DemandPaging[D]):
    def carried(self, m: D, page: int, word: int) -> int:
        """A page is sent from the delta cache, which has not been looked after since the switch."""
        cache, line = m.cache, m.cache.line_of[page]
        cached = (cache.page[line] == page) & cache.words[line, word]
        return pick(cached, cache.value[line, word], super().carried(m, page, word))


class SendsEverythingAgain(DemandPaging[X]):
    def recover(self, m: X) -> X:
        """After a loss every page is sent again, received or not; what is there the target throws away."""
        after = super().recover(m)
        return after.but(rounds=after.rounds.but(to_send=after.rounds.to_send.filled()))


DEMAND_VARIANTS = (
    Variant(
        "page-placed-twice",
        "M23",
        TakesAPageTwice,
        "a page that comes a second time is written over what the guest has stored since the first",
        ("663e6c1df8",),
        machine=_MACHINE,
        growing=_ONE_PAGE,
        rounds=0,
    ),
    Variant(
        "received-too-early",
        "M23",
        CountsAsThereWhatHasCome,
        "at a recovery pages count as there that have come, and have not been put in place",
        ("0c26781c09",),
        machine=_MACHINE,
        growing=_ONE_PAGE,
        rounds=0,
    ),
    Variant(
        "recovery-without-bitmap",
        "M23",
        RecoversWithoutTheBitmap,
        "what was on the wire when it was lost is never sent again",
        ("a725ef9fe3",),
        machine=_MACHINE,
        growing=_ONE_PAGE,
        rounds=0,
    ),
    Variant(
        "recovery-starts-over",
        "M23",
        StartsOverAfterALoss,
        "after a loss of the wire pages are sent again that the guest has stored to",
        ("663e6c1df8",),
        machine=_MAPPED,
        growing=_ONE_PAGE,
        rounds=0,
    ),
    Variant(
        "requests-not-made-again",
        "M23",
        DoesNotAskAgain,
        "after a recovery nobody asks again for the pages that are waited for",
        ("0c26781c09",),
        machine=_MACHINE,
        growing=_ONE_PAGE,
        rounds=0,
        unnoticed="the page comes all the same, when its turn comes among those that are pushed: the access only waits",
    ),
    Variant(
        "stale-page-served",
        "M23",
        SendsWhatTheCacheHas,
        "a page is served from the delta cache, as it was sent before the switch",
        ("2ebeaec012",),
        machine="seed+delta-cache+postcopy",
        growing=({"pfn": 1, "vpn": 1, "cpu": 1, "word": 1, "value": 2, "place": 1},),
        rounds=0,
    ),
    Variant(
        "recovery-sends-everything",
        "M23",
        SendsEverythingAgain,
        "after a loss of the wire all pages are sent again, received or not",
        machine=_MACHINE,
        sound=True,
    ),
)

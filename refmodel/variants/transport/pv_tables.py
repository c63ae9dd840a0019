"""Wrong variants of ``pv-tables``, M24, and a sound one.

The proof refutes logging's claims about types where a type is wrong, and where a number is, transport's
``what_is_read_by_the_type_that_a_page_has_is_what_the_guest_means``; for ``last-table-not-pinned`` what hand-over
exports, ``at_the_commit_what_came_as_a_table_is_pinned``; where a page is lost, what differs has not been noted.
"""

from refmodel.language import neg
from refmodel.state import Phase
from refmodel.transport.pv_state import P
from refmodel.transport.pv_tables import PvTables
from refmodel.transport.pv_types import PvTypes
from refmodel.variants.variant import Variant

__all__ = ["PV_VARIANTS"]

_MACHINE = "bare+pv-tables"
_ONE = ({"pfn": 1, "vpn": 1, "cpu": 1, "word": 1, "value": 2},)
_TABLES_DISAGREE = ({"pfn": 1, "vpn": 1, "cpu": 1, "word": 1, "value": 3},)
"""Of the third value M2P says something else than P2M."""


class SendsFrames(PvTables[P]):
    def normalised(self, m: P, frame: int) -> int:
        """A table is sent as it stands."""
        return frame


class DoesNotLocalise(PvTables[P]):
    def localised(self, m: P, number: int) -> int:
        """What arrives of a table is written as it is: numbers of pages are taken for frames."""
        return number


class RetypesUnmarked(PvTypes[P]):
    def retyped(self, m: P, page: int, is_table: bool) -> P:
        """A change of type leaves the log alone, for nothing was stored."""
        return m.but(types=m.types.but(tables=m.types.tables.put(page, is_table)))


class TypeIsFromTheLastTime(PvTables[P]):
    def type_asked(self, m: P, page: int) -> P:
        """A page that was sent as a table once is taken for one ever after: its type is not asked for again."""
        return m.but(types=m.types.but(asked=m.types.tables[page] | m.types.sent[page]))


class TrustsM2p(PvTables[P]):
    def is_normal(self, m: P, page: int, word: int) -> bool:
        """What M2P says is taken, whatever P2M says."""
        return True


class PutsOffAndForgets(PvTables[P]):
    def put_off(self, m: P, page: int) -> P:
        """The page is put aside, and owed by no round."""
        return m.but(transfer=self.idle(m))


class PutsOffInTheLastRound(PvTables[P]):
    def normalise_fails(self, m: P, word: int) -> P:
        """Observation O-1: a guest that has suspended itself does not count as paused, so that a table that cannot be
        normalised is put off in the last round too, and then forgotten."""
        self.need_nonsense(m, word)
        page = m.transfer.page
        return self.put_off(m, page) if m.phase == Phase.LIVE else m.but(transfer=self.idle(m))


class PinsAllButOne(PvTables[P]):
    def is_pinned(self, m: P) -> bool:
        """The loop that pins ends one table early."""
        left = m.types.sent - m.types.pinned
        return left.never(lambda p: neg(left.discard(p).is_empty))


class PutsOffTablesSentBefore(PvTables[P]):
    def is_normal(self, m: P, page: int, word: int) -> bool:
        """Under the running guest a table is tried once: what is sent of it again goes in the last round."""
        return neg((m.phase == Phase.LIVE) & m.types.sent[page]) & super().is_normal(m, page, word)


PV_VARIANTS = (
    Variant(
        "table-sent-as-it-stands",
        "M24",
        SendsFrames,
        "a page table goes with the source's frame numbers in it",
        ("normalise_pagetable",),
        machine=_MACHINE,
        growing=_ONE,
    ),
    Variant(
        "table-not-localised",
        "M24",
        DoesNotLocalise,
        "the target takes the numbers of pages in a table for frames",
        ("normalise_pagetable",),
        machine=_MACHINE,
        growing=_ONE,
    ),
    Variant(
        "retype-not-logged",
        "M24",
        RetypesUnmarked,
        "a page becomes a table, or stops being one, and is not marked",
        ("1b5fd028bf", "4d58b5d8ba"),
        machine=_MACHINE,
        growing=_ONE,
    ),
    Variant(
        "type-of-the-last-time",
        "M24",
        TypeIsFromTheLastTime,
        "a page is read by the type that it had when it was sent before",
        ("1b5fd028bf", "4d58b5d8ba"),
        machine=_MACHINE,
        growing=_ONE,
    ),
    Variant(
        "m2p-not-borne-out",
        "M24",
        TrustsM2p,
        "M2P and P2M disagree about a frame, and what M2P says is sent",
        ("b687b766ae",),
        machine=_MACHINE,
        growing=_TABLES_DISAGREE,
    ),
    Variant(
        "table-put-off-and-lost",
        "M24",
        PutsOffAndForgets,
        "a table that cannot be normalised is put off, and no later round owes it",
        ("a335a58e75",),
        machine=_MACHINE,
        growing=_TABLES_DISAGREE,
    ),
    Variant(
        "table-lost-in-the-last-round",
        "M24",
        PutsOffInTheLastRound,
        "a table that cannot be normalised in the last round is put off instead of ending the migration (O-1)",
        ("normalise_pagetable",),
        machine=_MACHINE,
        growing=_TABLES_DISAGREE,
    ),
    Variant(
        "last-table-not-pinned",
        "M24",
        PinsAllButOne,
        "the loop that pins tables at the target misses the last one",
        ("c772fee485",),
        machine=_MACHINE,
        growing=_ONE,
    ),
    Variant(
        "table-sent-before-put-off",
        "M24",
        PutsOffTablesSentBefore,
        "a table is sent once under the running guest: after that it is put off to the last round",
        ("a335a58e75",),
        machine=_MACHINE,
        growing=_ONE,
        sound=True,
    ),
)

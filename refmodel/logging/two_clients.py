"""A second client of the log: video memory is tracked for a display while, or before, a migration runs.

Each client has bits of its own, and a mark goes to both, so that one may take its bits and the other's stay. The mode
is switched on at the first client's start alone. When the last has gone it is torn down, which is decided and done in
two steps; whether there is a client by now is looked at again under the lock.

Xen's ``hap_track_dirty_vram`` reads and clears its range of migration's own bitmap [D]; libxc has to cope with a mode
that is on already (``enable_logdirty`` [D]).
"""

from typing import TypeVar

from attrs import frozen

from refmodel.language import Contract, Pfn, Set, Sizes, State, implies, invariant, need, neg, operator
from refmodel.logging.log_mode import LogDirtyMode, WithLogMode
from refmodel.state import is_without_migration

__all__ = ["Clients", "T", "TwoClients", "WithClients"]


@frozen(slots=False)
class Clients(State):
    """Who uses the log, and what the second client has of it."""

    migrating: bool
    """Migration has enabled the log and not ended it."""
    tracking: bool
    """Video memory is tracked."""
    tracked: Set[Pfn]
    """The pages of video memory. Constant."""
    seen: Set[Pfn]
    """The second client's bits: pages written since it took them last."""
    ending: bool
    """The last client has gone, and the mode is to be torn down."""


@frozen(slots=False)
class WithClients(WithLogMode):
    """The state of a machine whose log has two clients."""

    clients: Clients


T = TypeVar("T", bound=WithClients)


class TwoClients(LogDirtyMode[T]):
    """Starts and stops count: from none to one the mode is switched on, from one to none it is torn down."""

    leaves_out = frozenset({"outside_a_migration_the_mode_is_off"})

    def initial(self, anything: T) -> T:
        """The log has no client."""
        m = super().initial(anything)
        clients = m.clients
        return m.but(clients=clients.but(migrating=False, tracking=False, seen=clients.seen.cleared(), ending=False))

    def start(self, sizes: Sizes) -> T:
        """One page of video memory."""
        m = super().start(sizes)
        return m.but(clients=m.clients.but(tracked=m.clients.tracked.add(0)))

    def is_enabled(self, m: T) -> bool:
        """Migration is a client of the log."""
        return m.clients.migrating

    def may_lag(self, m: T, page: int) -> bool:
        """While the mode is on any read-only entry may, until its next fault: it may be so for the other client."""
        return m.log_mode.on | super().may_lag(m, page)

    def enabled(self, m: T) -> T:
        """ENABLE: what the first client has switched on is not switched on again."""
        begun = m if m.log_mode.on else super().enabled(m)
        return begun.but(clients=m.clients.but(migrating=True))

    def disabled(self, m: T) -> T:
        """OFF: the mode is to be torn down if migration was the only client."""
        ending = m.clients.ending | neg(m.clients.tracking)
        return m.but(clients=m.clients.but(migrating=False, ending=ending))

    def marked(self, m: T, page: int) -> T:
        """The mark goes to both."""
        seen = m.clients.seen.put(page, m.clients.seen[page] | m.clients.tracking)
        return super().marked(m, page).but(clients=m.clients.but(seen=seen))

    def is_unused(self, m: T) -> bool:
        """The log has no client, as it is under the lock."""
        return neg(m.clients.migrating | m.clients.tracking)

    @operator
    def track_start(self, m: T) -> T:
        """Tracking starts; the second client knows of nothing yet, so that every page counts as written."""
        need(self.runs(m), "the source runs")
        need(neg(m.clients.tracking), "video memory is not tracked")
        begun = m if m.log_mode.on else self.switched_on(m)
        return begun.but(clients=m.clients.but(tracking=True, seen=m.clients.seen.filled()))

    @operator
    def track_clean(self, m: T, page: Pfn) -> T:
        """The second client takes its bit of a page of its range, and the next store to the page faults again."""
        need(self.runs(m), "the source runs")
        need(m.clients.tracking, "video memory is tracked")
        need(m.clients.tracked[page] & m.clients.seen[page], "a page of video memory has been written")
        return self.withdrawn(m, page).but(clients=m.clients.but(seen=m.clients.seen.discard(page)))

    @operator
    def track_stop(self, m: T) -> T:
        """Tracking stops."""
        need(self.runs(m), "the source runs")
        need(m.clients.tracking, "video memory is tracked")
        ending = m.clients.ending | neg(m.clients.migrating)
        return m.but(clients=m.clients.but(tracking=False, ending=ending))

    @operator
    def log_teardown(self, m: T) -> T:
        """The mode is torn down, if there is still no client."""
        need(self.runs(m), "the source runs")
        need(m.clients.ending, "the last client has gone")
        need(self.is_unused(m), "no client has come since")
        return self.switched_off(m).but(clients=m.clients.but(ending=False))

    @invariant(Contract.LOGGING, "I-LOG", goal=True)
    def the_mode_is_on_for_every_client(self, m: T) -> bool:
        """Whoever else may have stopped meanwhile."""
        return implies(m.clients.migrating | m.clients.tracking, m.log_mode.on)

    @invariant(Contract.LOGGING, "I-LOG", "I-CONS", goal=True)
    def a_tracked_page_is_read_only_or_seen_by_the_tracker(self, m: T, page: Pfn) -> bool:
        """I-LOG for the second client: its own bits miss no store."""
        tracked = m.clients.tracking & m.clients.tracked[page]
        return implies(tracked, m.log_mode.read_only[page] | m.clients.seen[page])

    @invariant(Contract.HAND_OVER, "I-CLEAN", goal=True)
    def without_a_client_the_mode_is_off_or_to_be_torn_down(self, m: T) -> bool:
        """And migration is no client before it begins, after an abort, and once the source is gone."""
        outside = is_without_migration(m)
        wanted = m.clients.tracking | m.clients.ending | (m.clients.migrating & neg(outside))
        return implies(m.log_mode.on, wanted) & implies(outside, neg(m.clients.migrating))

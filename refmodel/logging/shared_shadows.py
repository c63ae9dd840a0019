"""A shadow of a lower table serves every upper entry that names the table: it is linked where one is there already.

Two upper entries that grant different rights need two shadows (the *role*): Linux ``b1bd5cba3306`` [P]. One that is out
of sync is synced before it is linked, for the guest owes no flush when it makes an entry present: ``65855ed8b034`` [P].
"""

from refmodel.language import Vpn, guest, need, neg
from refmodel.logging.table_state import G
from refmodel.logging.table_sync import TableSync

__all__ = ["SharedShadows"]


class SharedShadows(TableSync[G]):
    """A page that walks the same leaf as another gets the shadow entry that is there for the other."""

    @guest
    def shadow_link(self, m: G, vpn: Vpn, other: Vpn) -> G:
        """An access finds no shadow for an upper entry, and links the one that the table it names has already."""
        need(self.runs(m), "the source runs")
        need(self.is_shadowed(m), "some CPU walks the shadow")
        need(neg(m.shadow.present[vpn]), "the shadow has no entry for the page")
        need(m.shadow.present[other], "the shadow has an entry for the other page")
        need(m.source.table.present[vpn], "the guest's table maps the page")
        need(self.shares_leaf(m, vpn, other), "both walk the same word of the same lower table")
        need(self.has_role(m, vpn, other), "the upper entries grant the same")
        need(self.may_be_linked(m, other), "the shadow is in sync")
        shadow = m.shadow
        return m.but(
            shadow=shadow.but(
                present=shadow.present.add(vpn),
                frame=shadow.frame.set(vpn, shadow.frame[other]),
                writable=shadow.writable.put(vpn, shadow.writable[other]),
                unsynced=shadow.unsynced.discard(vpn),
            )
        )

    def shares_leaf(self, m: G, vpn: int, other: int) -> bool:
        """The same entry of the same table, as the guest's upper entries are now."""
        root, memory = m.roots.guest, m.source.memory
        same_table = self.lower_table(m, root, memory, vpn) == self.lower_table(m, root, memory, other)
        return same_table & (m.layout.lower[vpn] == m.layout.lower[other])

    def has_role(self, m: G, vpn: int, other: int) -> bool:
        """A lower table's shadow is made for the rights that its upper entry grants."""
        root, memory, writable = m.roots.guest, m.source.memory, m.layout.is_writable
        return writable[self.upper_entry(m, root, memory, vpn)] == writable[self.upper_entry(m, root, memory, other)]

    def may_be_linked(self, m: G, other: int) -> bool:
        """What is out of sync is resynced first."""
        return neg(m.shadow.unsynced[other])

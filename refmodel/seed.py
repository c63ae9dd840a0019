"""The machine ``seed``: shadow paging as the seed text tells it, protect at transfer (level B)."""

from refmodel.handover.hand_over import HandOverSteps
from refmodel.language import Sizes, neg
from refmodel.state import Machine, Phase, Stage

__all__ = ["Seed"]


class Seed(HandOverSteps):
    """All the parts together, and how it begins."""

    state = Machine

    def start(self, sizes: Sizes) -> Machine:
        """Everything free is 0, but for the source's configuration: one that never travels must be seen."""
        m = super().start(sizes)
        return m.but(source=m.source.but(configuration=min(1, sizes["value"] - 1)))

    def initial(self, anything: Machine) -> Machine:
        """The guest runs at the source, on its own table; there is no migration yet.

        Memory, guest table, registers, configuration, and whatever the target held before, are anything.
        """
        m = anything
        table = m.source.table
        return m.but(
            phase=Phase.BEFORE,
            source=m.source.but(table=table.but(writable=table.writable.where(lambda v: neg(table.present[v]), False))),
            shadow=m.shadow.but(
                present=m.shadow.present.cleared(),
                writable=m.shadow.writable.cleared(),
                unsynced=m.shadow.unsynced.cleared(),
            ),
            cpus=m.cpus.but(
                on_shadow=m.cpus.on_shadow.cleared(),
                present=m.cpus.present.cleared(),
                writable=m.cpus.writable.cleared(),
                unflushed=m.cpus.unflushed.cleared(),
            ),
            log=m.log.but(dirty=m.log.dirty.cleared(), transferred=m.log.transferred.cleared()),
            transfer=m.transfer.but(
                stage=Stage.IDLE, flushed=m.transfer.flushed.cleared(), read=m.transfer.read.cleared()
            ),
            rounds=m.rounds.but(to_send=m.rounds.to_send.cleared()),
            hand_over=m.hand_over.but(
                source_runs=True,
                target_runs=False,
                source_kept=True,
                configured=False,
                table_sent=False,
                registers_sent=m.hand_over.registers_sent.cleared(),
            ),
        )

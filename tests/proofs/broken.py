"""The machine with one step wrong, once for each kind of failure."""

from refmodel.language import need
from refmodel.seed import Seed
from refmodel.seed import SeedState as Machine
from refmodel.state import Phase, Stage


class ReadsBeforeFlush(Seed):
    def transfer_mark(self, m: Machine) -> Machine:
        marked = super().transfer_mark(m)
        return marked.but(transfer=marked.transfer.but(stage=Stage.READING))


class OwesAgain(Seed):
    def transfer_done(self, m: Machine) -> Machine:
        done = super().transfer_done(m)
        return done.but(rounds=done.rounds.but(to_send=done.rounds.to_send.add(m.transfer.page)))


class GuestOwes(Seed):
    def marked(self, m: Machine, page: int) -> Machine:
        marked = super().marked(m, page)
        return marked.but(rounds=marked.rounds.but(to_send=marked.rounds.to_send.add(page)))


class NeverAcknowledges(Seed):
    def acknowledge(self, m: Machine) -> Machine:
        need(m.phase == Phase.AFTER, "the guest runs at the target")
        return m


class BeginsAgain(Seed):
    def begin(self, m: Machine) -> Machine:
        need((m.phase == Phase.BEFORE) | (m.phase == Phase.ABORTED), "no migration runs")
        return m.but(phase=Phase.SETUP, rounds=m.rounds.but(to_send=m.rounds.to_send.filled()))


class ActivatesUncommitted(Seed):
    def activate(self, m: Machine) -> Machine:
        need(m.phase == Phase.STOP_AND_COPY, "the source stands still")
        return m.but(phase=Phase.AFTER, hand_over=m.hand_over.but(target_runs=True))


class StartsOpen(Seed):
    def initial(self, anything: Machine) -> Machine:
        m = super().initial(anything)
        return m.but(hand_over=m.hand_over.but(source_runs=False))

"""Failures: the wire, the source or the target is lost, at any step; what each side then knows, and may do.

Until the commit the source has the guest, and goes on with it when anything else fails. Then come two generals: the
source has said that the target may take the guest, and cannot know whether it did until the acknowledgement is heard.
If that never comes, it may neither run nor be discarded. What an operator has to find out, on some other way than the
wire, is the target's fate; and to find it out is to settle it: a target that has not taken the guest is fenced, so
that it never will. So the right to run passes when the target starts, and no earlier: until then the source can have it
back, once the target is known not to.

QEMU's source releases its images before it can know that the target has them, and an operator's ``cont`` on either side
is then a guess (``8e84865e54``, ``6f2b811a61`` [C]).
"""

from refmodel.handover.failure_state import F, Knows, WithFailures
from refmodel.handover.hand_over import HandOverSteps
from refmodel.language import engine, need, neg, operator
from refmodel.state import Phase

__all__ = ["F", "Failures", "Knows", "WithFailures"]


class Failures(HandOverSteps[F]):
    """What may happen to either side and to the wire between them, and what is done about it."""

    leaves_out = frozenset({"the_source_runs_until_paused_and_after_an_abort"})

    def initial(self, anything: F) -> F:
        """Nothing has been lost."""
        m = self.connected(super().initial(anything))
        return m.but(failed=m.failed.but(source=False))

    def connected(self, m: F) -> F:
        """There is a target and a wire to it, and nothing is known of it."""
        return m.but(failed=m.failed.but(wire=False, target=False, knows=Knows.NOTHING))

    def begin(self, m: F) -> F:
        """With a wire of its own, to a target that is there: the same, restarted, or another."""
        return self.connected(super().begin(m))

    def may_begin(self, m: F) -> bool:
        """The source is there."""
        return super().may_begin(m) & neg(m.failed.source)

    # what is lost

    @operator
    def lose_wire(self, m: F) -> F:
        """The connection breaks: what was not delivered is lost."""
        need(self.is_under_way(m) | (m.phase == Phase.AFTER), "a migration has begun")
        need(neg(m.failed.wire), "the wire is there")
        return self.cut(m)

    def cut(self, m: F) -> F:
        """There is no wire any more."""
        return m.but(failed=m.failed.but(wire=True))

    @operator
    def lose_source(self, m: F) -> F:
        """The source's host dies. Before the commit the guest dies with it, later only what could have been resumed."""
        need(self.is_under_way(m) | (m.phase == Phase.AFTER), "a migration has begun")
        need(neg(m.failed.source), "the source is there")
        after = self.bereft(m) if self.is_migrating(m) else m
        after = self.cut(after)
        return after.but(failed=after.failed.but(source=True, knows=m.failed.knows))  # a fence outlives who set it

    @operator
    def lose_target(self, m: F) -> F:
        """The target's host dies; if the guest ran there, or could have gone on there alone, it dies with it."""
        need(self.is_under_way(m) | self.has_enough(m), "a migration has begun")
        need(neg(m.failed.target), "the target is there")
        after = self.cut(m)
        return after.but(failed=after.failed.but(target=True), hand_over=m.hand_over.but(target_runs=False))

    # what cannot be done then

    def is_heard(self, m: F) -> bool:
        """Over the wire."""
        return super().is_heard(m) & neg(m.failed.wire)

    def may_start(self, m: F) -> bool:
        """It has not died, nor been fenced."""
        return super().may_start(m) & neg(m.failed.target | self.is_fenced(m))

    def stored(self, m: F, page: int, word: int, value: int) -> F:
        """Nobody stores to the memory of a host that died."""
        need(neg(m.failed.source), "the source is there")
        return super().stored(m, page, word, value)

    def arrives(self, m: F, page: int) -> bool:
        """What is sent of the page gets to the target."""
        return neg(m.failed.wire)

    def delivered(self, m: F, page: int, word: int, value: int) -> F:
        """It arrives by way of the wire."""
        need(self.arrives(m, page), "the wire is there")
        return super().delivered(m, page, word, value)

    def delivered_whole(self, m: F, page: int, value: int) -> F:
        """The same."""
        need(self.arrives(m, page), "the wire is there")
        return super().delivered_whole(m, page, value)

    def send_configuration(self, m: F) -> F:
        """It travels by way of the wire."""
        need(neg(m.failed.wire), "the wire is there")
        return super().send_configuration(m)

    def send_registers(self, m: F, cpu: int) -> F:
        """The same."""
        need(neg(m.failed.wire), "the wire is there")
        return super().send_registers(m, cpu)

    def send_table(self, m: F) -> F:
        """The same."""
        need(neg(m.failed.wire), "the wire is there")
        return super().send_table(m)

    def commit(self, m: F) -> F:
        """The target is told to take the guest: whether it hears that depends on the wire."""
        need(neg(m.failed.wire), "the wire is there")
        return super().commit(m)

    def acknowledge(self, m: F) -> F:
        """The target takes the guest. It may do so although the wire is gone by now, for it was told before."""
        need(neg(m.failed.target), "the target is there")
        need(neg(self.is_fenced(m)), "the target has not been fenced")
        return super().acknowledge(m)

    def activate(self, m: F) -> F:
        """The target starts the guest, whether or not anybody has heard of it."""
        need(neg(m.failed.target), "the target is there")
        return super().activate(m)

    def discard_source(self, m: F) -> F:
        """Not before it is known at the source that the target has the guest."""
        need(m.failed.knows == Knows.TAKEN, "the target is known to have the guest")
        return super().discard_source(m)

    def has_given_up(self, m: F) -> bool:
        """The right to run passes when the target starts; a source that has committed may have to take it back."""
        return m.phase == Phase.AFTER

    def has_moved(self, m: F) -> bool:
        """Also if the target has died since."""
        return super().has_moved(m) | ((m.phase == Phase.AFTER) & m.failed.target)

    # what is done about it

    def abort(self, m: F) -> F:
        """A target that could start without another word has to hear of it; or it is known not to start any more."""
        could_start = self.is_migrating(m) & self.has_enough(m)
        need(neg(could_start) | self.is_heard(m) | self.is_fenced(m), "the target hears of it, or is fenced")
        return super().abort(m)

    def is_fenced(self, m: F) -> bool:
        """The target is known not to run the guest, now or later."""
        return m.failed.knows == Knows.NOT_TAKEN

    @engine
    def wire_error(self, m: F) -> F:
        """The engine finds the wire broken, and gives the migration up: the guest runs on at the source."""
        need(m.failed.wire, "the wire is broken")
        return self.abort(m)

    @engine
    def hear_acknowledgement(self, m: F) -> F:
        """The source hears that the target has taken the guest."""
        need((m.phase == Phase.ACKNOWLEDGED) | (m.phase == Phase.AFTER), "the target has acknowledged")
        need(neg(m.failed.wire), "the wire is there")
        need(m.failed.knows == Knows.NOTHING, "nothing is known of the target")
        return m.but(failed=m.failed.but(knows=Knows.TAKEN))

    @operator
    def find_out(self, m: F) -> F:
        """The operator finds out what became of the target, and settles it: one that has not taken the guest is fenced.

        Whether one that died had started the guest is told by what outlives it: a lease, the lock of an image.
        """
        need(self.has_enough(m), "the target could start, or has started")
        need(neg(self.is_migrating(m) & self.is_heard(m)), "the source has committed, or hears nothing any more")
        need(m.failed.knows == Knows.NOTHING, "nothing is known of the target")
        need(neg(m.failed.source), "there is a source to go back to")
        return m.but(failed=m.failed.but(knows=self.found_out(m)))

    def found_out(self, m: F) -> Knows:
        """What became of the target."""
        if (m.phase == Phase.AFTER) | ((m.phase == Phase.ACKNOWLEDGED) & neg(m.failed.target)):
            return Knows.TAKEN
        return Knows.NOT_TAKEN

    @operator
    def resume_source(self, m: F) -> F:
        """The guest runs on at the source after all: the target is known not to run it, now or later."""
        need(self.is_fenced(m), "the target is known not to have the guest, for good")
        need(neg(self.is_migrating(m)), "the source has committed")
        need(neg(m.failed.source), "the source is there")
        return self.taken_back(m)

    def taken_back(self, m: F) -> F:
        """What was known of the target is of no more use."""
        after = super().taken_back(m)
        return after.but(failed=after.failed.but(knows=Knows.NOTHING))

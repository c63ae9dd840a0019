"""Hand-over: configuration, registers, table; commit, acknowledgement, activation, abort. Rules R11 and R12."""

from refmodel.handover.who_runs import WhoRuns
from refmodel.language import (
    Contract,
    Cpu,
    Pfn,
    Value,
    Vpn,
    Word,
    engine,
    guest,
    implies,
    invariant,
    law,
    need,
    neg,
    operator,
)
from refmodel.state import M, Phase, Stage, same_entry

__all__ = ["HandOverSteps"]


class HandOverSteps(WhoRuns[M]):
    """The end of a migration: either side may run, never both, and between commit and acknowledgement neither."""

    def initial(self, anything: M) -> M:
        """The guest runs at the source."""
        m = super().initial(anything)
        return m.but(
            hand_over=m.hand_over.but(
                source_runs=True,
                target_runs=False,
                source_kept=True,
                configured=False,
                table_sent=False,
                registers_sent=m.hand_over.registers_sent.cleared(),
            )
        )

    @engine
    def send_configuration(self, m: M) -> M:
        """The VM's configuration travels before its memory (R11)."""
        need((m.phase == Phase.SETUP) | (m.phase == Phase.STOP_AND_COPY), "no page has been sent")
        need(neg(m.hand_over.configured), "the configuration has not travelled yet")
        return m.but(
            target=m.target.but(configuration=m.source.configuration),
            hand_over=m.hand_over.but(configured=True),
        )

    @engine
    def send_registers(self, m: M, cpu: Cpu) -> M:
        """One vCPU's registers travel, while it stands still."""
        need(m.phase == Phase.STOP_AND_COPY, "the source stands still and has been harvested")
        need(neg(m.hand_over.registers_sent[cpu]), "this CPU's registers have not travelled yet")
        return m.but(
            target=m.target.but(registers=m.target.registers.set(cpu, m.source.registers[cpu])),
            hand_over=m.hand_over.but(registers_sent=m.hand_over.registers_sent.add(cpu)),
        )

    @engine
    def send_table(self, m: M) -> M:
        """The guest's page table travels at the stop. Assumed: it is not yet part of guest memory at this level."""
        need(m.phase == Phase.STOP_AND_COPY, "the source stands still and has been harvested")
        need(neg(m.hand_over.table_sent), "the table has not travelled yet")
        return m.but(target=m.target.but(table=m.source.table), hand_over=m.hand_over.but(table_sent=True))

    # R12 -- at cutover the target's memory, guest table and registers equal the source's

    @engine
    def commit(self, m: M) -> M:
        """Nothing is owed: the source gives up its right to run, and can no longer take it back."""
        need(m.phase == Phase.STOP_AND_COPY, "the source stands still and has been harvested")
        need(m.transfer.stage == Stage.IDLE, "the engine is between two pages")
        need(m.rounds.to_send.is_empty & self.is_settled(m), "no page is owed")
        need(m.hand_over.registers_sent.is_full, "every CPU's registers have travelled")
        need(m.hand_over.table_sent & m.hand_over.configured, "the table and the configuration have travelled")
        return m.but(phase=Phase.COMMITTED)

    @engine
    def acknowledge(self, m: M) -> M:
        """The target says that it has everything."""
        need(m.phase == Phase.COMMITTED, "the source has committed")
        return m.but(phase=Phase.ACKNOWLEDGED)

    @engine
    def activate(self, m: M) -> M:
        """The guest runs at the target, on its own table (R1)."""
        need(m.phase == Phase.ACKNOWLEDGED, "the target has acknowledged")
        return m.but(phase=Phase.AFTER, hand_over=m.hand_over.but(target_runs=True))

    @operator
    def discard_source(self, m: M) -> M:
        """The source's image is freed, and with it what the migration took; not before the target has everything."""
        need((m.phase == Phase.ACKNOWLEDGED) | (m.phase == Phase.AFTER), "the target has acknowledged")
        need(m.hand_over.source_kept, "the source's image is still there")
        return self.nothing_kept(m).but(hand_over=m.hand_over.but(source_kept=False))

    @operator
    def abort(self, m: M) -> M:
        """Given up before the commit: the guest runs on at the source; the CPUs then leave the shadow one by one."""
        need(self.is_migrating(m), "the source has not committed")
        return self.taken_back(m)

    @guest
    def target_store(self, m: M, vpn: Vpn, word: Word, value: Value) -> M:
        """After the migration: a store at the target goes by the guest's own table again (R1)."""
        need(m.hand_over.target_runs, "the target runs")
        need(m.target.table.writable[vpn], "the guest's table at the target lets the page be written")
        need(self.matters(m, m.target.table.frame[vpn]), "the page that it names is the guest's")
        memory = m.target.memory.set((m.target.table.frame[vpn], word), value)
        return m.but(target=m.target.but(memory=memory))

    @invariant(Contract.HAND_OVER, "I-ONE", goal=True)
    def one_side_runs(self, m: M) -> bool:
        """At most one, at any time."""
        return neg(m.hand_over.source_runs & m.hand_over.target_runs)

    @invariant(Contract.HAND_OVER, "I-ONE", "R12")
    def the_source_runs_until_paused_and_after_an_abort(self, m: M) -> bool:
        """Who runs is a matter of the phase alone."""
        phase = m.phase
        live = (phase == Phase.BEFORE) | (phase == Phase.SETUP) | (phase == Phase.LIVE) | (phase == Phase.ABORTED)
        return (m.hand_over.source_runs & live) | (neg(m.hand_over.source_runs) & neg(live))

    @invariant(Contract.HAND_OVER, "I-ONE", "R12")
    def the_target_runs_only_after_its_acknowledgement(self, m: M) -> bool:
        """The same for the target."""
        return implies(m.hand_over.target_runs, m.phase == Phase.AFTER)

    @invariant(Contract.HAND_OVER, "I-ONE", "R12", goal=True)
    def between_commit_and_acknowledgement_the_source_neither_runs_nor_is_discarded(self, m: M) -> bool:
        """The source cannot know whether the target runs (two generals): it may neither run nor be discarded."""
        waiting = m.phase == Phase.COMMITTED
        return implies(waiting, neg(m.hand_over.source_runs) & m.hand_over.source_kept)

    @invariant(Contract.HAND_OVER, "I-ONE")
    def an_image_to_go_on_from_is_kept_until_the_acknowledgement(self, m: M) -> bool:
        """Only a target that has everything allows the source's image to go."""
        return m.hand_over.source_kept | (m.phase == Phase.ACKNOWLEDGED) | (m.phase == Phase.AFTER)

    @law(Contract.HAND_OVER, "I-ONE", "R12")
    def the_target_starts_only_once_it_has_acknowledged(self, before: M, after: M) -> bool:
        """The phase alone does not say it: a target that starts too early is in AFTER as well."""
        starts = after.hand_over.target_runs & neg(before.hand_over.target_runs)
        return implies(starts, before.phase == Phase.ACKNOWLEDGED)

    @law(Contract.HAND_OVER, "R12")
    def the_source_never_runs_again_once_the_target_does(self, before: M, after: M) -> bool:
        """R12's second half."""
        return implies(before.hand_over.target_runs, neg(after.hand_over.source_runs))

    @invariant(Contract.HAND_OVER, "R11", goal=True)
    def the_configuration_travels_before_memory(self, m: M) -> bool:
        """R11: no page is in hand before the target has been configured."""
        return implies(m.transfer.stage != Stage.IDLE, m.hand_over.configured)

    @invariant(Contract.HAND_OVER, "R12", "I-FINAL", export=True)
    def at_the_commit_nothing_is_marked_and_nothing_on_its_way(self, m: M, page: Pfn) -> bool:
        """All writers stood still at the last harvest, and all that it found has been sent."""
        return implies(self.is_committed(m), neg(self.is_owed(m, page)))

    @invariant(Contract.HAND_OVER, "R12", export=True)
    def at_the_commit_the_context_has_travelled(self, m: M, cpu: Cpu) -> bool:
        """Registers, table and configuration."""
        hand_over = m.hand_over
        return implies(
            self.is_committed(m), hand_over.registers_sent[cpu] & hand_over.table_sent & hand_over.configured
        )

    @invariant(Contract.HAND_OVER, "R12", export=True)
    def what_is_configured_is_the_sources_configuration(self, m: M) -> bool:
        """And it stays so."""
        return implies(m.hand_over.configured, m.target.configuration == m.source.configuration)

    @invariant(Contract.HAND_OVER, "R12", export=True)
    def registers_that_were_sent_are_equal(self, m: M, cpu: Cpu) -> bool:
        """They are sent only while the CPU stands still."""
        sent = ((m.phase == Phase.STOP_AND_COPY) | self.is_committed(m)) & m.hand_over.registers_sent[cpu]
        return implies(sent, m.target.registers[cpu] == m.source.registers[cpu])

    @invariant(Contract.HAND_OVER)
    def nothing_of_the_context_is_sent_before_the_stop(self, m: M, cpu: Cpu) -> bool:
        """Registers and table travel while the machine stands still, never earlier (R11)."""
        early = (
            (m.phase == Phase.BEFORE) | (m.phase == Phase.SETUP) | (m.phase == Phase.LIVE) | (m.phase == Phase.PAUSED)
        )
        return implies(early, neg(m.hand_over.registers_sent[cpu]) & neg(m.hand_over.table_sent))

    @invariant(Contract.HAND_OVER, "R12", export=True)
    def a_table_that_was_sent_is_equal(self, m: M, vpn: Vpn) -> bool:
        """It is sent only while the guest stands still."""
        sent = ((m.phase == Phase.STOP_AND_COPY) | self.is_committed(m)) & m.hand_over.table_sent
        return implies(sent, same_entry(m.source.table, m.target.table, vpn))

    @invariant(Contract.PROMISE, "R12", "I-EQ", goal=True)
    def at_cutover_the_target_equals_the_source(self, m: M, page: Pfn, word: Word, vpn: Vpn, cpu: Cpu) -> bool:
        """R12: memory, guest table, registers and configuration, from the commit until the target runs."""
        return implies(
            self.is_committed(m),
            implies(self.matters(m, page), m.target.memory[page, word] == m.source.memory[page, word])
            & same_entry(m.source.table, m.target.table, vpn)
            & (m.target.registers[cpu] == m.source.registers[cpu])
            & (m.target.configuration == m.source.configuration),
        )

"""A fault reads the mode twice: before it takes the lock, to know what it may need, and under the lock.

What it read first may be old by the time it has the lock: a switch of the mode revokes and flushes all that it finds,
and what a fault enters after that by the old mode, it does not find. So only what is read under the lock counts
(Xen ``41ec7cd7be`` [D]; KVM's ``is_page_fault_stale`` is there for the like).
"""

from typing import TypeVar

from attrs import frozen

from refmodel.language import Contract, Cpu, Set, State, Value, Vpn, guest, implies, law, need, neg
from refmodel.logging.log_mode import LogDirtyMode, WithLogMode

__all__ = ["H", "LooksBeforeLocking", "ModeHint", "WithModeHint"]


@frozen(slots=False)
class ModeHint(State):
    """What faults that are being handled have read outside the lock."""

    saw_off: Set[Cpu]
    """CPUs whose fault has read the mode as off, and not acted yet."""


@frozen(slots=False)
class WithModeHint(WithLogMode):
    """The state of a machine whose faults read the mode before they take the lock."""

    mode_hint: ModeHint


H = TypeVar("H", bound=WithModeHint)


class LooksBeforeLocking(LogDirtyMode[H]):
    """Between the first look and the lock anything may happen: also a switch of the mode, from its first step on."""

    def initial(self, anything: H) -> H:
        """No fault is being handled."""
        m = super().initial(anything)
        return m.but(mode_hint=m.mode_hint.but(saw_off=m.mode_hint.saw_off.cleared()))

    @guest
    def fault_look(self, m: H, cpu: Cpu) -> H:
        """A store has faulted, and its handler reads, outside the lock, that the mode is off."""
        need(self.runs(m), "the source runs")
        need(self.walks_the_shadow(m, cpu), "the CPU walks the shadow")
        need(neg(m.mode_hint.saw_off[cpu]), "no fault of the CPU is being handled")
        need(neg(m.log_mode.on), "the mode is off")
        return m.but(mode_hint=m.mode_hint.but(saw_off=m.mode_hint.saw_off.add(cpu)))

    def write_fault(self, m: H, cpu: Cpu, vpn: Vpn, value: Value) -> H:
        """The handler has the lock, and acts."""
        after = super().write_fault(m, cpu, vpn, value)
        return after.but(mode_hint=after.mode_hint.but(saw_off=m.mode_hint.saw_off.discard(cpu)))

    def logged(self, m: H, cpu: int, vpn: int) -> H:
        """The fault goes by the mode as this CPU has it."""
        by_its_mode = m.but(log_mode=m.log_mode.but(on=self.mode_for(m, cpu)))
        after = super().logged(by_its_mode, cpu, vpn)
        return after.but(log_mode=after.log_mode.but(on=m.log_mode.on))

    def mode_for(self, m: H, cpu: int) -> bool:
        """The mode as it is under the lock, whatever was read before."""
        return m.log_mode.on

    @law(Contract.LOGGING, "I-LOG", "R6")
    def a_fault_that_comes_after_the_switch_goes_by_it(self, before: H, after: H, vpn: Vpn) -> bool:
        """Whatever it read before: a mapping that a step makes writable is of a page that the log permits."""
        made_writable = after.shadow.writable[vpn] & neg(before.shadow.writable[vpn])
        return implies(made_writable & before.log_mode.on, self.permits(after, after.shadow.frame[vpn]))

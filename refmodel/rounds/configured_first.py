"""Where a policy waits for pages to be sent, rounds begin only once they can be: the configuration has travelled (R11).

A machine that may stop at any time can begin without it, and send all at the stop.
"""

from refmodel.language import Contract, implies, invariant, need
from refmodel.rounds.rounds import MigrationRounds
from refmodel.state import M, Phase

__all__ = ["ConfiguredFirst"]


class ConfiguredFirst(MigrationRounds[M]):
    """The configuration is part of the set-up."""

    def need_set_up(self, m: M) -> None:
        """The target has been configured."""
        super().need_set_up(m)
        need(m.hand_over.configured, "the configuration has travelled")

    @invariant(Contract.ROUNDS, "I-LIVE", "R11")
    def rounds_run_only_once_the_configuration_has_travelled(self, m: M) -> bool:
        """Else no page could be sent, and the policy would wait for ever."""
        return implies(m.phase == Phase.LIVE, m.hand_over.configured)

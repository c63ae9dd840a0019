"""What is left to do in machines that have parts in common, and what the part ``failures`` makes of their end."""

from collections.abc import Callable
from typing import Any, cast

from proofs.ranking import PHASES, STAGES, Ahead, Countdown, Once, Places, Remaining, Work, is_over
from refmodel.compose import compose
from refmodel.handover.failure_state import Knows
from refmodel.language import neg
from refmodel.state import Phase

__all__ = [
    "AFTERWARDS",
    "BLOWN",
    "FLUSHED",
    "HARVEST",
    "OWED",
    "PHASES_AHEAD",
    "ROUNDS",
    "STAGES_AHEAD",
    "WORDS",
    "ZEROS",
    "is_over_or_lost",
    "kvm_qemu",
    "last",
    "standing",
    "switch",
    "waits",
]


def last(*more: Work) -> tuple[Work, ...]:
    """The context, and what the source comes to know, lightest of all."""
    return (
        *more,
        Remaining("CPUs whose registers have not travelled", lambda m: m.hand_over.registers_sent, done=True),
        Once("the table's travel", lambda m: m.hand_over.table_sent),
        Once("the configuration's travel", lambda m: m.hand_over.configured),
        Once("the source's knowledge of the target", lambda m: m.failed.knows != Knows.NOTHING),
    )


PHASES_AHEAD = Ahead("phases ahead", lambda m: m.phase, PHASES)
ROUNDS = Countdown("rounds that the policy has left", lambda m: m.rounds.left)
OWED = Remaining("pages that the round owes", lambda m: m.rounds.to_send)
STAGES_AHEAD = Ahead("stages ahead of the page in hand", lambda m: m.transfer.stage, STAGES)
WORDS = Remaining("words of it not read", lambda m: m.transfer.read, done=True)
HARVEST = Places(
    "what is left of this round's harvest, then of the round, then of the next harvest's copy",
    lambda m: (
        m.clean.under_way & m.clean.cleared,
        neg(m.clean.under_way),
        m.clean.under_way & neg(m.clean.cleared),
    ),
)
BLOWN = Once("the blow of the shadow tables", lambda m: m.clean.blown)
FLUSHED = Remaining("CPUs not flushed after it", lambda m: m.clean.flushed, done=True)


def switch(name: str) -> tuple[Work, ...]:
    """The log of a machine is enabled: then what may not be written any more is revoked, and each CPU flushed."""

    def forbidden(m: Any) -> Any:
        spec = compose(name)()
        return m.shadow.writable.where(lambda v: spec.permits(m, m.shadow.frame[v]), False)

    return (
        Once("the log's switch", lambda m: cast(Any, compose(name)()).is_enabled(m)),
        Remaining("writable mappings that are not permitted", forbidden),
        Remaining("CPUs not flushed after the switch", lambda m: m.log_mode.flushed, done=True),
    )


def standing(what: str, of: Callable[[Any], Any]) -> Work:
    """What is to be brought to its end once the guest stands still: until then it comes and goes."""
    return Remaining(what, lambda m: of(m).where(lambda *key: m.phase != Phase.PAUSED, False))


def waits(m: Any) -> bool:
    """The target has died, or is fenced, after the commit and before it has started the guest."""
    committed = (m.phase == Phase.COMMITTED) | (m.phase == Phase.ACKNOWLEDGED)
    return committed & (m.failed.target | (m.failed.knows == Knows.NOT_TAKEN))  # type: ignore[no-any-return]


def is_over_or_lost(m: Any) -> bool:
    """Also where the guest is lost: the source cannot have it back, and the target will not start it."""
    gone = m.failed.source | (m.failed.knows == Knows.TAKEN)
    return is_over(m) | (waits(m) & gone)  # type: ignore[no-any-return]


ZEROS = Remaining("words of it not found zero", lambda m: m.zeros.found, done=True)


def kvm_qemu(name: str, *wire: Work, before_the_round: tuple[Work, ...] = ()) -> tuple[Work, ...]:
    """A machine of kvm-qemu's parts, with what its wire adds. What arrives comes into being at the target."""
    return last(
        PHASES_AHEAD,
        *switch(name),
        ROUNDS,
        *before_the_round,
        OWED,
        STAGES_AHEAD,
        WORDS,
        Remaining("chunks not cleared", lambda m: m.slot.uncleared),
        Once("the revocation of a chunk", lambda m: m.slot.clearing),
        Remaining("CPUs not flushed for it", lambda m: m.slot.flushed, done=True),
        Remaining("devices that do not log", lambda m: m.devices.logging, done=True),
        standing("pages that the hypervisor has to mark", lambda m: m.hypervisor.written),
        standing("requests in flight", lambda m: m.devices.in_flight),
        *wire,
        Remaining("pages to be given back", lambda m: m.target_pages.there),
    )


AFTERWARDS = {
    "hear_acknowledgement": "the source may hear late that the target has the guest",
    "enable_revoke": "the log's mode may be on for another client",
    "enable_flush": "the same",
    "reap_payload": "what was found is read",
    "reset_entry": "entries that were read are reset",
    "reset_flush": "and the CPUs flushed for them",
    "mark_without_vcpu": "a writer comes to its end",
}
"""Steps that may be taken while no migration runs."""

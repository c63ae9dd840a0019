"""What is left to do in each named machine, and which of its steps need not bring the end closer, with the reason.

An *answer* is an engine step that the guest has caused (an entry of a ring that it filled), or that changes nothing but
what is known (a look at the log). That the guest does not keep the engine busy for ever is assumed, and it is proved
that an answer does not put the end off. A failure ends the migration, or leaves it where it was.

Steps of guest and operator that do put it off are named too: each is assumed to come finitely often in one migration.
"""

from collections.abc import Callable, Mapping
from typing import Any, cast

from attrs import field, frozen

from proofs.checkpoint_ending import (
    CHECKPOINT,
    EPOCH,
    completes,
    has_no_more,
    is_applied_whole,
    waits_for_the_target,
)
from proofs.postcopy_ending import BEFORE_THE_ROUND, DELAYS, LATE, PAST_THE_ROUND, is_at_its_end, waits_for_a_wire
from proofs.ranking import LEFT_TO_DO, PHASES, STAGES, Ahead, Countdown, Once, Places, Remaining, Work, is_over
from proofs.wire_ending import has_a_first, has_pages, is_in_order
from refmodel.compose import compose
from refmodel.handover.failure_state import Knows
from refmodel.language import Specification, neg
from refmodel.state import Phase

__all__ = ["RANKINGS", "Ranking", "is_ranked", "ranking_of"]


def _never(m: Any) -> bool:
    return False


@frozen
class Ranking:
    """The ranking of a machine, and the exceptions to it."""

    left_to_do: tuple[Work, ...]
    """Weightiest first."""
    answers: Mapping[str, str] = field(factory=dict)
    """Engine steps that answer the guest."""
    afterwards: Mapping[str, str] = field(factory=dict)
    """Engine steps that may come once the migration has ended."""
    delays: Mapping[str, str] = field(factory=dict)
    """Steps of guest or operator that put the end off."""
    waits: Callable[[Any], bool] = _never
    """The engine can do nothing more: the operator has to find out what became of the target."""
    settled_by: tuple[str, ...] = ()
    """The operator's steps that end the wait."""
    rescue: str = ""
    """An engine step that may end the migration at any time, and is only for need: without need others have to do."""
    is_in_need: Callable[[Any], bool] = _never
    is_over: Callable[[Any], bool] = is_over
    relies_on: Callable[[Any], bool] | None = None
    """What is needed beyond the invariants for the engine never to be stuck; shown of the initial state and every step.
    As an invariant it would burden all other proofs: of what is on a wire it says that there is such a page."""
    finitely: Callable[[Any], bool] = lambda m: True
    """What follows from that only because sorts are finite: an order of so many has a first."""
    completes: Callable[[Any, Any], bool] = lambda before, after: False
    """With this step something ends that is to end again and again; what is left to do is then that of the next."""

    def is_running(self, m: Any) -> bool:
        """A migration has begun and has not ended."""
        return neg((m.phase == Phase.BEFORE) | self.is_over(m))


def _last(*more: Work) -> tuple[Work, ...]:
    """The context, and what the source comes to know, lightest of all."""
    return (
        *more,
        Remaining("CPUs whose registers have not travelled", lambda m: m.hand_over.registers_sent, done=True),
        Once("the table's travel", lambda m: m.hand_over.table_sent),
        Once("the configuration's travel", lambda m: m.hand_over.configured),
        Once("the source's knowledge of the target", lambda m: m.failed.knows != Knows.NOTHING),
    )


_PHASES = Ahead("phases ahead", lambda m: m.phase, PHASES)
_ROUNDS = Countdown("rounds that the policy has left", lambda m: m.rounds.left)
_OWED = Remaining("pages that the round owes", lambda m: m.rounds.to_send)
_STAGES = Ahead("stages ahead of the page in hand", lambda m: m.transfer.stage, STAGES)
_WORDS = Remaining("words of it not read", lambda m: m.transfer.read, done=True)
_HARVEST = Places(
    "what is left of this round's harvest, then of the round, then of the next harvest's copy",
    lambda m: (
        m.clean.under_way & m.clean.cleared,
        neg(m.clean.under_way),
        m.clean.under_way & neg(m.clean.cleared),
    ),
)
_BLOWN = Once("the blow of the shadow tables", lambda m: m.clean.blown)
_FLUSHED = Remaining("CPUs not flushed after it", lambda m: m.clean.flushed, done=True)


def _switch(name: str) -> tuple[Work, ...]:
    """The log of a machine is enabled: then what may not be written any more is revoked, and each CPU flushed."""

    def forbidden(m: Any) -> Any:
        spec = compose(name)()
        return m.shadow.writable.where(lambda v: spec.permits(m, m.shadow.frame[v]), False)

    return (
        Once("the log's switch", lambda m: cast(Any, compose(name)()).is_enabled(m)),
        Remaining("writable mappings that are not permitted", forbidden),
        Remaining("CPUs not flushed after the switch", lambda m: m.log_mode.flushed, done=True),
    )


def _standing(what: str, of: Callable[[Any], Any]) -> Work:
    """What is to be brought to its end once the guest stands still: until then it comes and goes."""
    return Remaining(what, lambda m: of(m).where(lambda *key: m.phase != Phase.PAUSED, False))


def _waits(m: Any) -> bool:
    """The target has died, or is fenced, after the commit and before it has started the guest."""
    committed = (m.phase == Phase.COMMITTED) | (m.phase == Phase.ACKNOWLEDGED)
    return committed & (m.failed.target | (m.failed.knows == Knows.NOT_TAKEN))  # type: ignore[no-any-return]


def _is_over(m: Any) -> bool:
    """Also where the guest is lost: the source cannot have it back, and the target will not start it."""
    gone = m.failed.source | (m.failed.knows == Knows.TAKEN)
    return is_over(m) | (_waits(m) & gone)  # type: ignore[no-any-return]


_ZEROS = Remaining("words of it not found zero", lambda m: m.zeros.found, done=True)


def _kvm_qemu(name: str, *wire: Work, before_the_round: tuple[Work, ...] = ()) -> tuple[Work, ...]:
    """A machine of kvm-qemu's parts, with what its wire adds. What arrives comes into being at the target."""
    return _last(
        _PHASES,
        *_switch(name),
        _ROUNDS,
        *before_the_round,
        _OWED,
        _STAGES,
        _WORDS,
        Remaining("chunks not cleared", lambda m: m.slot.uncleared),
        Once("the revocation of a chunk", lambda m: m.slot.clearing),
        Remaining("CPUs not flushed for it", lambda m: m.slot.flushed, done=True),
        Remaining("devices that do not log", lambda m: m.devices.logging, done=True),
        _standing("pages that the hypervisor has to mark", lambda m: m.hypervisor.written),
        _standing("requests in flight", lambda m: m.devices.in_flight),
        *wire,
        Remaining("pages to be given back", lambda m: m.target_pages.there),
    )


_AFTERWARDS = {
    "hear_acknowledgement": "the source may hear late that the target has the guest",
    "enable_revoke": "the log's mode may be on for another client",
    "enable_flush": "the same",
    "reap_payload": "what was found is read",
    "reset_entry": "entries that were read are reset",
    "reset_flush": "and the CPUs flushed for them",
    "mark_without_vcpu": "a writer comes to its end",
}
"""Steps that may be taken while no migration runs."""


def _failing(left_to_do: tuple[Work, ...], **exceptions: Any) -> Ranking:
    """The ranking of a machine with the part ``failures``."""
    return Ranking(
        left_to_do,
        afterwards=_AFTERWARDS,
        waits=_waits,
        settled_by=("find_out", "resume_source"),
        is_over=_is_over,
        **exceptions,
    )


RANKINGS: Mapping[str, Ranking] = {
    "seed": Ranking(LEFT_TO_DO),
    "xen": _failing(
        _last(
            _PHASES,
            _ROUNDS,
            _HARVEST,
            _BLOWN,
            _FLUSHED,
            Remaining("leaves not copied", lambda m: m.leaves.copied, done=True),
            *_switch("xen"),
            _OWED,
            Once("the end of the round", lambda m: neg(m.policy.counted)),
            _STAGES,
            _WORDS,
            _standing("pages that the hypervisor has to mark", lambda m: m.hypervisor.written),
            Remaining("mapped pages not marked for the last time", lambda m: m.granted.marked_last, done=True),
        ),
        delays={
            "track_start": "another client of the log begins, and some pages are made read-only for it",
            "log_teardown": "the last client of the log has gone, and the next has to switch it on again",
        },
    ),
    "xen-2005": _failing(
        _last(
            _PHASES,
            _ROUNDS,
            _HARVEST,
            _BLOWN,
            _FLUSHED,
            _OWED,
            _STAGES,
            _WORDS,
            Remaining("CPUs not on the shadow", lambda m: m.cpus.on_shadow, done=True),
        ),
        answers={"peek": "before each batch the log is looked at, to skip what is dirty again"},
    ),
    "kvm-qemu": _failing(_kvm_qemu("kvm-qemu")),
    "kvm-qemu-multifd": _failing(
        _kvm_qemu(
            "kvm-qemu-multifd",
            _ZEROS,
            Remaining("words that wait for their channel", lambda m: m.channels.queued),
            Remaining("words that have left, and not arrived", lambda m: m.channels.flying),
        ),
        relies_on=has_pages,
    ),
    "kvm-qemu-xbzrle": _failing(
        _kvm_qemu("kvm-qemu-xbzrle", _ZEROS, Remaining("words on the wire", lambda m: m.fifo.words)),
        relies_on=is_in_order,
        finitely=has_a_first,
    ),
    "remus": Ranking(
        _last(
            CHECKPOINT,
            _ROUNDS,
            _HARVEST,
            _BLOWN,
            _FLUSHED,
            *_switch("remus"),
            _OWED,
            Once("the end of the round", lambda m: neg(m.policy.counted)),
            _STAGES,
            _WORDS,
            _standing("pages that the hypervisor has to mark", lambda m: m.hypervisor.written),
            *EPOCH,
        ),
        afterwards=_AFTERWARDS,
        waits=lambda m: _waits(m) | waits_for_the_target(m),
        settled_by=("find_out", "resume_source"),
        is_over=has_no_more,
        completes=completes,
        relies_on=is_applied_whole,
        rescue="take_over",
        is_in_need=lambda m: cast(bool, m.failed.wire),
    ),
    "postcopy": Ranking(
        _kvm_qemu("postcopy", *PAST_THE_ROUND, before_the_round=BEFORE_THE_ROUND),
        afterwards={**_AFTERWARDS, **LATE},
        delays=DELAYS,
        waits=lambda m: _waits(m) | waits_for_a_wire(m),
        settled_by=("find_out", "resume_source", "recover"),
        is_over=is_at_its_end,
    ),
    "kvm-qemu-ring": _failing(
        _last(
            _PHASES,
            *_switch("kvm-qemu-ring"),
            _ROUNDS,
            _OWED,
            _STAGES,
            _WORDS,
            Once("the start of the rings", lambda m: m.ring_protection.started),
            Remaining("pages to be given back", lambda m: m.target_pages.there),
            _standing("pages that the hypervisor has to mark", lambda m: m.hypervisor.written),
        ),
        answers={
            "reap_flag": "a vCPU's fault filled the entry",
            "reap_payload": "the same",
            "reset_entry": "the same",
            "reset_flush": "the same",
            "mark_without_vcpu": "a writer that has no vCPU wrote the page",
        },
    ),
}


def is_ranked(spec: Specification[Any]) -> bool:
    """The specification is a named machine, or a variant of one, and has a ranking."""
    return _named(spec) in RANKINGS


def ranking_of(spec: Specification[Any]) -> Ranking:
    """The ranking of the named machine that this is, or is a variant of."""
    return RANKINGS[_named(spec)]


def _named(spec: Specification[Any]) -> str:
    return next((name for name in RANKINGS if isinstance(spec, compose(name))), "")

"""What is left to do, weightiest first: of every machine, and what each part of a machine adds, and where.

The order is one for all machines, so that a machine of any of these parts has a ranking. What a part adds stands below
whatever may bring it back, and above what its own steps bring back: a page's stages come after the pages owed, for to
take one up is progress, and begins its stages.
"""

from collections.abc import Callable
from typing import Any

from proofs.ranking import Ahead, Countdown, Once, Places, Remaining, Work
from proofs.rankings import checkpoints, postcopy
from refmodel.handover.failure_state import Container, Knows
from refmodel.language import neg
from refmodel.parts import PARTS
from refmodel.state import Phase, Stage

__all__ = ["EVERY", "left_to_do", "order"]

EVERY = ""
"""Stands for the part that every machine has."""


def left_to_do(spec: Any) -> tuple[Work, ...]:
    """Of the machine, weightiest first."""
    return tuple(work for part, work in order(spec) if part == EVERY or isinstance(spec, PARTS[part].cls))


def order(spec: Any) -> tuple[tuple[str, Work], ...]:
    """Every entry that a machine may have, with the part that adds it; some ask the machine itself."""
    return (
        (EVERY, _phases(spec)),
        ("checkpoints", checkpoints.GOING_ON),
        (EVERY, Countdown("rounds that the policy has left", lambda m: m.rounds.left)),
        *(("protect-at-harvest", work) for work in _HARVEST),
        ("leaf-by-leaf", Remaining("leaves not copied", lambda m: m.leaves.copied, done=True)),
        *(("postcopy", work) for work in postcopy.BEFORE_THE_ROUND),
        ("incremental", Once("an image that the target can take", lambda m: spec.is_on_its_parent(m))),
        (EVERY, Remaining("pages that the round owes", lambda m: m.rounds.to_send)),
        ("xen-rounds", Once("the end of the round", lambda m: neg(m.policy.counted))),
        (EVERY, Ahead("stages ahead of the page in hand", lambda m: m.transfer.stage, _STAGES)),
        *(("log-mode", work) for work in _switch(spec)),
        *(("superpages", work) for work in _large(spec)),
        *(("views", work) for work in _view(spec)),
        *(("protect-at-transfer", work) for work in _PROTECTION),
        (EVERY, Remaining("words of it not read", lambda m: m.transfer.read, done=True)),
        *(("manual-protect", work) for work in _CHUNKS),
        ("shadowed-for-migration", Remaining("CPUs not on the shadow", _on_shadow, done=True)),
        ("dirty-ring", Once("the start of the rings", lambda m: m.ring_protection.started | _are_over(spec, m))),
        ("device-writes", _until_committed(spec, "devices that do not log", lambda m: m.devices.logging)),
        (
            "hypervisor-writes",
            _at(Phase.PAUSED, "pages the hypervisor has to mark", lambda m: m.hypervisor.written),
        ),
        ("device-writes", _at(Phase.PAUSED, "writes of devices in flight", lambda m: m.devices.in_flight)),
        ("requests", _at(Phase.PAUSED, "pages of requests to be drained", lambda m: m.requests.written)),
        ("requests", _at(Phase.STOP_AND_COPY, "requests to be carried over", _not_carried)),
        ("grants", Remaining("mapped pages not marked for the last time", lambda m: m.granted.marked_last, done=True)),
        *(("postcopy", work) for work in postcopy.PAST_THE_ROUND),
        ("zero-pages", Remaining("words of it not found zero", lambda m: m.zeros.found, done=True)),
        ("channels", Remaining("words that wait for their channel", lambda m: m.channels.queued)),
        ("channels", Remaining("words that have left, and not arrived", lambda m: m.channels.flying)),
        ("fifo-wire", Remaining("words on the wire", lambda m: m.fifo.words)),
        ("incremental", _IMAGE),
        ("incremental", Remaining("words of the image not restored", lambda m: m.images.written)),
        *(("checkpoints", work) for work in checkpoints.EPOCH),
        ("pv-tables", Remaining("pages that are not pinned at the target", lambda m: m.types.pinned, done=True)),
        ("shared-storage", Once("the source's letting go of the images", lambda m: neg(m.images.at_source))),
        ("memory-slots", Remaining("pages to be given back", lambda m: m.target_pages.there)),
        (EVERY, Remaining("CPUs whose registers have not travelled", lambda m: m.hand_over.registers_sent, done=True)),
        (EVERY, Once("the table's travel", lambda m: m.hand_over.table_sent)),
        (EVERY, Once("the configuration's travel", lambda m: m.hand_over.configured)),
        ("failures", Once("the source's knowledge of the target", lambda m: m.failed.knows != Knows.NOTHING)),
        ("failures", _CONTAINER),
    )


def _phases(spec: Any) -> Work:
    """Phases; where checkpoint follows checkpoint those of each."""
    if isinstance(spec, PARTS["checkpoints"].cls):
        return checkpoints.places_ahead(spec)
    return Ahead("phases ahead", lambda m: m.phase, _PHASES)


_PHASES = (
    Phase.SETUP,
    Phase.LIVE,
    Phase.PAUSED,
    Phase.STOP_AND_COPY,
    Phase.COMMITTED,
    Phase.ACKNOWLEDGED,
    Phase.AFTER,
)
_STAGES = (Stage.CLEARED, Stage.MARKED, Stage.READING, Stage.IDLE)
_HARVEST: tuple[Work, ...] = (
    Places(
        "what is left of this round's harvest, then of the round, then of the next harvest's copy",
        lambda m: (
            m.clean.under_way & m.clean.cleared,
            neg(m.clean.under_way),
            m.clean.under_way & neg(m.clean.cleared),
        ),
    ),
    Once("the blow of the shadow tables", lambda m: m.clean.blown),
    Remaining("CPUs not flushed after it", lambda m: m.clean.flushed, done=True),
)


def _switch(spec: Any) -> tuple[Work, ...]:
    """The log is enabled: then what may not be written any more is revoked, and each CPU flushed."""
    return (
        Once("the log's switch", lambda m: spec.is_enabled(m) | _are_over(spec, m)),
        Remaining(
            "writable mappings that are not permitted",
            lambda m: m.shadow.writable.where(lambda v: spec.permits(m, m.shadow.frame[v]) | _are_over(spec, m), False),
        ),
        _until_committed(spec, "CPUs not flushed after the switch", lambda m: m.log_mode.flushed),
    )


def _large(spec: Any) -> tuple[Work, ...]:
    """While the log's mode is on no region is mapped large any more; before that it may come to be."""
    return (
        Remaining(
            "large mappings that let a region be written",
            lambda m: m.superpages.writable.where(lambda r: neg(spec.is_switched(m)), False),
        ),
        Remaining("large mappings", lambda m: m.superpages.mapped.where(lambda r: neg(spec.is_switched(m)), False)),
    )


def _view(spec: Any) -> tuple[Work, ...]:
    """The view's entries are copied once, with whatever the host's permit then; what is not permitted is revoked."""
    return (
        Remaining("entries that the view lacks", lambda m: m.views.table.present, done=True),
        Remaining(
            "entries of the view that are not permitted",
            lambda m: m.views.table.writable.where(lambda v: spec.permits(m, m.views.table.frame[v]), False),
        ),
    )


def _writable_mappings(m: Any) -> Any:
    """Shadow mappings of the page being protected that still let it be written; none once a fault permits writes."""
    page = m.transfer.page
    protecting = (m.transfer.stage == Stage.MARKED) & m.protection.transferred[page]
    return m.shadow.writable.where(lambda v: neg(protecting & (m.shadow.frame[v] == page)), False)


_PROTECTION: tuple[Work, ...] = (
    Remaining("writable shadow mappings of the page in hand", _writable_mappings),
    Remaining("CPUs not flushed for it", lambda m: m.transfer.flushed, done=True),
)
_CHUNKS: tuple[Work, ...] = (
    Remaining("chunks not cleared", lambda m: m.slot.uncleared),
    Once("the revocation of a chunk", lambda m: m.slot.clearing),
    Remaining("CPUs not flushed for it", lambda m: m.slot.flushed, done=True),
)


def _places_of_image(m: Any) -> tuple[Any, ...]:
    """Nothing is in it though the target lacks it; it is being written; it is being restored; the target has it all."""
    images = m.images
    empty, lacks_one = images.written.is_empty, images.full | (images.restored != images.parent)
    return (
        neg(images.closed) & empty & lacks_one,
        neg(images.closed) & neg(empty),
        images.closed,
        neg(images.closed | lacks_one) & empty,
    )


_IMAGE = Places("what is left of the image at hand", _places_of_image)
_CONTAINER = Ahead("what is ahead of the container at the target", lambda m: m.container, tuple(Container))


def _on_shadow(m: Any) -> Any:
    """After an abort they leave it again, also where a takeover is still to come."""
    return m.cpus.on_shadow.where(lambda c: m.phase == Phase.ABORTED, True)


def _at(phase: Phase, what: str, of: Callable[[Any], Any]) -> Work:
    """What is to be brought to its end in this phase, once the guest stands still: until then it comes and goes."""
    return Remaining(what, lambda m: of(m).where(lambda *key: m.phase != phase, False))


def _are_over(spec: Any, m: Any) -> bool:
    """Rounds are, from the commit on: what the log needed for them it needs no more."""
    return spec.is_committed(m) | (m.phase == Phase.AFTER)  # type: ignore[no-any-return]


def _until_committed(spec: Any, what: str, done: Callable[[Any], Any]) -> Work:
    """What rounds need, and nobody does once they are over: a source that is discarded gives it up."""
    return Remaining(what, lambda m: done(m).where(lambda *key: _are_over(spec, m), True), done=True)


def _not_carried(m: Any) -> Any:
    return m.requests.submitted - m.requests.carried

"""What is left to do in each named machine, and which of its steps need not bring the end closer, with the reason."""

from collections.abc import Mapping
from typing import Any, cast

from proofs.checkpoint_ending import (
    CHECKPOINT,
    EPOCH,
    completes,
    has_no_more,
    is_applied_whole,
    waits_for_the_target,
)
from proofs.postcopy_ending import BEFORE_THE_ROUND, DELAYS, LATE, PAST_THE_ROUND, is_at_its_end, waits_for_a_wire
from proofs.ranking import LEFT_TO_DO, Once, Remaining, Work
from proofs.rankings.items import (
    AFTERWARDS,
    BLOWN,
    FLUSHED,
    HARVEST,
    OWED,
    PHASES_AHEAD,
    ROUNDS,
    STAGES_AHEAD,
    WORDS,
    ZEROS,
    is_over_or_lost,
    kvm_qemu,
    last,
    standing,
    switch,
    waits,
)
from proofs.rankings.ranking import Ranking
from proofs.wire_ending import has_a_first, has_pages, is_in_order
from refmodel.compose import compose
from refmodel.language import Specification, neg

__all__ = ["RANKINGS", "Ranking", "is_ranked", "ranking_of"]


def _failing(left_to_do: tuple[Work, ...], **exceptions: Any) -> Ranking:
    """The ranking of a machine with the part ``failures``."""
    return Ranking(
        left_to_do,
        afterwards=AFTERWARDS,
        waits=waits,
        settled_by=("find_out", "resume_source"),
        is_over=is_over_or_lost,
        **exceptions,
    )


RANKINGS: Mapping[str, Ranking] = {
    "seed": Ranking(LEFT_TO_DO),
    "xen": _failing(
        last(
            PHASES_AHEAD,
            ROUNDS,
            HARVEST,
            BLOWN,
            FLUSHED,
            Remaining("leaves not copied", lambda m: m.leaves.copied, done=True),
            *switch("xen"),
            OWED,
            Once("the end of the round", lambda m: neg(m.policy.counted)),
            STAGES_AHEAD,
            WORDS,
            standing("pages that the hypervisor has to mark", lambda m: m.hypervisor.written),
            Remaining("mapped pages not marked for the last time", lambda m: m.granted.marked_last, done=True),
        ),
        delays={
            "track_start": "another client of the log begins, and some pages are made read-only for it",
            "log_teardown": "the last client of the log has gone, and the next has to switch it on again",
        },
    ),
    "xen-2005": _failing(
        last(
            PHASES_AHEAD,
            ROUNDS,
            HARVEST,
            BLOWN,
            FLUSHED,
            OWED,
            STAGES_AHEAD,
            WORDS,
            Remaining("CPUs not on the shadow", lambda m: m.cpus.on_shadow, done=True),
        ),
        answers={"peek": "before each batch the log is looked at, to skip what is dirty again"},
    ),
    "kvm-qemu": _failing(kvm_qemu("kvm-qemu")),
    "kvm-qemu-multifd": _failing(
        kvm_qemu(
            "kvm-qemu-multifd",
            ZEROS,
            Remaining("words that wait for their channel", lambda m: m.channels.queued),
            Remaining("words that have left, and not arrived", lambda m: m.channels.flying),
        ),
        relies_on=has_pages,
    ),
    "kvm-qemu-xbzrle": _failing(
        kvm_qemu("kvm-qemu-xbzrle", ZEROS, Remaining("words on the wire", lambda m: m.fifo.words)),
        relies_on=is_in_order,
        finitely=has_a_first,
    ),
    "remus": Ranking(
        last(
            CHECKPOINT,
            ROUNDS,
            HARVEST,
            BLOWN,
            FLUSHED,
            *switch("remus"),
            OWED,
            Once("the end of the round", lambda m: neg(m.policy.counted)),
            STAGES_AHEAD,
            WORDS,
            standing("pages that the hypervisor has to mark", lambda m: m.hypervisor.written),
            *EPOCH,
        ),
        afterwards=AFTERWARDS,
        waits=lambda m: waits(m) | waits_for_the_target(m),
        settled_by=("find_out", "resume_source"),
        is_over=has_no_more,
        completes=completes,
        relies_on=is_applied_whole,
        rescue="take_over",
        is_in_need=lambda m: cast(bool, m.failed.wire),
    ),
    "postcopy": Ranking(
        kvm_qemu("postcopy", *PAST_THE_ROUND, before_the_round=BEFORE_THE_ROUND),
        afterwards={**AFTERWARDS, **LATE},
        delays=DELAYS,
        waits=lambda m: waits(m) | waits_for_a_wire(m),
        settled_by=("find_out", "resume_source", "recover"),
        is_over=is_at_its_end,
    ),
    "kvm-qemu-ring": _failing(
        last(
            PHASES_AHEAD,
            *switch("kvm-qemu-ring"),
            ROUNDS,
            OWED,
            STAGES_AHEAD,
            WORDS,
            Once("the start of the rings", lambda m: m.ring_protection.started),
            Remaining("pages to be given back", lambda m: m.target_pages.there),
            standing("pages that the hypervisor has to mark", lambda m: m.hypervisor.written),
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

"""The mix: how often the decoder picks each kind of step, and which sizes it fuzzes. Data, published on purpose.

Every engine that draws schedules (libFuzzer, a random walk, Hypothesis) uses the same mix, so that their results
compare. A weight says how often a kind is picked among its actor's; a share, how often an actor is picked.
"""

from collections.abc import Mapping

from refmodel.language import Actor

__all__ = [
    "AT_THE_TARGET",
    "DEFAULT_SIZES",
    "MOST_ROUNDS",
    "MOST_STEPS",
    "OPENING",
    "RARE",
    "SHARES",
    "SIZES",
    "WEIGHTS",
    "weight",
]

SHARES: Mapping[Actor, int] = {Actor.ENGINE: 112, Actor.GUEST: 142, Actor.OPERATOR: 2}
"""Of 256. The engine needs about 50 steps to activation; the operator's ``abort`` ends a run, and is rare."""

RARE = 1
"""Kinds of this weight never stand in for others that cannot be taken: they end a phase, or the run."""
OPENING = frozenset({"begin", "find_out", "resume_source", "recover"})
"""Steps of the operator that come as often as the engine's own while they can be taken: where all else has to wait."""
AT_THE_TARGET: Mapping[str, int] = {"lose_wire": 8}
"""The same, with their weight, once the guest runs at the target: earlier they would end most runs too soon."""
_USUAL = 6
WEIGHTS: Mapping[str, int] = {
    # A walk or a fill between two engine steps is what most losses need; so are stores.
    "guest_store": 10,
    "mmu_walk": 10,
    "shadow_fill": 9,
    "guest_map": 8,
    "write_fault": 7,
    "target_store": 1,
    "guest_compute": 2,
    "guest_flush": 3,
    "guest_unmap": 3,
    "leave_shadow": 2,
    # A refused kind gives way to the next in weight: the next page is taken up before a round, or the rounds, end.
    "transfer_clear": 9,
    "transfer_flush": 8,
    "transfer_revoke": 7,
    "next_round": 5,
    "reserve": 9,
    "enter_shadow": 4,
    "send_configuration": 4,
    "start_rounds": 4,
    "send_registers": 4,
    "send_table": 4,
    "commit": 3,
    "acknowledge": 3,
    "activate": 3,
    "final_harvest": 3,
    # An epoch goes on from one step to the next; what ends the run can wait, or no second one is ever begun.
    "checkpoint_take": 9,
    "checkpoint_resume": 9,
    "checkpoint_apply": 8,
    "guest_send": 2,
    "take_over": 1,
    "image_close": 8,
    "image_restore": 8,
    "image_fails": 1,
    "image_of_another": 2,
    "peek": 2,
    "harvest_fails": 2,
    # After a switch a page has to be on its way for long enough to be lost, or to come twice.
    "switch": 12,
    "receive": 8,
    "recover": 4,
    "end_postcopy": 4,
    "place_page": 3,
    "pause": 1,
    "begin": 8,
    "abort": 1,
    "reservation_refused": 1,
    "reservation_freed": 3,
    "hear_acknowledgement": 1,
    "lose_wire": 1,
    "lose_source": 1,
    "lose_target": 1,
}
"""Kinds that are not named here weigh 6: a new kind of step is fuzzed from the day it exists."""

SIZES: tuple[Mapping[str, int], ...] = (
    {"pfn": 3, "vpn": 3, "cpu": 2, "word": 2, "value": 4},
    {"pfn": 2, "vpn": 2, "cpu": 2, "word": 1, "value": 2},
    {"pfn": 1, "vpn": 2, "cpu": 2, "word": 1, "value": 2},
    {"pfn": 2, "vpn": 2, "cpu": 1, "word": 2, "value": 2},
    {"pfn": 1, "vpn": 2, "cpu": 1, "word": 2, "value": 4},
)
"""The machines that an input may choose; the first is chosen by half of the first bytes. Of a sort that a part of the
machine adds there are as many as the part says for the search (``refmodel.search.seed_space.sizes_for``)."""
MORE = 192
"""From this first byte on there is one more of each sort that a part adds: a second line of a cache, a longer queue."""
DEFAULT_SIZES = SIZES[0]
MOST_STEPS = 96
"""A longer input is cut: the runs that found a wrong variant were all shorter than this."""
MOST_ROUNDS = 3
"""An input chooses 0 to this many rounds after the first: losses that need two rounds need one more to be sent."""


def weight(step: str) -> int:
    """How often a kind of step is picked, relative to its actor's other kinds."""
    return WEIGHTS.get(step, _USUAL)

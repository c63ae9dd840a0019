"""Claims that follow from others of their machine: nothing breaks one of them alone, and each is claimed for its words.

Each stands here with the claims that it follows from, by proof: all of them are needed, and each of those has a witness
of its own, so that no two claims vouch for each other.
"""

from collections.abc import Collection, Mapping
from typing import Any

import z3

from proofs.lifting.lift import any_state, arguments, claimed, closed
from proofs.lifting.terms import expression
from refmodel.machines import machine
from tests.checkers.claims import ALL_MACHINES

__all__ = ["COROLLARIES", "beside", "follows"]

_NOTED = ("what_was_noted_is_still_marked", "what_differs_from_its_last_copy_was_noted")
_ARRIVED = (*_NOTED, "what_has_arrived_is_what_was_read")
_NOTHING_LEFT = "at_the_commit_nothing_is_marked_and_nothing_on_its_way"
_KEPT = "an_image_to_go_on_from_is_kept_until_the_acknowledgement"
_KNOWN = "what_is_known_of_the_target_is_so"
_STAYS = "the_sources_image_stays_while_the_target_lacks_pages"
_SOURCE_RUNS = "the_source_runs_until_paused_and_after_an_abort"

COROLLARIES: Mapping[str, tuple[str, ...]] = {
    "a_page_that_is_not_owed_is_equal_at_the_target": _ARRIVED,
    "at_cutover_the_target_equals_the_source": (
        *_ARRIVED,
        _NOTHING_LEFT,
        "at_the_commit_the_context_has_travelled",
        "a_table_that_was_sent_is_equal",
        "registers_that_were_sent_are_equal",
        "what_is_configured_is_the_sources_configuration",
    ),
    "at_cutover_the_same_pages_are_tables": (
        _NOTED[0],
        _NOTHING_LEFT,
        "a_type_that_is_not_what_was_sent_is_noted",
        "tables_are_pinned_when_every_page_has_been_sent",
        "at_the_commit_what_came_as_a_table_is_pinned",
    ),
    "at_cutover_the_targets_tables_name_its_frames_of_the_same_pages": (
        *_ARRIVED,
        _NOTHING_LEFT,
        "a_page_of_the_guests_has_a_frame_of_its_own",
        "a_table_names_pages_of_the_guests_alone",
    ),
    "one_side_runs": (_SOURCE_RUNS, "the_target_runs_only_after_its_acknowledgement"),
    "between_commit_and_acknowledgement_the_source_neither_runs_nor_is_discarded": (_KEPT, _SOURCE_RUNS),
    "while_both_hosts_are_there_the_guest_is_recoverable": (_KEPT, _KNOWN),
    "before_the_commit_a_target_is_fenced_only_where_it_cannot_be_told": (_KNOWN,),
    "between_the_first_step_at_the_target_and_the_last_page_both_hosts_are_needed": (_KNOWN, _STAYS),
    "from_the_commit_to_the_first_step_at_the_target_only_the_sources_death_loses_the_guest": (_STAYS,),
    "one_side_has_the_images_active": (
        "from_the_commit_on_the_source_has_let_the_images_go",
        "the_target_has_the_images_only_once_it_has_started",
    ),
    "what_a_cpu_may_write_is_dirty_in_the_guests_own_entry": (
        "after_a_flush_a_tlb_has_the_guests_own_entry",
        "the_guests_table_is_what_a_walk_of_its_memory_gives",
        "a_writable_tlb_entry_is_present",
    ),
}
"""By name, each with what it follows from."""


def beside(claim: str) -> frozenset[str]:
    """What follows from the claim and others: it may break with it."""
    return frozenset(name for name, others in COROLLARIES.items() if claim in others)


def follows(claim: str, others: Collection[str]) -> bool:
    """It is proved of any state of the first machine that has it and what it follows from, from these claims alone."""
    wanted = {claim, *COROLLARIES[claim]}
    spec: Any = next(spec for spec in map(machine, ALL_MACHINES) if wanted <= spec.claims.keys())
    known = spec.claims[claim]
    state = any_state(spec.state)
    solver = z3.SimpleSolver()
    solver.set(timeout=20_000)
    solver.add(*(closed(spec, other, state) for other in spec.invariants if other.name in others))
    solver.add(z3.Not(expression(claimed(spec, known, (state,), arguments(known.parameters, "at.")))))
    return bool(solver.check() == z3.unsat)

"""Which steps of a part need not bring the end closer, with the reason; and what else it changes about the end."""

from collections.abc import Callable, Mapping
from typing import Any

from attrs import evolve, field, frozen

from proofs.ranking import Once, Remaining, Work
from proofs.rankings.checkpoints import of_checkpoints
from proofs.rankings.postcopy import of_postcopy
from proofs.rankings.ranking import Ranking
from proofs.rankings.wires import has_a_first, has_pages, is_in_order
from refmodel.handover.failure_state import Knows
from refmodel.language import neg, pick
from refmodel.state import Phase, Stage

__all__ = ["ENDS", "STEPS", "Steps"]


@frozen
class Steps:
    """Steps of one part, each with the reason: as ``Ranking`` has them."""

    answers: Mapping[str, str] = field(factory=dict)
    to_answer: tuple[Work, ...] = ()
    looks: Mapping[str, str] = field(factory=dict)
    afterwards: Mapping[str, str] = field(factory=dict)
    delays: Mapping[str, str] = field(factory=dict)
    again: Mapping[str, str] = field(factory=dict)


STEPS: Mapping[str, Steps] = {
    "failures": Steps(
        afterwards={
            "hear_acknowledgement": "the source may hear late that the target has the guest",
            "reservation_freed": "the target may find late that nothing comes any more",
        }
    ),
    "postcopy": Steps(
        afterwards={
            "fill_word": "what came twice is thrown away",
            "place_page": "the same",
            "drop_page": "a target whose source has died drops what it was told to all the same",
            "acknowledge": "a target that lacks pages cannot know that its source has died, and that the guest is lost",
            "activate": "the same",
        },
        delays={
            "lose_wire": "what was on it is owed again once there is another",
            "lose_source": "the same wire: all that is missing may be off it by then, so that the guest goes on",
        },
    ),
    "second-hop": Steps(
        again={
            "begin": "after one that was given up",
            "go_on_from_target": "the host that received the guest becomes the source of another",
        },
        delays={"target_holds": "a host that is made ready may have pages that are to be given back"},
    ),
    "incremental": Steps(
        delays={
            "image_fails": "an image cannot be written, and its pages are owed again",
            "image_of_another": "somebody takes the target's image away, so that a full one has to follow",
        }
    ),
    "log-mode": Steps(
        afterwards={
            "enable_revoke": "the log's mode may be on for another client",
            "enable_flush": "the same",
        }
    ),
    "superpages": Steps(
        afterwards={"large_protect": "the log's mode may be on for another client", "large_split": "the same"}
    ),
    "views": Steps(afterwards={"view_revoke": "what the log does not permit is revoked whenever it is found"}),
    "shared-shadows": Steps(
        delays={"shadow_link": "while a page is made read-only, an entry that is writable yet is linked once more"}
    ),
    "leaf-by-leaf": Steps(delays={"harvest_fails": "a leaf cannot be copied, and the call may be repeated"}),
    "two-clients": Steps(
        delays={
            "track_start": "another client of the log begins, and some pages are made read-only for it",
            "log_teardown": "the last client of the log has gone, and the next has to switch it on again",
        }
    ),
    "xen-2005-rounds": Steps(looks={"peek": "before each batch the log is looked at, to skip what is dirty again"}),
    "dirty-ring": Steps(
        answers={
            "reap_flag": "a vCPU's fault filled the entry",
            "reap_payload": "the same",
            "reset_entry": "the same",
            "reset_flush": "the same",
        },
        to_answer=(
            Remaining("entries that are not read", lambda m: m.ring.dirty),
            Once("the finding of one of them", lambda m: m.reaper.reading),
            Remaining("entries that are not reset", lambda m: m.ring.reset),
            Once("the end of the flush", lambda m: m.ring_protection.revoked.is_empty),
            Remaining("CPUs that are not flushed", lambda m: m.ring_protection.flushed, done=True),
        ),
        afterwards={
            "reap_payload": "what was found is read",
            "reset_entry": "entries that were read are reset",
            "reset_flush": "and the CPUs flushed for them",
        },
    ),
    "backup-bitmap": Steps(
        answers={"mark_without_vcpu": "a writer that has no vCPU wrote the page"},
        to_answer=(Remaining("pages written without a vCPU", lambda m: m.backup.written),),
        afterwards={"mark_without_vcpu": "a writer comes to its end"},
    ),
}
"""By part."""


def _waits_for_the_operator(m: Any) -> bool:
    """The target has died, or is fenced, after the commit and before it has started the guest."""
    committed = (m.phase == Phase.COMMITTED) | (m.phase == Phase.ACKNOWLEDGED)
    return committed & (m.failed.target | (m.failed.knows == Knows.NOT_TAKEN))  # type: ignore[no-any-return]


def _of_failures(ranking: Ranking, spec: Any) -> Ranking:
    """It is over also where the guest is lost: the source cannot have it back, and the target will not start it."""
    return evolve(
        ranking,
        is_over=lambda m: ranking.is_over(m) | neg(spec.is_recoverable(m)),
        waits=lambda m: ranking.waits(m) | _waits_for_the_operator(m),
        settled_by=(*ranking.settled_by, "find_out", "resume_source"),
    )


def _of_pv_tables(ranking: Ranking, spec: Any) -> Ranking:
    """In the last round what makes no sense as a table is an error: the migration has to be given up."""

    def has_only_nonsense(m: Any) -> bool:
        page, read, types = m.transfer.page, m.transfer.read, m.types
        as_table = m.but(types=types.but(tables=types.tables.filled()))
        as_data = m.but(types=types.but(tables=types.tables.cleared()))
        sensible = read.filled().only(
            lambda w: (
                neg(read[w])
                & pick(types.tables[page], spec.is_normal(as_table, page, w), spec.is_normal(as_data, page, w))
            )
        )
        stands = (m.phase == Phase.STOP_AND_COPY) & (m.transfer.stage == Stage.READING)
        return stands & m.types.asked & neg(read.is_full) & sensible.is_empty  # type: ignore[no-any-return]

    return evolve(
        ranking,
        waits=lambda m: ranking.waits(m) | has_only_nonsense(m),
        settled_by=(*ranking.settled_by, "abort"),
    )


ENDS: Mapping[str, Callable[[Ranking, Any], Ranking]] = {
    "checkpoints": of_checkpoints,
    "failures": _of_failures,
    "postcopy": of_postcopy,
    "pv-tables": _of_pv_tables,
    "channels": lambda ranking, spec: evolve(ranking, relies_on=has_pages),
    "fifo-wire": lambda ranking, spec: evolve(ranking, relies_on=is_in_order, finitely=has_a_first),
}
"""What a part makes of the ranking that the machine would have without it; those that another refines come first."""

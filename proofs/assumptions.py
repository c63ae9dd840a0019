"""What is not proved: each assumption by name, what it means, and where real systems stand or fell on it.

The commits and their evidence tags are those of the catalogue.
"""

from typing import Any

from attrs import frozen

from refmodel.catalogue.classes import Source, cited
from refmodel.language import Specification
from refmodel.parts import PARTS

__all__ = ["ASSUMPTIONS", "Assumption", "assumed"]


@frozen
class Assumption:
    """Something that the proofs take for granted."""

    name: str
    means: str
    relied_on: tuple[Source, ...] = ()
    goes_with: tuple[str, ...] = ()
    """Parts of a machine that do away with it: what it takes for granted is a step of theirs."""


ASSUMPTIONS = (
    Assumption(
        "finite sorts",
        "Pages, virtual pages, words and CPUs are finitely many. Only the proof that rounds end needs it.",
    ),
    Assumption(
        "the policy stops",
        "The policy allows some number of rounds, fixed when the migration begins; how it decides is left open.",
        cited(["simple_precopy_policy"]),
    ),
    Assumption(
        "the engine gets its turn",
        "Some enabled engine step is taken sooner or later, however busy the guest is; the target does acknowledge.",
        cited(["4934a5dd7c"]),
    ),
    Assumption(
        "one engine",
        "One migration at a time harvests the log, and nobody else clears it.",
        cited(["fd91a2a662"]),
    ),
    Assumption(
        "p2m is the identity",
        "gfn, pfn and mfn are one number, so that a page has one name wherever it is marked, mapped or sent.",
        cited(["9bdd419d64", "cc5e71075947"]),
    ),
    Assumption(
        "the guest's table travels at the stop",
        "The guest's page table is not part of guest memory at this level; it is sent whole while the guest stands.",
        cited(["a335a58e75"]),
    ),
    Assumption(
        "the wire delivers what was read, in order",
        "A word reaches the target as it was read, before any later one, and before the commit.",
        cited(["6d3cb1f970", "ebfc578715"]),
    ),
    Assumption(
        "memory is sequentially consistent",
        "Every CPU sees the steps in one order.",
        cited(["52281c6d11", "4802bf910e"]),
    ),
    Assumption(
        "a walk is one step",
        "The MMU does not use what it read of a table entry after the entry was changed and the CPU flushed.",
        cited(["8cc5036bc3"]),
    ),
    Assumption(
        "the fault handler and the harvest hold the lock",
        "Each is one step to every other writer of the log and of the shadow.",
        cited(["paging_log_dirty_op", "41ec7cd7be"], "M28"),
    ),
    Assumption(
        "only vCPUs write",
        "No device, device model, backend or hypervisor writes guest memory past the shadow.",
        cited(["paging_log_dirty_enable", "910b38e4dc"]),
    ),
    Assumption(
        "a paused machine stands still",
        "After the pause no access of any vCPU is still on its way.",
        cited(["507912385a"]),
    ),
    Assumption(
        "the log never fails",
        "To mark a page needs no memory, and the log has room for every page.",
        cited(["33fb3a6612"]),
    ),
    Assumption(
        "one page size",
        "Every mapping is of one page: the log, the tables and the transfers have the same granule.",
        cited(["687414bebe30"]),
    ),
    Assumption(
        "the memory map is fixed",
        "No page is added, removed or moved while a migration runs.",
        cited(["4cc856faba"]),
    ),
    Assumption(
        "solver and lifting are right",
        "Z3's answers, which a second solver can check, and the symbolic reading of the specification's language.",
    ),
)
"""In the order in which they are printed."""


def assumed(spec: Specification[Any]) -> tuple[Assumption, ...]:
    """What the proof of a machine takes for granted: all but what one of its parts does away with."""
    own = {name for name, part in PARTS.items() if isinstance(spec, part.cls)}
    return tuple(assumption for assumption in ASSUMPTIONS if not own & set(assumption.goes_with))

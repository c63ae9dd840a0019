"""What is not proved: each assumption by name, what it means, and where real systems stand or fell on it.

The commits and their evidence tags are those of the catalogue.
"""

from typing import Any

from proofs.assumption import Assumption
from proofs.rankings.assumed import OF_THE_END
from refmodel.catalogue.classes import cited
from refmodel.language import Specification
from refmodel.parts import PARTS

__all__ = ["ASSUMPTIONS", "assumed"]


ASSUMPTIONS = (
    *OF_THE_END,
    Assumption(
        "one engine",
        "One migration at a time harvests the log, and nobody else clears it.",
        cited(["fd91a2a662"]),
        goes_with=("two-clients",),
    ),
    Assumption(
        "p2m is the identity",
        "gfn, pfn and mfn are one number, so that a page has one name wherever it is marked, mapped or sent.",
        cited(["9bdd419d64", "cc5e71075947"]),
        goes_with=("hypervisor-writes", "device-writes", "pv-tables"),
    ),
    Assumption(
        "a page has a frame of its own",
        "P2M, the guest's own table, names no frame twice, and the target's two tables agree; M2P may say anything.",
        cited(["b687b766ae"], "M24"),
        comes_with=("pv-tables",),
    ),
    Assumption(
        "a page becomes a table at once",
        "A guest that turns numbers of pages into numbers of frames is not suspended half-way, and pins every table.",
        cited(["1b5fd028bf"], "M24"),
        comes_with=("pv-tables",),
    ),
    Assumption(
        "the guest's table travels at the stop",
        "The guest's page table is not part of guest memory at this level; it is sent whole while the guest stands.",
        cited(["a335a58e75"]),
        goes_with=("guest-tables", "second-stage"),
    ),
    Assumption(
        "the wire is one step",
        "A word reaches the target in the step in which it is read: before any later one, and before the commit.",
        cited(["6d3cb1f970", "ebfc578715"]),
        goes_with=("fifo-wire", "channels", "checkpoints", "incremental"),
    ),
    Assumption(
        "what is on its way is not altered",
        "What was handed to a wire, a channel or an image arrives as it was handed over, or not at all, and a queue "
        "keeps its order.",
        cited(["f5816b5c86"]),
        comes_with=("fifo-wire", "channels", "checkpoints", "incremental", "postcopy"),
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
        goes_with=("latched-walk",),
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
        goes_with=("hypervisor-writes", "device-writes", "grants"),
    ),
    Assumption(
        "other writers spare the page tables",
        "A device, backend or hypervisor that writes past the shadow writes no frame that serves as a page table.",
        cited(["grant_table.c"]),
        comes_with=("hypervisor-writes", "device-writes", "grants"),
    ),
    Assumption(
        "backends unmap, or are known, before the last harvest",
        "What is still mapped writable then is on the list of such pages, and whoever mapped it has been stopped.",
        cited(["5c23c760a8", "grant_table.c"]),
        comes_with=("grants",),
    ),
    Assumption(
        "a page that cannot be read is put off, not lost",
        "In the last round a page that still cannot be read fails the migration. Xen's toolstack asks whether the "
        "domain is paused, and one that suspended itself may not count as paused (observation O-1, unconfirmed).",
        cited(["a335a58e75"]),
        comes_with=("deferred-pages",),
    ),
    Assumption(
        "a harvest that fails is told of",
        "The caller of a harvest that failed midway puts pages back, asks again, or gives the migration up: going on "
        "as if nothing had happened loses the leaves already cleared (observation O-2, unconfirmed).",
        cited(["paging_log_dirty_op"]),
        comes_with=("leaf-by-leaf",),
    ),
    Assumption(
        "the count is not less than what it counts",
        "A harvest's dirty count reads 0 only where nothing is dirty; a round of count 0 is not sent (O-3).",
        cited(["17e91570c5"]),
        comes_with=("xen-rounds",),
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
        goes_with=("log-allocation",),
    ),
    Assumption(
        "one page size",
        "Every mapping is of one page: the log, the tables and the transfers have the same granule.",
        cited(["687414bebe30"]),
        goes_with=("superpages",),
    ),
    Assumption(
        "the memory map is fixed",
        "No page is added, removed or moved while a migration runs.",
        cited(["4cc856faba"]),
        goes_with=("memory-slots", "populate-on-demand"),
    ),
    Assumption(
        "solver and lifting are right",
        "Z3's answers, which a second solver can check, and the symbolic reading of the specification's language.",
    ),
)
"""In the order in which they are printed."""


def assumed(spec: Specification[Any]) -> tuple[Assumption, ...]:
    """What the proof of a machine takes for granted: all but what one of its parts does away with, or none brings."""
    own = {name for name, part in PARTS.items() if isinstance(spec, part.cls)}
    return tuple(
        assumption
        for assumption in ASSUMPTIONS
        if not own & set(assumption.goes_with) and (not assumption.comes_with or own & set(assumption.comes_with))
    )

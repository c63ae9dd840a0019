"""What is not proved: each assumption by name, what it means, and where real systems stand or fell on it.

The evidence tags are those of the variants: D, the diff or source was read; C, most of the commit message; T, only its
title; P, an excerpt of a mirrored page.
"""

from attrs import frozen

from refmodel.variants import Source

__all__ = ["ASSUMPTIONS", "Assumption"]


@frozen
class Assumption:
    """Something that the proofs take for granted."""

    name: str
    means: str
    relied_on: tuple[Source, ...] = ()


ASSUMPTIONS = (
    Assumption(
        "finite sorts",
        "Pages, virtual pages, words and CPUs are finitely many. Only the proof that rounds end needs it.",
    ),
    Assumption(
        "the policy stops",
        "The policy allows some number of rounds, fixed when the migration begins; how it decides is left open.",
        (Source("Xen simple_precopy_policy", "D", "at most 5 iterations (SPP_MAX_ITERATIONS)"),),
    ),
    Assumption(
        "the engine gets its turn",
        "Some enabled engine step is taken sooner or later, however busy the guest is; the target does acknowledge.",
        (Source("QEMU 4934a5dd7c", "D", "completion detection that loops"),),
    ),
    Assumption(
        "one engine",
        "One migration at a time harvests the log, and nobody else clears it.",
        (Source("Xen fd91a2a662", "C", "VRAM tracking and live migration shared one bitmap; races"),),
    ),
    Assumption(
        "p2m is the identity",
        "gfn, pfn and mfn are one number, so that a page has one name wherever it is marked, mapped or sent.",
        (
            Source("Xen 9bdd419d64", "D", "__hvm_copy marked the mfn instead of the gfn"),
            Source("Linux cc5e71075947", "P", "vhost logged GIOVA where GPA is required"),
        ),
    ),
    Assumption(
        "the guest's table travels at the stop",
        "The guest's page table is not part of guest memory at this level; it is sent whole while the guest stands.",
        (Source("Xen a335a58e75", "C", "a page table freed and reused while it was being normalised"),),
    ),
    Assumption(
        "the wire delivers what was read, in order",
        "A word reaches the target as it was read, before any later one, and before the commit.",
        (
            Source("QEMU 6d3cb1f970", "C", "a cached page was sent asynchronously, and changed before it left"),
            Source("QEMU ebfc578715", "C", "zero-copy flush issued before the request in flight had drained"),
        ),
    ),
    Assumption(
        "memory is sequentially consistent",
        "Every CPU sees the steps in one order.",
        (
            Source("QEMU 52281c6d11", "D", "dirty ring: RESET flag stored without release; an entry could be lost"),
            Source("QEMU 4802bf910e", "C", "dirty ring: missing acquire between the flag and the entry"),
        ),
    ),
    Assumption(
        "a walk is one step",
        "The MMU does not use what it read of a table entry after the entry was changed and the CPU flushed.",
        (Source("Xen 8cc5036bc3", "C", "XSA-401: a flush, then another CPU re-creates a writable TLB entry"),),
    ),
    Assumption(
        "the fault handler and the harvest hold the lock",
        "Each is one step to every other writer of the log and of the shadow.",
        (
            Source("Xen paging_log_dirty_op", "D", "harvests under domain_pause and the paging lock"),
            Source("Xen 41ec7cd7be", "D", "the log-dirty mode must be checked again under the lock"),
        ),
    ),
    Assumption(
        "only vCPUs write",
        "No device, device model, backend or hypervisor writes guest memory past the shadow.",
        (
            Source("Xen paging_log_dirty_enable", "D", "refuses a domain with passthrough devices"),
            Source("QEMU 910b38e4dc", "C", "the device model's DMA needs xen_modified_memory"),
        ),
    ),
    Assumption(
        "a paused machine stands still",
        "After the pause no access of any vCPU is still on its way.",
        (Source("Cloud Hypervisor 507912385a", "C", "a vCPU was paused with PIO or MMIO half complete"),),
    ),
    Assumption(
        "the log never fails",
        "To mark a page needs no memory, and the log has room for every page.",
        (Source("Xen 33fb3a6612", "C", "XSA-427: log-dirty allocations missing from the shadow preallocation"),),
    ),
    Assumption(
        "one page size",
        "Every mapping is of one page: the log, the tables and the transfers have the same granule.",
        (Source("Linux 687414bebe30", "P", "one bit set for a 16 MB entry, taken for one page"),),
    ),
    Assumption(
        "the memory map is fixed",
        "No page is added, removed or moved while a migration runs.",
        (Source("QEMU 4cc856faba", "C", "a slot was destroyed before its log was read"),),
    ),
    Assumption(
        "solver and lifting are right",
        "Z3's answers, which a second solver can check, and the symbolic reading of the specification's language.",
    ),
)
"""In the order in which they are printed."""

"""The rules for a recording of Xen, as data: beside the promise's own (``refmodel.oracle.rules``), seen through events.

A rule names the rules and invariants of the specification that it is, or the part of Xen's practice where the
specification leaves it open. What the seed says of the protection of a single page is in ``not_observable``.
"""

from attrs import frozen

from refmodel.language import Contract
from refmodel.oracle.xen.through_rules import THROUGH_XEN

__all__ = ["RULES", "XenRule"]


@frozen
class XenRule:
    """A rule: what it is of the specification, what it needs, and whose fault a finding may be."""

    name: str
    of: tuple[str, ...]
    """Rules (R1 to R12) and invariants (I-...) of the specification."""
    sentence: str
    needs: str
    contracts: tuple[Contract, ...]
    sure: str = "a finding is a fault, or a file of another run"


_LOG, _ROUNDS, _WIRE, _OVER = Contract.LOGGING, Contract.ROUNDS, Contract.TRANSPORT, Contract.HAND_OVER
_STREAM = "every record of the stream"
_BITMAPS = "the stream, bitmaps.bin and logdirty.log"
_SHADOW = "tables.bin, regs.txt, and before.mem"

_ROWS: tuple[tuple[str, tuple[str, ...], str, str, tuple[Contract, ...]], ...] = (
    # The passes
    ("the-first-pass-is-every-page", ("R10",), "the first pass names every pfn of the guest", _STREAM, (_ROUNDS,)),
    (
        "each-later-pass-is-its-clean-bitmap",
        ("R10", "I-CONS"),
        "a pass names the pages that the CLEAN before it returned, all and no other",
        _BITMAPS,
        (_ROUNDS,),
    ),
    (
        "the-last-pass-is-the-final-clean-or-deferred",
        ("R10", "I-FINAL"),
        "the pass after the suspension names the pages of the FINAL CLEAN and those deferred before",
        _BITMAPS,
        (_ROUNDS, _OVER),
    ),
    (
        "no-page-of-a-pass-is-read-before-its-clean",
        ("R10", "I-ORDER", "I-FINAL"),
        "a pass arrives after the CLEAN that asked for it, the first after ENABLE, the last after the FINAL CLEAN",
        _BITMAPS + ", and times.txt of the same clock",
        (_ROUNDS, _OVER),
    ),
    ("the-pages-of-a-pass-ascend", (), "a pass goes through the pfns once, upwards", _STREAM, (_ROUNDS,)),
    (
        "a-deferred-page-comes-in-the-last-pass",
        ("I-CONS", "I-NORM"),
        "a page that a pass names without its data comes again in the last pass, with data if the source has it",
        _STREAM,
        (_ROUNDS, _WIRE),
    ),
    (
        "a-verified-page-is-what-was-sent",
        (),
        "after VERIFY, a page is what was sent of it last",
        _STREAM,
        (_LOG, _WIRE),
    ),
    # Page tables
    (
        "a-present-entry-names-a-page-of-the-guest",
        ("I-NORM",),
        "a page table travels with pfns of the guest in its present entries, and without Xen's slots",
        _STREAM,
        (_WIRE,),
    ),
    (
        "each-page-table-names-the-level-below",
        ("I-NORM", "R12"),
        "the present entries of an L4 name L3s, those of an L3 L2s, those of an L2 L1s",
        _STREAM,
        (_WIRE,),
    ),
    (
        "a-page-table-entry-names-the-sources-frame",
        ("I-NORM", "R12"),
        "each entry of a page table travels as the source's, its frame translated by M2P",
        "the stream, and the source's memory",
        (_LOG, _ROUNDS, _WIRE),
    ),
    (
        "a-vcpus-root-is-an-l4",
        ("R12",),
        "the page-table roots that a vCPU travels with are pages of type L4",
        _STREAM,
        (_WIRE, _OVER),
    ),
    (
        "the-vcpu-travels-as-the-source-left-it",
        ("R12",),
        "registers and roots travel as the suspended source has them, and the target has them",
        "the stream, and the source's memory",
        (_OVER,),
    ),
    (
        "the-target-differs-only-where-it-must",
        ("R12",),
        "start_info, the xenstore ring's indices and the p2m list are the target's own, and right for it",
        "the stream, and both sides' memory",
        (_WIRE, _OVER),
    ),
    # The log
    (
        "a-harvest-finds-the-log-on",
        ("I-LOG", "I-FINAL", "I-CLEAN"),
        "log-dirty mode is off when a migration enables it, and on at each CLEAN and PEEK from then on",
        "logdirty.log",
        (_LOG, _OVER),
    ),
    (
        "xen-counts-the-bits-of-its-bitmap",
        ("I-COUNT",),
        "the dirty count of a harvest is the number of bits of its bitmap",
        "bitmaps.bin and logdirty.log",
        (_LOG, _ROUNDS),
    ),
    (
        "a-peek-only-grows-inside-a-round",
        ("R6", "I-CONS"),
        "between two CLEANs no dirty bit and no fault is taken back",
        "peek.bin and logdirty.log",
        (_LOG, _ROUNDS),
    ),
    (
        "a-peek-stays-within-the-closing-clean",
        ("I-CONS",),
        "what a PEEK shows is in the CLEAN that ends the round, and nothing is dirty after the FINAL CLEAN",
        "peek.bin, bitmaps.bin and logdirty.log",
        (_LOG, _ROUNDS, _OVER),
    ),
    (
        "fault-counts-agree",
        ("R5", "I-COUNT"),
        "Xen's fault counts, the SHADOW_FIXUP records and the perf counter are one number",
        "logdirty.log, and trace.bin or xenperf.txt",
        (_LOG,),
    ),
    (
        "a-dirty-page-has-a-write-fault-or-a-table-update",
        ("R6", "I-LOG"),
        "each page of a CLEAN had a fault that its guest entry lets write, or is a page table that the guest updated",
        "bitmaps.bin, logdirty.log, trace.bin, and the source's memory",
        (_LOG,),
    ),
    # The tables that the hardware walks
    ("the-cpu-walks-the-shadow", ("R1",), "the guest's CPU walks a table outside its memory", _SHADOW, (_LOG,)),
    (
        "a-shadow-mapping-has-the-guests-own-frame",
        ("R3", "R8", "I-SHADOW"),
        "each mapping of the shadow names the frame that the guest's own table names there",
        _SHADOW,
        (_LOG,),
    ),
    (
        "a-shadow-mapping-grants-no-more-than-the-guests-table",
        ("R3", "I-SHADOW"),
        "write, user and execute rights of a shadow mapping are within those of the guest's table",
        _SHADOW,
        (_LOG,),
    ),
    (
        "a-page-writable-in-the-shadow-is-in-the-next-clean",
        ("R4, second half", "I-LOG"),
        "the shadow lets stores pass only to pages that the log has, or will have at the next CLEAN",
        _SHADOW + ", bitmaps.bin, logdirty.log",
        (_LOG,),
    ),
    (
        "no-page-table-page-is-writable-in-the-shadow",
        ("R8", "I-SHADOW"),
        "no page-table page of the guest is writable through the shadow",
        _SHADOW,
        (_LOG,),
    ),
    (
        "a-page-that-no-later-clean-names-stays-as-it-was",
        ("I-LOG",),
        "a page that changed after the image of the halted machine was taken is in a CLEAN after it",
        "the stream, before.mem, bitmaps.bin, logdirty.log",
        (_LOG, _ROUNDS, _WIRE),
    ),
)

RULES = {row[0]: XenRule(*row) for row in (*_ROWS, *THROUGH_XEN)}
"""Every rule, by name."""

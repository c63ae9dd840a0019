"""What the machine ``xen`` says of a recording that it is taken through (``through_xen``): rows of ``rules``."""

from refmodel.language import Contract

__all__ = [
    "COMMITS",
    "COUNTS",
    "HARVESTS",
    "OWES",
    "POLICY",
    "SENT",
    "THROUGH_XEN",
]

OWES, SENT, HARVESTS = (
    "xen-owes-each-page-that-is-sent",
    "xen-has-sent-all-before-a-clean",
    "xen-harvests-what-was-marked",
)
POLICY, COUNTS, COMMITS = (
    "xen-goes-on-and-stops-by-its-policy",
    "xen-counts-what-it-harvested",
    "xen-owes-nothing-at-the-commit",
)

_ROUNDS, _LOG, _OVER = Contract.ROUNDS, Contract.LOGGING, Contract.HAND_OVER
_NEEDS = "the stream, bitmaps.bin and logdirty.log"

THROUGH_XEN: tuple[tuple[str, tuple[str, ...], str, str, tuple[Contract, ...]], ...] = (
    (
        OWES,
        ("R10", "I-CONS"),
        "each page of a pass is one that the machine `xen` owes then, and can take up",
        f"{_NEEDS}; or the stream of a saved domain",
        (_ROUNDS,),
    ),
    (
        SENT,
        ("I-CONS",),
        "the machine `xen` has sent all that its round owed when a CLEAN comes, or the suspension",
        _NEEDS,
        (_ROUNDS,),
    ),
    (
        HARVESTS,
        ("I-LOG", "I-CONS", "I-FINAL"),
        "a CLEAN or PEEK returns what the log of the machine `xen` holds by then: what a PEEK showed, a CLEAN finds",
        _NEEDS,
        (_LOG, _ROUNDS, _OVER),
    ),
    (
        POLICY,
        ("R10", "I-COUNT", "I-LIVE"),
        "a CLEAN comes, or the suspension, where the policy of the machine `xen` says so: on until fewer than 50 pages "
        "are dirty, or 5 rounds were sent; or a policy of the caller's that stops it earlier",
        _NEEDS,
        (_ROUNDS,),
    ),
    (
        COUNTS,
        ("I-COUNT",),
        "Xen's dirty counts, and what a policy is told, are the numbers of the machine `xen`",
        _NEEDS,
        (_LOG, _ROUNDS),
    ),
    (
        COMMITS,
        ("R12", "I-FINAL"),
        "the machine `xen` owes no page when the stream ends, so that it may commit",
        f"{_NEEDS}; or the stream of a saved domain",
        (_ROUNDS, _OVER),
    ),
)

"""What a finding looks like: classes of real bugs by the contract that they break, and where such a thing was fixed.

The classes, their titles, contracts and commits are those of ``refmodel.catalogue``; here stands what a recording can
show of them.

``signs`` are what the evidence shows of a page; the classes that such signs speak for come first, and none is left out
for want of them:

| sign | what was seen |
| --- | --- |
| seen-before | the page was sent again at least once: the log had caught a store to it |
| never-seen | the page was sent once only, though stores to it were to be expected |
| apart | a store after the last send came well apart from that send and from any sync: the log was blind for long |
| race | all such stores came within a few ms of the send or of a sync |
| across-a-sync | a sync came after such a store, and the page was not sent again |
| after-the-last-sync | no sync came after such a store |
| no-store | the store log has no such store: whoever wrote is not in it |
"""

from collections.abc import Collection, Iterable

from attrs import frozen

from refmodel.catalogue.classes import CLASSES as KNOWN
from refmodel.catalogue.classes import Source
from refmodel.oracle.rules import OF_CHECKPOINTS, OF_HOSTS, OF_RESIDUE

__all__ = ["CLASSES", "BugClass", "classes_of", "fixes_of"]


@frozen
class BugClass:
    """A class of bugs: its title, the contracts that it breaks, and the rules of the oracle that it can break."""

    title: str
    contracts: frozenset[str]
    rules: frozenset[str]
    signs: frozenset[str]
    """What would be seen of a page that it struck."""
    kind: str | None
    """The kind of record that it needs, e.g. a delta."""


_STALE = (
    "the-last-store-arrives",
    "a-stored-page-is-sent-again",
    "the-last-record-is-not-older-than-the-last-store",
    "counted-dirty-pages-are-possible",
)
_MISSING = ("every-page-is-sent", "discarded-pages-are-sent-once")
_OTHER = ("the-target-holds-what-was-sent", "a-record-was-sent", "every-record-is-loaded")
_ONE = ("one-side-runs", "stores-only-where-the-guest-runs", "no-store-after-the-stop")
_TWO = ("copies-in-flight-are-equal",)
_CHUNK = ("the-log-is-cleared-before-a-send", "kvm-qemu-clears-a-chunk-before-it-sends")
_UNSENT = (
    "xen-has-sent-all-before-a-clean",
    "xen-owes-nothing-at-the-commit",
    "kvm-qemu-owes-nothing-at-the-commit",
)
_LAST = ("xen-harvests-what-was-marked", "kvm-qemu-stands-still-at-its-last-sync")
_COUNTED = (
    "xen-counts-what-it-harvested",
    "xen-goes-on-and-stops-by-its-policy",
    "kvm-qemu-counts-what-it-owes",
    "kvm-qemu-goes-on-and-stops-by-its-policy",
)
_AGAIN = ("nothing-is-sent-to-a-running-target", "only-discarded-pages-are-sent-after-the-switch")


def _class(number: str, signs: str, *rules: tuple[str, ...], kind: str | None = None) -> tuple[str, BugClass]:
    names, known = frozenset(rule for group in rules for rule in group), KNOWN[number]
    return number, BugClass(known.title, frozenset(known.contracts), names, frozenset(signs.split()), kind)


CLASSES = dict(
    (
        _class("M01", "race seen-before", _STALE),
        _class("M02", "race across-a-sync", _STALE, _CHUNK),
        _class("M03", "never-seen", _STALE),
        _class("M04", "across-a-sync", _STALE, _MISSING, _UNSENT),
        _class("M05", "after-the-last-sync", _STALE, _ONE, _LAST),
        _class("M06", "race seen-before", _STALE),
        _class("M07", "apart seen-before", _STALE),
        _class("M08", "apart seen-before", _STALE),
        _class("M09", "apart seen-before", _STALE),
        _class("M10", "apart never-seen", _STALE),
        _class("M11", "apart never-seen", _STALE),
        _class("M12", "apart never-seen", _STALE, _MISSING),
        _class("M13", "apart never-seen", _STALE, _MISSING),
        _class("M14", "no-store", _STALE),
        _class("M15", "no-store", _STALE),
        _class("M16", "apart never-seen", _STALE),
        _class("M17", "apart never-seen", _STALE, _MISSING),
        _class("M18", "never-seen", _STALE, _MISSING),
        _class("M19", "no-store", _STALE, _MISSING, _OTHER),
        _class("M20", "no-store", _STALE, _OTHER, kind="xbzrle"),
        _class("M21", "no-store", _STALE, _OTHER, _TWO, kind="multifd"),
        _class("M23", "", _AGAIN),
        _class("M25", "", OF_HOSTS[:1], OF_RESIDUE[1:]),
        _class("M26", "", _ONE, OF_RESIDUE[:1]),
        _class("M29", "apart seen-before", _STALE),
        _class("M30", "", _COUNTED),
        _class("M31", "apart across-a-sync", _STALE, _MISSING),
        _class("M32", "", OF_CHECKPOINTS),
    )
)
"""The classes that a recording can show, by their number."""


def classes_of(
    rule: str, contracts: Iterable[str], signs: Collection[str] = (), kind: str | None = None
) -> tuple[str, ...]:
    """The classes that a finding of the rule may be, given the contracts that the evidence leaves; likeliest first.

    ``kind`` is the kind of the page's last record, where there is one: no delta, no wrong base.
    """
    left, seen = set(contracts), set(signs)
    names = [
        name
        for name, known in CLASSES.items()
        if rule in known.rules and known.contracts & left and (kind is None or known.kind in (None, kind))
    ]
    return tuple(sorted(names, key=lambda name: (-len(CLASSES[name].signs & seen), name)))


def fixes_of(classes: Iterable[str]) -> list[tuple[str, Source]]:
    """Commits that fixed such a thing, each with its class: the first of each class, in the classes' order."""
    found: list[tuple[str, Source]] = []
    for wanted in dict.fromkeys(classes):
        fixes = [source for source in KNOWN[wanted].sources if source.kind == "commit"]
        found += [(wanted, source) for source in fixes[:1]]
    return found

"""What a finding looks like: classes of real bugs by the contract that they break, and where such a thing was fixed.

The classes M01 to M33 are those of the catalogue of 225 commits that the variants cite; here stands what a recording
can show of them. The commits themselves are the variants' sources.

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

from refmodel.variants import VARIANTS, Source

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
_CHUNK = ("the-log-is-cleared-before-a-send",)
_AGAIN = ("nothing-is-sent-to-a-running-target", "only-discarded-pages-are-sent-after-the-switch")

_NO_FIX = "the reference:"
"""So begins what is said of code that does it right, as against a commit that put it right."""


def _class(title: str, contracts: str, signs: str, *rules: tuple[str, ...], kind: str | None = None) -> BugClass:
    names = frozenset(rule for group in rules for rule in group)
    return BugClass(title, frozenset(contracts.split()), names, frozenset(signs.split()), kind)


CLASSES = {
    "M01": _class("protected before the log was swapped", "logging", "race seen-before", _STALE),
    "M02": _class("cleared after the read", "logging rounds", "race across-a-sync", _STALE, _CHUNK),
    "M03": _class("logged when mapped, not when written", "logging hand-over", "never-seen", _STALE),
    "M04": _class("harvested, not sent", "rounds", "across-a-sync", _STALE, _MISSING),
    "M05": _class("last harvest missing or too early", "hand-over", "after-the-last-sync", _STALE, _ONE),
    "M06": _class("ring or PML entry lost", "logging", "race seen-before", _STALE),
    "M07": _class("stale writable TLB entry", "logging", "apart seen-before", _STALE),
    "M08": _class("dirty bit of an entry lost", "logging", "apart seen-before", _STALE),
    "M09": _class("shadow more permissive than guest and log", "logging", "apart seen-before", _STALE),
    "M10": _class("logging enabled over writable mappings", "logging", "apart never-seen", _STALE),
    "M11": _class("superpage not split, or marked in part", "logging", "apart never-seen", _STALE),
    "M12": _class("marked under a wrong name", "logging rounds", "apart never-seen", _STALE, _MISSING),
    "M13": _class("part of a range not marked", "logging rounds", "apart never-seen", _STALE, _MISSING),
    "M14": _class("hypervisor write past the log", "logging", "no-store", _STALE),
    "M15": _class("DMA past the log", "logging", "no-store", _STALE),
    "M16": _class("slot change loses the log", "logging rounds", "apart never-seen", _STALE),
    "M17": _class("memory that is not covered", "logging rounds", "apart never-seen", _STALE, _MISSING),
    "M18": _class("hint or balloon clears a needed bit", "rounds", "never-seen", _STALE, _MISSING),
    "M19": _class("zero page taken for granted", "transport", "no-store", _STALE, _MISSING, _OTHER),
    "M20": _class("delta against another base", "transport", "no-store", _STALE, _OTHER, kind="xbzrle"),
    "M21": _class("two versions on two channels", "transport", "no-store", _STALE, _OTHER, _TWO, kind="multifd"),
    "M23": _class("sent again after the switch to post-copy", "transport", "", _AGAIN),
    "M26": _class("both sides run, or neither can", "hand-over", "", _ONE),
    "M29": _class("the logger failed and went on", "logging", "apart seen-before", _STALE),
    "M31": _class("a page starved by the round scheduler", "rounds", "apart across-a-sync", _STALE, _MISSING),
}
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
        struck = [variant for variant in VARIANTS.values() if variant.catalogue == wanted and not variant.sound]
        sources = [source for variant in struck for source in variant.sources]
        fixes = [source for source in sources if not source.what.startswith(_NO_FIX)]
        found += [(wanted, source) for source in fixes[:1]]
    return found

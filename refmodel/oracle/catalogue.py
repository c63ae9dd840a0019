"""What a finding looks like: classes of real bugs by the contract that they break, and where such a thing was fixed.

The classes M01 to M33 are those of the catalogue of 225 commits that the variants cite; here stands what a recording
can show of them. The commits themselves are the variants' sources.
"""

from collections.abc import Iterable

from attrs import frozen

from refmodel.variants import VARIANTS, Source

__all__ = ["CLASSES", "BugClass", "classes_of", "fixes_of"]


@frozen
class BugClass:
    """A class of bugs: its title, the contracts that it breaks, and the rules of the oracle that it can break."""

    title: str
    contracts: frozenset[str]
    rules: frozenset[str]


_STALE = ("the-last-store-arrives", "a-stored-page-is-sent-again")
_MISSING = ("every-page-is-sent",)
_OTHER = ("the-target-holds-what-was-sent",)
_ONE = ("one-side-runs", "stores-only-where-the-guest-runs")


def _class(title: str, contracts: str, *rules: tuple[str, ...]) -> BugClass:
    return BugClass(title, frozenset(contracts.split()), frozenset(rule for group in rules for rule in group))


CLASSES = {
    "M01": _class("protected before the log was swapped", "logging", _STALE),
    "M02": _class("cleared after the read", "logging rounds", _STALE),
    "M03": _class("logged when mapped, not when written", "logging hand-over", _STALE),
    "M04": _class("harvested, not sent", "rounds", _STALE, _MISSING),
    "M05": _class("last harvest missing or too early", "hand-over", _STALE, _ONE),
    "M06": _class("ring or PML entry lost", "logging", _STALE),
    "M07": _class("stale writable TLB entry", "logging", _STALE),
    "M08": _class("dirty bit of an entry lost", "logging", _STALE),
    "M09": _class("shadow more permissive than guest and log", "logging", _STALE),
    "M10": _class("logging enabled over writable mappings", "logging", _STALE),
    "M11": _class("superpage not split, or marked in part", "logging", _STALE),
    "M12": _class("marked under a wrong name", "logging rounds", _STALE, _MISSING),
    "M13": _class("part of a range not marked", "logging rounds", _STALE, _MISSING),
    "M14": _class("hypervisor write past the log", "logging", _STALE),
    "M15": _class("DMA past the log", "logging", _STALE),
    "M16": _class("slot change loses the log", "logging rounds", _STALE),
    "M17": _class("memory that is not covered", "logging rounds", _STALE, _MISSING),
    "M18": _class("hint or balloon clears a needed bit", "rounds", _STALE, _MISSING),
    "M19": _class("zero page taken for granted", "transport", _STALE, _MISSING, _OTHER),
    "M20": _class("delta against another base", "transport", _STALE, _OTHER),
    "M21": _class("two versions on two channels", "transport", _STALE, _OTHER),
    "M23": _class("sent again after the switch to post-copy", "transport", ("nothing-is-sent-to-a-running-target",)),
    "M26": _class("both sides run, or neither can", "hand-over", _ONE),
    "M29": _class("the logger failed and went on", "logging", _STALE),
    "M31": _class("a page starved by the round scheduler", "rounds", _STALE, _MISSING),
}
"""The classes that a recording can show, by their number."""


def classes_of(rule: str, contracts: Iterable[str]) -> tuple[str, ...]:
    """The classes that a finding of the rule may be, given the contracts that the evidence leaves."""
    left = set(contracts)
    return tuple(name for name, known in CLASSES.items() if rule in known.rules and known.contracts & left)


def fixes_of(classes: Iterable[str]) -> list[tuple[str, Source]]:
    """Commits that fixed such a thing, each with its class."""
    wanted = set(classes)
    return [
        (variant.catalogue, source)
        for variant in VARIANTS.values()
        if variant.catalogue in wanted and not variant.sound
        for source in variant.sources
    ]

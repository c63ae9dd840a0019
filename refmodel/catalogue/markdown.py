"""The catalogue as a page of documentation."""

from collections.abc import Iterator

from refmodel.catalogue.classes import CLASSES, CONTROLS, GROUPS, BugClass, Source
from refmodel.catalogue.listing import commits
from refmodel.catalogue.mutants import MUTANTS, Mutant, mutants_of
from refmodel.catalogue.narration import doing
from refmodel.catalogue.verdicts import checkers, variants_of
from refmodel.variants import VARIANTS, Variant

__all__ = ["page"]

_HEAD = """\
# Classes of real bugs

<!-- Made by `refmodel bugs --markdown` from refmodel/catalogue/data; a test holds the two together. -->

{classes} classes of bugs in live migration, seen in {commits} commits of Xen, Linux, QEMU and others. Most commits put
a bug right; one that brought it says so. A reference is code that does it right, or says what is right. The tag tells
how it was read: D, the diff or the source; C, most of the commit's message; T, its title alone; P, an excerpt on a
mirrored page. Two tags, as in C/T, stand for commits read in different ways.

{named} of the commits are named by a variant, or by a wrong checker, that does what went wrong there; the others
belong to their class, and what stands for that does something of the kind.

A class is stood for by variants of right machines (`bare`, `seed`, a larger one, or `bare` with a part more): each
replaces one function. `refmodel bugs M07` searches and proves the variants of one class, has the oracle judge them, and
tells how each is caught.

| class | what goes wrong | contracts | invariants | sources | variants |
| --- | --- | --- | --- | --- | --- |
"""


def page() -> str:
    """All of it."""
    return "".join(_page())


def _page() -> Iterator[str]:
    yield _HEAD.format(classes=len(CLASSES), commits=commits(), named=len(_named()))
    for known in CLASSES.values():
        breaks = f"{', '.join(known.contracts) or 'none'} | {', '.join(known.invariants) or 'none'}"
        stands = len(variants_of(known.number)) + len(mutants_of(known.number)) or "not yet"
        link = f"[{known.number}](#{known.number.lower()})"
        yield f"| {link} | {known.title} | {breaks} | {len(known.sources)} | {stands} |\n"
    for letter, group in zip("ABCDEF", GROUPS, strict=False):
        yield f"\n## Group {letter}: {group.name}\n"
        for known in group.classes:
            yield from _class(known)
    yield "\n## Controls\n\nSound variants, which every checker must accept.\n\n"
    yield from map(_variant, variants_of("-"))
    yield "\nWhat else is like them:\n\n"
    yield from map(_source, GROUPS[-1].controls)


def _named() -> set[str]:
    """The commits that something stands for by name."""
    stands = (*(v.sources for v in VARIANTS.values()), *(mutant.sources for mutant in MUTANTS.values()))
    named = {i for sources in stands for i in sources}
    known = {i for each in CLASSES.values() for i in each.commits} | {i for source in CONTROLS for i in source.ids}
    return named & known


def _class(known: BugClass) -> Iterator[str]:
    yield f'\n### <a id="{known.number.lower()}"></a>{known.number}: {known.title}\n\n{known.mutant}'
    yield f" {known.note}\n" if known.note else "\n"
    contracts, invariants = (", ".join(names) or "none" for names in (known.contracts, known.invariants))
    yield f"\n* Contracts: {contracts}. Invariants: {invariants}.\n"
    yield f"* Checkers: {', '.join(checkers(known.number)) or 'none yet'}.\n"
    if known.missing:
        yield f"* Not modelled yet; missing: {known.missing}.\n"
    yield from map(_variant, variants_of(known.number))
    yield from map(_mutant, mutants_of(known.number))
    yield "\nSeen in:\n\n"
    yield from map(_source, known.sources)


def _variant(variant: Variant) -> str:
    sound = " (sound)" if variant.sound else ""
    stands = f" Stands for {', '.join(f'`{i}`' for i in variant.sources)}." if variant.sources else ""
    of = f" of `{variant.machine}`{sound}"
    return f"* Variant `{variant.name}`{of}: {variant.summary}. In `{variant.replaces}`: {doing(variant)}{stands}\n"


def _mutant(mutant: Mutant) -> str:
    stands = f" Stands for {', '.join(f'`{i}`' for i in mutant.sources)}." if mutant.sources else ""
    shown = f"In `{mutant.replaces}`; shown on `{mutant.shown_on}`."
    return f"* Wrong checker `{mutant.name}` of the {mutant.checker}: {mutant.summary}. {shown}{stands}\n"


def _source(source: Source) -> str:
    kind = {"commit": "", "cause": ", brought it", "report": ", report", "reference": ", reference"}[source.kind]
    ids = ", ".join(f"`{i}`" if source.kind != "report" else i for i in source.ids)
    year = f" ({source.year})" if source.year else ""
    return f"* {source.by} {ids}{year} \\[{source.tag}\\]{kind}: {source.what}\n"

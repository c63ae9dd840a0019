"""The catalogue as JSON values."""

from typing import Any

from attrs import asdict

from refmodel.catalogue.classes import CLASSES, CONTROLS, GROUPS, BugClass, Source, cited
from refmodel.catalogue.mutants import Mutant, Shown, mutants_of
from refmodel.catalogue.verdicts import Verdict, checkers, variants_of
from refmodel.search.report import as_json
from refmodel.variants import Variant

__all__ = ["catalogue_as_json", "class_as_json"]


def _source(source: Source) -> dict[str, Any]:
    return {
        "by": source.by,
        "ids": list(source.ids),
        "year": source.year or None,
        "tag": source.tag,
        "kind": source.kind,
        "what": source.what,
    }


def _variant(variant: Variant, verdict: Verdict | None) -> dict[str, Any]:
    said = {
        "name": variant.name,
        "summary": variant.summary,
        "machine": variant.machine,
        "replaces": variant.replaces,
        "sound": variant.sound,
        "unreached": variant.unreached or None,
        "sources": [_source(source) for source in cited(variant.sources, variant.catalogue)],
    }
    if verdict is None:
        return said
    return {
        **said,
        "ok": verdict.is_right,
        "search": {
            "broken_after": verdict.broken_after,
            "noticed_after": verdict.noticed_after,
            **as_json(verdict.found),
        },
        "proof": {
            "asked": verdict.proof_was_asked,
            "refutation": verdict.refutation and asdict(verdict.refutation),
        },
        "oracle": verdict.judged
        and {"verdict": verdict.judged.verdict, "rules": list(verdict.rules), "reason": verdict.judged.reason},
    }


def _mutant(mutant: Mutant, shown: Shown | None) -> dict[str, Any]:
    said = {
        "name": mutant.name,
        "checker": mutant.checker,
        "summary": mutant.summary,
        "replaces": mutant.replaces,
        "shown_on": mutant.shown_on,
        "sources": [_source(source) for source in cited(mutant.sources, mutant.catalogue)],
    }
    return said if shown is None else said | {"ok": shown.is_right, "right": shown.right, "wrong": shown.wrong}


def class_as_json(known: BugClass, verdicts: dict[str, Verdict], said: dict[str, Shown]) -> dict[str, Any]:
    """A class with its variants; ``verdicts``, by a variant's name, are told where they are there, and so are those on
    wrong checkers."""
    return {
        "class": known.number,
        "title": known.title,
        "group": next(group.name for group in GROUPS if known in group.classes),
        "contracts": list(known.contracts),
        "invariants": list(known.invariants),
        "mutant": known.mutant,
        "not_modelled": known.missing or None,
        "note": known.note or None,
        "checkers": list(checkers(known.number)),
        "variants": [_variant(variant, verdicts.get(variant.name)) for variant in variants_of(known.number)],
        "mutants": [_mutant(mutant, said.get(mutant.name)) for mutant in mutants_of(known.number)],
        "sources": [_source(source) for source in known.sources],
    }


def catalogue_as_json(verdicts: dict[str, Verdict], said: dict[str, Shown]) -> dict[str, Any]:
    """All classes, and the controls that belong to none."""
    return {
        "classes": [class_as_json(known, verdicts, said) for known in CLASSES.values()],
        "controls": {
            "variants": [_variant(variant, verdicts.get(variant.name)) for variant in variants_of("-")],
            "sources": [_source(source) for source in CONTROLS],
        },
    }

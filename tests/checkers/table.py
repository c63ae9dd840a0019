"""The table of all checks, each with what it alone finds: ``python -m tests.checkers.table >docs/checkers.md``.

Takes half a minute. The tests beside it hold each row: that the check is switched off there, and what is lost then.
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from fuzz.questions.table import QUESTIONS
from fuzz.readers.table import TARGETS
from refmodel.catalogue.mutants import MUTANTS
from refmodel.oracle.all_rules import all_rules
from tests.checkers.claims import broken_in, every_claim, stored_names
from tests.checkers.corollaries import COROLLARIES
from tests.checkers.make_witnesses import witnesses
from tests.checkers.recordings import COMPANIONS
from tests.checkers.searching import CHECKS
from tests.checkers.test_claims import RUNS
from tests.checkers.test_noticing import RUNS as NOTICED
from tests.checkers.test_oracle_rules import witnesses as finds_alone

__all__ = ["PAGE", "breaks_beside", "found_beside", "page", "shown_by"]

PAGE = Path(__file__).parents[2] / "docs" / "checkers.md"
_HEAD = """\
# The checks, checked

<!-- Made by `python -m tests.checkers.table` from what the tests of the checkers hold; a test holds it current. -->

A check that has never failed shows nothing. So for each there is something wrong that is found as long as the check is
there, and is not when it is switched off: a wrong variant, found by search (its stored schedule) or by the proof; a run
of a right machine with a fault in one cell; a recording. The tests in `tests/checkers` switch them off one by one.
A claim that follows from others is named with these: that it does, and from no fewer, is proved, and each of them has
something that it alone finds, but for what follows from it. Where a claim alone sees nothing but a fault or a step, a
variant that breaks it with others stands beside, if one does: without the claim, its finding is lost and no other.
`refmodel bugs M33` has whole checkers that are wrong in the ways in which real ones were.

| check | kind | of | without it this is missed |
| --- | --- | --- | --- |
"""
_BESIDE = "; with others: "
_PLANTED = {
    "machine": "the wrong variants: see the rows of *fuzz*",
    "lifting": "a set of a map that sets nothing; an operator of the evaluator that is another",
    "agreement": "a field blanked that is not dead; a form that is not canonical; claims that are passed over",
    "verdicts": "a rule of the oracle switched off; one that finds too much",
}
_READER = "a reader that raises, that loops, or that takes too much memory"
_ACCEPTS = "; an oracle that accepts everything, or overlooks what the last store left"


def targets() -> Iterator[tuple[str, str]]:
    """Every target of the fuzzer, with the faults that are planted for it in ``tests/fuzz``."""
    for path in sorted((PAGE.parents[1] / "fuzz" / "targets").glob("[a-z]*.py")):
        name = path.stem
        if name in TARGETS:
            yield name, _READER + (_ACCEPTS if name.endswith("_folder") or name == "event_file" else "")
        else:
            yield name, _PLANTED[name]
    assert set(QUESTIONS) < set(_PLANTED)


def page(alone: Mapping[str, str], beside: Mapping[str, str]) -> str:
    """All of it; ``alone`` has for each of the oracle's rules on events the events that it alone finds fault with, and
    ``beside`` for a claim that no variant breaks alone one that breaks it with others."""
    rows = [*_claims(beside), *_rules(alone), *_others()]
    return _HEAD + "".join(f"| {' | '.join(row)} |\n" for row in rows)


def _claims(beside: Mapping[str, str]) -> Iterator[tuple[str, ...]]:
    found = witnesses()
    for name, (claim, machine) in sorted(every_claim().items()):
        kind = "law" if claim.of_steps else "invariant"
        missed = _witness(name, found.get(name, {})) + (f"{_BESIDE}`{beside[name]}`" if name in beside else "")
        yield f"`{name}`", kind, f"{claim.contract.value}, `{machine}`", missed


def _witness(name: str, witness: Mapping[str, object]) -> str:
    if "search" in witness:
        return f"search: `{witness['search']}`"
    if "proof" in witness:
        return f"proof: `{witness['proof']}`"
    if isinstance(fault := witness.get("fault"), dict):
        return f"a fault in `{fault['leaf']}` of `{fault['machine']}`"
    if name in RUNS:
        return "a wrong step, written out"
    if name not in COROLLARIES:
        return "**not known yet**"
    return f"nothing by itself: it follows from {', '.join(f'`{other}`' for other in COROLLARIES[name])}"


def _rules(alone: Mapping[str, str]) -> Iterator[tuple[str, ...]]:
    for rule in all_rules():
        if rule.name in COMPANIONS:
            missed = f"a recording: {COMPANIONS[rule.name].what}"
        else:
            missed = f"events: `{alone[rule.name]}`"
        yield f"`{rule.name}`", "rule of the oracle", rule.about, missed


def _others() -> Iterator[tuple[str, ...]]:
    for what in NOTICED:
        yield what, "what the guest notices", "replay, search, fuzz", "a wrong run, written out"
    for name, check in CHECKS.items():
        of, _, what = name.partition(": ")
        yield what, "what is looked at", of, f"`{check.variant}`"
    for name, planted in targets():
        yield f"`{name}`", "target of the fuzzer", "fuzz", planted
    for mutant in MUTANTS.values():
        yield f"`{mutant.name}`", "wrong checker", mutant.checker, f"`{mutant.shown_on}`"


def shown_by(text: str) -> dict[str, str]:
    """What the page names for each of the rules on events."""
    return dict(re.findall(r"^\| `([^`]+)` \| rule of the oracle \| any \| events: `([^`]+)` \|$", text, re.MULTILINE))


def breaks_beside(text: str) -> dict[str, str]:
    """What the page names for claims that a variant breaks with others."""
    return dict(re.findall(rf"^\| `([^`]+)` \|.*{_BESIDE}`([^`]+)` \|$", text, re.MULTILINE))


def found_beside() -> dict[str, str]:
    """For each claim that no variant breaks alone, the first that breaks it with others in its stored schedule."""
    by_search = {claim for claim, witness in witnesses().items() if "search" in witness}
    found: dict[str, str] = {}
    for name in sorted(stored_names()):
        for claim in broken_in(name) - by_search:
            found.setdefault(claim, name)
    return found


if __name__ == "__main__":
    known = [rule.name for rule in all_rules() if rule.about == "any"]
    print(page({name: next(iter(finds_alone(name)), "") for name in known}, found_beside()), end="")

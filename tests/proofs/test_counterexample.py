"""A failure is shown small: one step, what of the claim fails, and the two states where they matter."""

import z3

from proofs.conjuncts import conjuncts
from proofs.counterexample import Cell, Counterexample, explain
from proofs.obligations import Chapter, Induction
from proofs.progress import Progress
from proofs.refining import ALLOWED, Refinement
from proofs.saying import say
from proofs.solve import Options, Verdict, decide
from refmodel.seed import Seed
from refmodel.variants import VARIANTS
from tests.proofs.broken import ActivatesUncommitted, NeverAcknowledges
from tests.proofs.peer import LendsInSecret, Library


def _first(chapter: Chapter, part: str, claim: str | None = None) -> Counterexample:
    for obligation, record in decide(chapter.obligations(part), Options()):
        if record.verdict is Verdict.REFUTED and claim in (None, record.claim):
            found = explain(obligation, Options())
            assert found is not None
            return found
    raise AssertionError("nothing was refuted")


def test_the_smallest_counterexample_is_shown() -> None:
    found = _first(Induction(LendsInSecret()), "lend")
    assert found == Counterexample(
        "lend",
        1,
        "what_is_lent_is_known",
        {"page": "pfn0"},
        {"page": "pfn0"},
        "lent[page] implies known[page]",
        (Cell("lent[pfn0]", "no", "yes"), Cell("known[pfn0]", "no", "no")),
    )


def test_a_law_is_said_of_both_states() -> None:
    obligations = Induction(LendsInSecret()).obligations("lend")
    law = next(o for o in obligations if o.claim == "a_closed_library_lends_nothing")
    found = explain(law, Options())
    assert found is not None
    assert found.broken == "(not before.opened and after.lent[page]) implies before.lent[page]"


def test_what_differs_and_what_the_claim_mentions_is_shown_and_no_more() -> None:
    found = _first(Induction(VARIANTS["no-flush"].spec()), "transfer_flush")
    shown = {cell.where.partition("[")[0] for cell in found.cells}
    assert {"cpus.writable", "cpus.frame", "protection.transferred", "transfer.flushed"} <= shown
    assert "source.memory" not in shown
    assert "hand_over.configured" not in shown
    assert Cell("transfer.stage", "MARKED", "READING") in found.cells


def test_a_step_that_the_promise_refuses_says_why() -> None:
    found = _first(Refinement(ActivatesUncommitted()), "activate", ALLOWED)
    assert " of the promise needs that " in found.broken


def test_a_stuck_engine_is_shown_by_the_sentence_of_the_claim() -> None:
    found = _first(Progress(NeverAcknowledges()), "engine")
    assert found.broken == "while a migration runs some engine step is enabled"
    assert Cell("phase", "COMMITTED", "COMMITTED") in found.cells or found.cells == ()


def test_what_holds_has_no_counterexample() -> None:
    obligation = next(iter(Induction(Library()).obligations("lend")))
    assert explain(obligation, Options()) is None


def test_values_counts_and_phases_have_names() -> None:
    found = _first(Induction(VARIANTS["clear-after-read"].spec()), "transfer_done")
    assert {"LIVE", "READING", "IDLE"} <= {value for cell in found.cells for value in (cell.before, cell.after)}


def test_a_claim_is_split_at_its_conjunctions_also_below_an_implication() -> None:
    a, b, c = z3.Bools("a b c")
    assert [say(part) for part in conjuncts(z3.And(a, z3.Or(z3.Not(b), z3.And(a, c))))] == [
        "a",
        "b implies a",
        "b implies c",
    ]


def test_formulas_are_said_as_people_write_them() -> None:
    a, b, c = z3.Bools("at.a arg.b c")
    i, j = z3.Ints("i j")
    assert say(z3.And(z3.And(a, b), z3.Or(b, c))) == "a and b and (b or c)"
    assert say(z3.Not(i == j)) == "i != j"
    assert say(z3.Distinct(i, j)) == "i != j"
    assert say(z3.Or(z3.Not(a), b, c)) == "a implies (b or c)"
    assert say(i > j) == "i > j"


def test_the_machine_itself_has_none() -> None:
    verdicts = {r.verdict for _, r in decide(Induction(Seed()).obligations("abort"), Options())}
    assert verdicts == {Verdict.PROVED}

"""The questions about the checkers: nothing is found where nothing is wrong, and a planted fault of each checker is."""

import subprocess
import sys
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from random import Random
from typing import Any

import pytest
import z3

from fuzz.checks import Checker
from fuzz.questions.campaign import Summary, main, run
from fuzz.questions.drawing import drawn
from fuzz.questions.question import TAIL, Disagreement, inputs, tail_of, with_tail
from fuzz.questions.table import QUESTIONS
from fuzz.questions.verdicts import choices
from fuzz.run import Course, Runner
from fuzz.visible import visible
from proofs.lifting import translate
from proofs.lifting.maps import SymbolicMap
from refmodel.compose import CHOICES
from refmodel.language import Map, Set
from refmodel.machines import machine
from refmodel.oracle.events import Round
from refmodel.oracle.judge import Judge
from refmodel.search import seed_space
from refmodel.search.dead import Rule
from refmodel.search.remembered import Remembered
from refmodel.search.seed_space import sizes_for
from refmodel.search.symmetry import Symmetry
from refmodel.state import Phase
from refmodel.variants import VARIANTS

SIZES = sizes_for(machine("postcopy"), {"pfn": 2, "vpn": 2, "cpu": 1, "word": 1, "value": 2})
SCRIPTS = Path(__file__).parents[2] / "fuzz" / "targets"


def asked(name: str, count: int, on: str = "bare", variant: str | None = None) -> Summary:
    return run(name, QUESTIONS[name](on, variant), count, seed=3)


def found(name: str, count: int, on: str = "bare", variant: str | None = None, first: int = 0) -> str:
    """The key of what is found first in so many inputs at random, those of the seed ``first``; "" for nothing."""
    question = QUESTIONS[name](on, variant)
    for _, data in zip(range(count), inputs(Random(first), 48), strict=False):
        try:
            question.ask(data)
        except Disagreement as disagreement:
            return disagreement.key
    return ""


@pytest.mark.parametrize(("name", "count"), [("agreement", 12), ("lifting", 12), ("verdicts", 40)])
def test_nothing_is_found_of_the_seed_machine(name: str, count: int) -> None:
    summary = asked(name, count)
    assert summary.crashes == {}
    assert summary.inputs == count
    assert len(summary.reached) > 100


@pytest.mark.slow
@pytest.mark.parametrize("on", CHOICES)
@pytest.mark.parametrize(("name", "count"), [("agreement", 300), ("lifting", 300), ("verdicts", 1500)])
def test_nothing_is_found_of_any_named_machine(name: str, count: int, on: str) -> None:
    assert asked(name, count, on).crashes == {}


@pytest.mark.slow
@pytest.mark.parametrize("variant", sorted(VARIANTS))
def test_the_search_and_a_replay_agree_with_the_fuzzer_on_every_variant(variant: str) -> None:
    assert asked("agreement", 60, VARIANTS[variant].machine, variant).crashes == {}


def test_what_a_guest_may_read_from_now_on_is_looked_at_though_no_memory_has_changed() -> None:
    assert asked("agreement", 60, "seed+postcopy", "received-too-early").crashes == {}
    of = visible(machine("postcopy"), machine("postcopy").start(SIZES))
    assert {"postcopy", "hints", "source", "target", "hand_over"} <= {*of}


@pytest.mark.parametrize("on", CHOICES)
def test_by_what_the_guest_may_notice_anything_is_the_same_in_every_state(on: str) -> None:
    runner = Runner(machine(on))
    met: set[tuple[str, ...]] = set()
    for data in islice(inputs(Random(1), 48), 5):
        runner.run(data, lambda m: met.add(visible(runner.spec, m)))
    assert len(met) == 1


@pytest.mark.slow
def test_the_oracle_agrees_with_the_runs_of_every_variant() -> None:
    assert asked("verdicts", 5000, "all").crashes == {}


def test_a_mistake_of_the_lifting_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SymbolicMap, "set", lambda self, key, value: self)
    assert found("lifting", 40)


def test_a_mistake_of_the_evaluator_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(translate._OPERATORS, z3.Z3_OP_OR, " and ")
    assert found("lifting", 40)


# Blanked although it is not dead: a state is then taken for one that goes on otherwise. From the seed on that finds it
# soon, since a test has little time.
WRONG = [
    (Rule(("log.dirty",), lambda dirty: (0,), "wrong: the log is not dead"), 2),
    (Rule(("cpus.writable",), lambda writable: (0,), "wrong: rights in a TLB are not dead"), 1),
]


@pytest.mark.parametrize(("rule", "first"), WRONG, ids=lambda value: getattr(value, "paths", [""])[0])
def test_a_field_that_is_blanked_and_not_dead_is_found(rule: Rule, first: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seed_space, "DEAD", (*seed_space.DEAD, rule))
    assert "bare, search, dead" in found("agreement", 300, first=first)


@pytest.mark.parametrize(
    ("method", "mistake", "key", "first"),
    [
        ("canonical", lambda self, key, ranks: key, "canonical form", 1),
        ("classes", lambda self, key, ranks: tuple((0,) * len(rank) for rank in ranks), "left out", 0),
    ],
)
def test_a_mistake_of_the_symmetry_is_found(
    method: str, mistake: Callable[..., Any], key: str, first: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Symmetry, method, mistake)
    assert f"bare, search, {key}" in found("agreement", 100, first=first)


def test_a_claim_that_the_search_does_not_look_at_again_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Remembered, "first_failure", lambda self, raws, states: None)
    assert "search, claims" in found("agreement", 200, variant="resume-after-ack", first=2)


def test_a_claim_that_the_fuzzer_does_not_look_at_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Checker, "reads", lambda self, claim, where, scalars: 0)
    assert "bare, replay, broken by action" in found("agreement", 100, variant="cpu-keeps-root")


def test_what_the_fuzzer_does_not_see_the_guest_notice_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Course, "_noticed", lambda self, before, action, after: None)
    assert "bare, replay, noticed after action" in found("agreement", 300, variant="activate-early")


def without(rule: str) -> Callable[..., None]:
    """The judge's ``find``, which finds nothing by this rule."""
    find = Judge.find

    def finds(self: Judge, broken: str, *arguments: Any, **more: Any) -> None:
        if broken != rule:
            find(self, broken, *arguments, **more)

    return finds


@pytest.mark.parametrize(
    ("rule", "variant", "first"),
    [("the-last-store-arrives", "mark-dropped", 10), ("one-side-runs", "resume-after-ack", 0)],
)
def test_a_rule_of_the_oracle_that_is_switched_off_is_found(
    rule: str, variant: str, first: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert found("verdicts", 20, variant=variant, first=first) == ""
    monkeypatch.setattr(Judge, "find", without(rule))
    assert f"bare ({variant}), oracle, missed" in found("verdicts", 1000, variant=variant, first=first)


def test_an_oracle_that_finds_too_much_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    take = Judge.take

    def finds_fault_with_rounds(self: Judge, event: Any) -> None:
        take(self, event)
        if isinstance(event, Round):
            self.find("one-side-runs", "wrong: a round is no fault")

    monkeypatch.setattr(Judge, "take", finds_fault_with_rounds)
    assert "oracle, not accepted by contents" in found("verdicts", 100)


def test_an_input_of_the_machines_fuzzer_is_one_of_a_question() -> None:
    assert tail_of(b"\0\1abcd") == (b"\0\1abcd", bytes(TAIL))
    whole = bytes(range(100))
    assert tail_of(whole) == (whole[:-TAIL], whole[-TAIL:])
    chance = Random(1)
    for seed in range(200):
        data = chance.randbytes(chance.randrange(120))
        made = with_tail(data, 100, seed, lambda steps, most: (steps + b"more")[:most])
        assert len(made) <= 100
        assert made == with_tail(data, 100, seed, lambda steps, most: (steps + b"more")[:most])


def test_a_state_is_changed_as_the_bytes_say() -> None:
    spec = machine("bare")
    sizes = {"pfn": 2, "vpn": 2, "cpu": 1, "word": 1, "value": 3}
    m = spec.start(sizes)
    assert drawn(m, sizes, b"\xff" * 6) is m
    changed = [
        drawn(m, sizes, bytes([leaf, where, what])) for leaf in range(40) for where in (0, 200) for what in (1, 2)
    ]
    assert any(n.phase != Phase.BEFORE for n in changed)
    assert any(n.log.dirty == Set((2,), 1) for n in changed)
    assert any(n.source.memory == Map((2, 1), (2, 0)) for n in changed)
    assert all(n.source.memory.shape == (2, 1) for n in changed)


def test_a_variant_is_asked_about_with_its_machine() -> None:
    assert ("bare", None) in choices("bare")
    assert ("bare", "no-flush") in choices("bare")
    assert choices("bare", "no-flush") == [("bare", "no-flush")]
    assert {name for name, _ in choices("all")} >= set(CHOICES)


def test_the_same_seed_asks_the_same() -> None:
    assert asked("verdicts", 10).reached == asked("verdicts", 10).reached


def test_the_command_says_what_it_found(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["--inputs", "5", "--target", "verdicts", "--findings", str(tmp_path / "found")]
    assert main(arguments) == 0
    assert "nothing found" in capsys.readouterr().out
    assert not (tmp_path / "found").exists()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Symmetry, "canonical", lambda self, key, ranks: key)
        assert main(["--inputs", "12", "--target", "agreement", "--findings", str(tmp_path / "found")]) == 1
    said = capsys.readouterr().out
    [path, *_] = (tmp_path / "found").iterdir()
    assert f"FOUND {path.parent}" in said
    with pytest.raises(SystemExit) as ended:
        main(["--machine", "sed"])
    assert ended.value.code == 2
    assert "'seed'" in capsys.readouterr().err


def test_every_question_has_a_script() -> None:
    for name in QUESTIONS:
        text = (SCRIPTS / f"{name}.py").read_text()
        assert text.partition("\n")[0].endswith("?")
        assert f'fuzz("{name}", sys.argv)' in text


@pytest.mark.usefixtures("atheris")
def test_a_script_runs_with_libfuzzers_flags_and_refuses_what_it_does_not_know(tmp_path: Path) -> None:
    command = [sys.executable, str(SCRIPTS / "verdicts.py"), "-runs=20", "-seed=1", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, cwd=tmp_path, check=False)
    assert done.returncode == 0, done.stderr[-1500:]
    assert "Done " in done.stderr
    assert (tmp_path / "seed-00").exists()
    refused = [*command[:2], "--variant", "nonsense"]
    done = subprocess.run(refused, capture_output=True, text=True, timeout=60, cwd=tmp_path, check=False)
    assert (done.returncode, "no variant 'nonsense'" in done.stderr) == (2, True)


@pytest.mark.usefixtures("atheris")
def test_a_script_ends_as_libfuzzer_expects_and_stores_the_input(tmp_path: Path) -> None:
    broken = tmp_path / "broken.py"
    broken.write_text(
        "import sys\nfrom fuzz.questions.libfuzzer import fuzz\nfrom refmodel.search.symmetry import Symmetry\n"
        "Symmetry.canonical = lambda self, key, ranks: key\nfuzz('agreement', sys.argv)\n"
    )
    command = [sys.executable, str(broken), f"-artifact_prefix={tmp_path}/", "-runs=200", "-seed=1"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, cwd=tmp_path, check=False)
    assert done.returncode == 77
    assert "refmodel: agreement: seed, search, " in done.stderr
    assert list(tmp_path.glob("crash-*"))

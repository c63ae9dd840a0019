"""Machines are composed of parts, by name or in a file; the worked example of docs/machines.md does what it says."""

import pickle
from contextlib import suppress
from pathlib import Path
from random import Random

import pytest

from proofs.chapters import chapters_of
from proofs.prove import prove_all
from refmodel.compose import CHOICES, chosen, compose
from refmodel.language import Action, Refused
from refmodel.machines import machine
from refmodel.migration import AnyMachine
from refmodel.parts import PARTS
from refmodel.search.find import GROWING, find
from refmodel.search.seed_space import SIZES, sizes_for
from refmodel.search.space import actions_of
from refmodel.seed import Bare, Seed
from refmodel.unusable import Unusable
from refmodel.variants import VARIANTS

EXAMPLE = Path(__file__).parents[2] / "docs" / "examples" / "mark_buffer.py"


@pytest.mark.parametrize(("name", "written"), [("bare", Bare), ("seed", Seed)])
def test_a_machine_that_is_written_out_is_its_choice_of_parts(name: str, written: type[AnyMachine]) -> None:
    parts = [part.cls for part in chosen(name)[1]]
    assert [base for base in written.__mro__ if base in parts] == parts
    assert type(machine(name)) is written


def test_the_seed_is_the_bare_machine_with_failures() -> None:
    assert chosen("seed")[1] == chosen("bare+failures")[1]


@pytest.mark.parametrize("name", [*CHOICES, "bare", *(f"bare+{name}" for name in PARTS)])
def test_a_machine_has_the_steps_and_claims_of_its_parts_and_starts(name: str) -> None:
    spec = machine(name)
    for part in chosen(name)[1]:
        assert isinstance(spec, part.cls)
    sizes = dict.fromkeys(spec.sorts, 2)
    assert spec.start(sizes).hand_over.source_runs


@pytest.mark.parametrize("name", ["seed", "bare", *(f"bare+{name}" for name in PARTS)])
def test_a_machine_survives_being_sent_to_another_process(name: str) -> None:
    spec = machine(name)
    again = pickle.loads(pickle.dumps(spec))
    assert type(again) is type(spec)


def test_a_variant_survives_too() -> None:
    spec = machine("bare", "no-flush")
    assert type(pickle.loads(pickle.dumps(spec))) is type(spec)


def test_a_part_takes_the_place_of_the_one_with_its_role() -> None:
    roles = [part.role for part in chosen("bare+protect-at-transfer")[1] if part.role]
    assert len(roles) == len(set(roles))
    for part in PARTS.values():
        names = [other.name for other in chosen(f"bare+{part.name}")[1] if other.role and other.role == part.role]
        assert names in ([], [part.name])


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("sed", "no machine 'sed'; expected 'seed'"),
        ("bare+protect-at-transfr", "no part 'protect-at-transfr'; expected 'protect-at-transfer'"),
        ("kvm-qemu-ring+manual-protect", "'backup-bitmap' beside 'manual-protect'; expected 'dirty-ring'"),
        ("nowhere.py:Mine", "no file 'nowhere.py'"),
        (f"{EXAMPLE}:Mina", "no machine 'Mina'; expected 'Mine'"),
    ],
)
def test_a_name_that_nothing_has_is_refused(name: str, says: str) -> None:
    with pytest.raises(Unusable, match=says.replace("+", r"\+")):
        compose(name)


def test_a_file_that_cannot_be_imported_is_refused(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text("1 / 0\n")
    with pytest.raises(Unusable, match="ZeroDivisionError"):
        compose(f"{tmp_path / 'mine.py'}:Mine")


@pytest.mark.parametrize(
    ("method", "says"),
    [
        (
            "def transfer_read(self, m): return m",
            "transfer_read: too many positional arguments; expected .* of state, ",
        ),
        ("@invariant(Contract.ROUNDS)\n    def mine(self, m, page): return True", "no sort is known for 'page'"),
    ],
)
def test_a_file_whose_steps_or_claims_cannot_be_called_is_refused(method: str, says: str, tmp_path: Path) -> None:
    names = "from refmodel.language import Contract, invariant\nfrom refmodel.seed import Bare\n"
    (tmp_path / "mine.py").write_text(f"{names}class Mine(Bare):\n    {method}\n")
    with pytest.raises(Unusable, match=says):
        compose(f"{tmp_path / 'mine.py'}:Mine")


def test_a_variant_needs_a_machine_with_its_part() -> None:
    of_a_part = [v for v in VARIANTS.values() if not issubclass(Bare, v.patch.__bases__[0])]
    for variant in of_a_part[:3]:
        with pytest.raises(Unusable, match="a machine with the part"):
            machine("bare", variant.name)


def test_the_machine_of_the_worked_example_is_proved() -> None:
    spec = machine(f"{EXAMPLE}:Mine")
    own = [chapter for chapter in chapters_of(spec) if getattr(chapter, "spec", None) is spec]
    assert prove_all(spec, chapters=own).is_proved
    assert type(pickle.loads(pickle.dumps(spec))).__name__ == "Mine"


def test_what_the_worked_example_forgets_is_refuted_and_found() -> None:
    spec = machine(f"{EXAMPLE}:Forgetful")
    failures = prove_all(spec, only=["final_harvest"]).not_proved
    assert {record.claim for _, record in failures} == {"after_the_last_harvest_the_buffers_are_empty"}
    found = find(f"{EXAMPLE}:Forgetful", None, GROWING[:1])
    assert found.schedule is not None
    assert found.schedule.noticed is not None
    assert "the last store was" in found.schedule.noticed.what


@pytest.mark.parametrize("name", CHOICES)
def test_a_variant_of_a_named_machine_runs_or_is_unusable(name: str) -> None:
    """Every pair: where it is made, a patched function asks for nothing of the state that the machine has not."""
    made, chance = 0, Random(1)
    for variant in VARIANTS:
        try:
            spec = machine(name, variant)
        except Unusable:
            continue
        made += 1
        sizes = sizes_for(spec, SIZES)
        kinds: dict[str, list[Action]] = {}
        for action in actions_of(spec, sizes):
            kinds.setdefault(action.step, []).append(action)
        m = spec.start(sizes)
        for _ in range(12):
            after = []
            for actions in kinds.values():
                with suppress(Refused):
                    after.append(spec.take(m, chance.choice(actions)))
            m = chance.choice(after or [m])
    assert made > 20


def test_a_variant_needs_the_state_that_its_function_speaks_of() -> None:
    with pytest.raises(Unusable, match="'unmapped-not-owed' on 'bare'; expected a machine whose state has memory_map"):
        machine("bare", "unmapped-not-owed")


def test_a_variant_needs_the_step_that_it_replaces() -> None:
    with pytest.raises(Unusable, match="'installed-read-only' on 'kvm-qemu'; expected a machine with guest_map"):
        machine("kvm-qemu", "installed-read-only")


def test_a_variant_of_two_parts_needs_the_state_of_both() -> None:
    assert machine("seed+delta-cache+postcopy", "stale-page-served").steps
    with pytest.raises(Unusable, match="'stale-page-served' on 'postcopy'; expected a machine whose state has cache"):
        machine("postcopy", "stale-page-served")


def test_two_parts_that_keep_the_same_field_of_the_state_do_not_go_together() -> None:
    with pytest.raises(Unusable, match=r"'incremental'.*'shared-storage'|'shared-storage'.*'incremental'"):
        machine("bare+shared-storage+incremental")

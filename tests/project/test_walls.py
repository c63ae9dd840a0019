"""Imports run one way, and the specification's rooms hold no machinery."""

import ast
import doctest
from pathlib import Path

import pytest

import refmodel

ROOT = Path(refmodel.__file__).parents[1]

LAYERS = [
    {"refmodel.unusable"},
    {"refmodel.language"},
    {"refmodel.state"},
    {"refmodel.ledger"},
    {"refmodel.right_to_run"},
    {"refmodel.right_to_images"},
    {"refmodel.promise"},
    {"refmodel.checkpointed_promise"},
    {"refmodel.logging.mmu"},
    {"refmodel.logging.shadow"},
    {"refmodel.logging.faults"},
    {"refmodel.transport.wire"},
    {"refmodel.rounds.transfer"},
    {"refmodel.rounds.rounds"},
    {"refmodel.handover.who_runs"},
    {"refmodel.handover.hand_over"},
    {"refmodel.migration"},
    {"refmodel.logging", "refmodel.transport", "refmodel.rounds", "refmodel.handover"},
    {"refmodel.seed", "refmodel.theorem"},
    {"refmodel.parts"},
    {"refmodel.loading"},
    {"refmodel.compose"},
    {"refmodel.refinement", "refmodel.variants"},
    {"refmodel.machines"},
    {"refmodel.schedules"},
    {"refmodel.recordings", "refmodel.rows", "refmodel.catalogue.classes", "refmodel.interrupts"},
    {"refmodel.search"},
    {"refmodel.oracle"},
    {"refmodel.fast"},
    {"refmodel.tap"},
    {"refmodel.lab"},
    {"refmodel.catalogue"},
    {"refmodel.cli"},
    {"proofs.lifting"},
    {"proofs", "fuzz"},
    {"tests"},
]
"""A room may import itself and what stands above it here, nothing else of ours. Modules that are named stand before the
rest of their room: the chain that every machine has, contract by contract. The rest of the four rooms are parts."""

PARTS = next(number for number, rooms in enumerate(LAYERS) if "refmodel.logging" in rooms)
"""Parts may refine any of the chain, and each other, across the contracts."""

SPECIFICATION = 23
"""The first so many layers are the specification: attrs and the standard library are all that they use."""

FILES = sorted(path for folder in ("refmodel", "proofs", "fuzz") for path in (ROOT / folder).rglob("*.py"))


def module_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def layer_of(module: str) -> tuple[int, str] | None:
    for number, rooms in enumerate(LAYERS):
        for room in rooms:
            if module == room or module.startswith(room + "."):
                return number, room
    return None


def imports(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: a relative import"
            found.add(node.module or "")
            found |= {f"{node.module}.{alias.name}" for alias in node.names if node.module == "refmodel"}
    return found


def wrong(module: str, imported: set[str]) -> list[str]:
    """The imports of a module that go the wrong way."""
    if module == "refmodel":
        return sorted(name for name in imported if name.startswith("refmodel"))
    here = layer_of(module)
    assert here is not None, f"{module} stands in no layer: say where it belongs in LAYERS"
    number, room = here
    found = []
    for name in imported:
        there = layer_of(name)
        if there is not None and number == there[0] == PARTS:
            continue
        if there is not None and there[1] != room and there[0] >= number:
            found.append(name)
        outside = there is None and not name.startswith("refmodel")
        if (
            outside
            and number < SPECIFICATION
            and name.split(".")[0] in {"z3", "click", "rich", "cattrs", "orjson", "zstandard"}
        ):
            found.append(name)
    return sorted(found)


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_a_module_imports_only_what_stands_before_it(path: Path) -> None:
    assert wrong(module_of(path), imports(path)) == []


@pytest.mark.parametrize(
    ("module", "imported"),
    [
        ("refmodel.seed", "proofs.prove"),
        ("refmodel.logging.mmu", "refmodel.rounds.transfer"),
        ("refmodel.promise", "refmodel.search.explore"),
        ("refmodel.state", "z3"),
        ("fuzz.run", "proofs.prove"),
        ("proofs.lifting.lift", "proofs.prove"),
        ("refmodel.oracle.judge", "refmodel.cli"),
    ],
)
def test_the_lint_sees_an_import_the_wrong_way(module: str, imported: str) -> None:
    assert wrong(module, {imported}) == [imported]


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_rooms_are_small(path: Path) -> None:
    """Most modules are under 200 lines; none may grow past 320."""
    assert len(path.read_text().splitlines()) <= 320


def test_variants_replace_one_function_and_no_claim() -> None:
    from refmodel.variants import VARIANTS

    for variant in VARIANTS.values():
        assert variant.replaces not in variant.spec().claims
        assert variant.summary
        assert variant.sound or variant.sources


def test_the_first_pages_example_runs() -> None:
    assert doctest.testmod(refmodel).failed == 0
    assert doctest.testmod(refmodel).attempted > 0

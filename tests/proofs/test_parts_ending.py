"""A machine of any parts ends: what each part adds to the ranking is needed, and no failure counts as getting on."""

from typing import Any

import pytest
from attrs import evolve

from proofs import rankings
from proofs.ending import ANSWERED
from proofs.progress import NEVER_STUCK
from proofs.rankings import is_ranked, ranking_of
from proofs.rankings.assumed import OF_THE_END
from proofs.rankings.exceptions import STEPS
from proofs.rankings.order import EVERY, order
from refmodel.compose import patched
from refmodel.language import need
from refmodel.logging.backup_bitmap import BackupBitmap
from refmodel.logging.dirty_ring import DirtyRing
from refmodel.machines import machine
from refmodel.parts import PARTS
from refmodel.rounds.leaf_by_leaf import LeafByLeaf
from refmodel.rounds.xen_2005_policy import Xen2005Rounds
from refmodel.seed import Bare
from tests.proofs.endings import unproved

ENTRIES = [(part, work.what) for part, work in order(Bare())]


@pytest.mark.slow
@pytest.mark.parametrize(("part", "what"), ENTRIES, ids=[f"{part or 'every'}: {what}" for part, what in ENTRIES])
def test_no_entry_of_the_order_is_idle(part: str, what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    spec = machine("bare" if part == EVERY else f"bare+{part}")
    ranking = ranking_of(spec)
    rest = tuple(work for work in ranking.left_to_do if work.what != what)
    assert len(rest) == len(ranking.left_to_do) - 1
    monkeypatch.setattr(rankings, "ranking_of", lambda spec: evolve(ranking, left_to_do=rest))
    assert unproved(spec)


def excepted(part: str) -> set[str]:
    steps = STEPS[part]
    return {*steps.answers, *steps.looks, *steps.delays, *steps.again}


@pytest.mark.parametrize("part", [part for part in STEPS if excepted(part)])
def test_what_a_part_excepts_and_takes_for_granted_is_said(part: str) -> None:
    assert {part, *PARTS[part].needs} & {name for assumption in OF_THE_END for name in assumption.comes_with}


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("bare+shared-shadows", {"shadow_link"}),
        ("bare+leaf-by-leaf", {"harvest_fails"}),
        ("bare+incremental", {"image_fails", "image_of_another"}),
        ("bare+pv-tables", {"engine"}),
        ("bare+superpages+two-clients", {"large_protect", "large_split", "enable_revoke", "enable_flush"}),
        ("bare+views+two-clients", {"view_revoke"}),
    ],
)
def test_what_is_not_excepted_is_found(name: str, found: set[str], monkeypatch: pytest.MonkeyPatch) -> None:
    spec = machine(name)
    bare = evolve(ranking_of(Bare()), left_to_do=ranking_of(spec).left_to_do)
    assert unproved(spec) == set()
    monkeypatch.setattr(rankings, "ranking_of", lambda spec: bare)
    assert found <= {step for step, _ in unproved(spec)}


class CopiesNoLeaf(LeafByLeaf[Any]):
    def harvest_leaf(self, m: Any, leaf: int) -> Any:
        """Every call fails: it is repeated, and nothing else can be done."""
        need(m.phase != m.phase, "a leaf can be copied")
        return m


def test_a_failure_that_may_be_met_again_is_nothing_to_get_on_with() -> None:
    assert ("engine", NEVER_STUCK) in unproved(patched("bare+leaf-by-leaf", "copies-no-leaf", CopiesNoLeaf)())


class SkipsNothing(Xen2005Rounds[Any]):
    def page_skipped(self, m: Any, page: int) -> Any:
        """A page that is dirty again has its turn in no round."""
        need(m.phase != m.phase, "a page can be skipped")
        return m


def test_to_look_at_the_log_is_nothing_to_get_on_with() -> None:
    for name in ("bare+xen-2005-rounds", "xen-2005"):
        assert unproved(patched(name, "skips-nothing", SkipsNothing)()) == {("engine", NEVER_STUCK)}


class ReapsNothing(DirtyRing[Any]):
    def reap_flag(self, m: Any, cpu: int, entry: int) -> Any:
        """The reaper looks at the entry, and comes to it again."""
        super().reap_flag(m, cpu, entry)
        return m


class ResetsNothing(DirtyRing[Any]):
    def reset_entry(self, m: Any, cpu: int, entry: int) -> Any:
        """The entry stays as it was read."""
        super().reset_entry(m, cpu, entry)
        return m


class FlushesAgain(DirtyRing[Any]):
    def reset_flush(self, m: Any, cpu: int) -> Any:
        """Nobody notes which CPU it was."""
        return m.but(cpus=super().reset_flush(m, cpu).cpus)


class MarksAgain(BackupBitmap[Any]):
    def mark_without_vcpu(self, m: Any, pfn: int) -> Any:
        """The writer does not come to its end."""
        return super().mark_without_vcpu(m, pfn).but(backup=m.backup)


@pytest.mark.parametrize(
    ("wrong", "step"),
    [
        (ReapsNothing, "reap_flag"),
        (ResetsNothing, "reset_entry"),
        (FlushesAgain, "reset_flush"),
        (MarksAgain, "mark_without_vcpu"),
    ],
)
def test_an_answer_that_leaves_as_much_to_be_answered_is_found(wrong: type[Any], step: str) -> None:
    assert (step, ANSWERED) in unproved(patched("kvm-qemu-ring", step.replace("_", "-"), wrong)())


@pytest.mark.parametrize("what", [work.what for work in ranking_of(machine("kvm-qemu-ring")).to_answer])
def test_no_entry_of_what_is_to_be_answered_is_idle(what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    spec = machine("kvm-qemu-ring")
    ranking = ranking_of(spec)
    rest = tuple(work for work in ranking.to_answer if work.what != what)
    monkeypatch.setattr(rankings, "ranking_of", lambda spec: evolve(ranking, to_answer=rest))
    assert {claim for _, claim in unproved(spec)} == {ANSWERED}


def test_a_machine_of_these_parts_has_a_ranking_and_one_with_a_part_of_its_own_has_none() -> None:
    assert all(is_ranked(machine(f"bare+{part}")) for part in PARTS)
    assert not is_ranked(machine("docs/examples/mark_buffer.py:Mine"))

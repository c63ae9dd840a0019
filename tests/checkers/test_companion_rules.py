"""Each rule over companions, or over bytes, is needed: switched off, a wrong recording loses exactly its findings."""

from pathlib import Path

import pytest

from refmodel.oracle.all_rules import all_rules
from refmodel.oracle.explaining import THE_RULE
from tests.checkers.recordings import COMPANIONS, switched_off
from tests.checkers.test_oracle_rules import NOT_OF_EVENTS


@pytest.mark.parametrize("rule", sorted(COMPANIONS))
def test_a_rule_that_is_switched_off_loses_exactly_its_findings(rule: str, tmp_path: Path) -> None:
    (tmp_path / "on").mkdir()
    (tmp_path / "off").mkdir()
    found = COMPANIONS[rule].found(tmp_path / "on")
    with switched_off(rule):
        left = COMPANIONS[rule].found(tmp_path / "off")
    assert rule in {finding.rule for finding in found}
    assert sorted(f.rule for f in left) == sorted(f.rule for f in found if f.rule != rule)


def test_every_rule_over_companions_or_bytes_has_a_wrong_recording() -> None:
    of_companions = {rule.name for rule in all_rules() if rule.about != "any"}
    assert set(COMPANIONS) == of_companions | set(NOT_OF_EVENTS) | {THE_RULE.name}


def test_a_rule_is_on_again_afterwards(tmp_path: Path) -> None:
    rule = "sections-are-as-traced"
    with switched_off(rule):
        assert COMPANIONS[rule].found(tmp_path) == ()
    assert [finding.rule for finding in COMPANIONS[rule].found(tmp_path)] == [rule]

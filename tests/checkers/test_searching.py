"""Each check of search, replay and fuzzer is needed: switched off, a wrong variant passes that it finds."""

import pytest

from refmodel.variants import VARIANTS
from tests.checkers.searching import CHECKS


@pytest.mark.parametrize("name", CHECKS)
def test_a_check_that_is_switched_off_misses_a_variant(name: str) -> None:
    check = CHECKS[name]
    assert len(check.on()) == 1
    assert check.off() == frozenset()
    assert not VARIANTS[check.variant].sound

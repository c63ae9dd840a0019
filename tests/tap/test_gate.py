"""What is held of a stream, and what counts as held."""

from types import SimpleNamespace
from typing import Any

import pytest

from refmodel.tap.gate import Gate


@pytest.mark.parametrize(("switched", "held", "passes"), [(False, 60, 40), (True, 0, 100)])
def test_of_the_tail_nothing_is_held_after_a_switch_to_postcopy(switched: bool, held: int, passes: int) -> None:
    judging: Any = SimpleNamespace(is_over=False, switched=switched, tail_at=40, parsed=40)
    gate = Gate(judging, True)
    gate.take(bytes(100))
    gate.note()
    assert (gate.held, gate.allowed) == (held, passes)

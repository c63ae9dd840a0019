"""What the bytes of steps stand for, whatever the state: to exchange names in a schedule that has not been run."""

from collections.abc import Callable, Mapping

from fuzz.decode import Decoder
from refmodel.migration import AnyMachine

__all__ = ["Vocabulary"]

_NAMES = ("pfn", "vpn", "cpu", "word")
"""Sorts whose values are names: exchanged, they make another schedule of the same shape."""


class Vocabulary:
    """The same bytes stand for other steps with other sizes: ``decoder_of`` an input's first bytes."""

    def __init__(self, spec: AnyMachine, decoder_of: Callable[[bytes], tuple[Mapping[str, int], Decoder]]) -> None:
        self._spec = spec
        self._decoder_of = decoder_of
        self._numbers: dict[tuple[int, str], Mapping[tuple[int, ...], int]] = {}

    def pair(self, which: int, number: int) -> tuple[str, int, int]:
        """Two values of a sort of which there is more than one, chosen by a number; of sorts that name things."""
        sizes, _ = self._decoder_of(bytes([which, 0]))
        sorts = [sort for sort in _NAMES if sizes.get(sort, 0) > 1]
        sort = sorts[number % len(sorts)]
        number //= len(sorts)
        one = number % sizes[sort]
        return sort, one, (one + 1 + number // sizes[sort] % (sizes[sort] - 1)) % sizes[sort]

    def exchanged(self, which: int, step: bytes, sort: str, one: int, two: int) -> bytes:
        """The step with two values exchanged in its arguments; as it is where those take more than a byte."""
        _, decoder = self._decoder_of(bytes([which, 0]))
        kind = decoder.nominal[step[0]]
        if kind is None or len(kind.actions) > 256:
            return step
        count = len(kind.actions)
        key = which, kind.name
        if key not in self._numbers:
            self._numbers[key] = {action.arguments: i for i, action in enumerate(kind.actions)}
        swap = {one: two, two: one}
        parameters = self._spec.steps[kind.name].parameters
        arguments = kind.actions[step[1] % count].arguments
        swapped = tuple(
            swap.get(a, a) if s.name == sort else a for a, (_, s) in zip(arguments, parameters, strict=True)
        )
        return bytes([step[0], self._numbers[key][swapped]])

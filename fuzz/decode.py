"""Bytes to schedules: two bytes head the input, then two bytes are one step: its kind, then its arguments.

Head: the sizes, the rounds. A kind that cannot be taken in the present phase stands for another of its actor's kinds;
one that is refused with its arguments is tried with others of its arguments, and then gives way to other kinds in
order of weight. So nearly every pair of bytes is a step, and a changed byte changes one step. The same bytes always
give the same schedule.
"""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

from attrs import frozen

from fuzz.kinds import Kind, kind_of
from fuzz.layout import known_scalars
from fuzz.mix import AT_THE_TARGET, MOST_ROUNDS, MOST_STEPS, OPENING, RARE, SHARES, SIZES, weight
from fuzz.packed import Packing
from fuzz.unknown import every_path
from refmodel.language import Action, Actor, Refused
from refmodel.migration import AnyMachine
from refmodel.state import Machine

__all__ = ["HEAD", "IDLE_RECORDS", "RECORD", "Decoder", "head"]

HEAD = 2
RECORD = 2
"""Bytes of the head, and of each step."""
_OWN_TRIES = 6
_OTHER_TRIES = 3
"""How many arguments are tried of the kind that the byte names, and of each other kind."""
IDLE_RECORDS = 4
"""So many pairs in a row that nothing can be done with end the run: the machine has come to its end."""
_STAND_IN = {Actor.ENGINE: 0, Actor.OPERATOR: 1, Actor.GUEST: 2}
"""Whose steps stand in for an actor that can do nothing in the present phase: ``begin`` for the engine before it."""
_LAST_RESORT = {Actor.ENGINE: 0, Actor.GUEST: 1, Actor.OPERATOR: 2}
"""Whose steps are tried when all of an actor's were refused: ``abort`` comes last."""


def head(data: bytes) -> tuple[Mapping[str, int], int]:
    """The sizes and the rounds that an input's first bytes choose; an input too short for them gets the defaults."""
    which = data[0] % 8 if data else 0
    rounds = data[1] % (MOST_ROUNDS + 1) if len(data) > 1 else 2
    return SIZES[which] if which < len(SIZES) else SIZES[0], rounds


@frozen
class _Choices:
    """What bytes mean in states with the same scalars: the kind of each byte, and what to try when it is refused."""

    picked: tuple[Kind, ...]
    fallback: Mapping[Actor, tuple[Kind, ...]]
    operators: tuple[Kind, ...]
    """What a first byte that stands for the operator may mean, by the second: there are more kinds than such bytes."""


class Decoder:
    """Turns pairs of bytes into enabled steps of one machine with given sizes."""

    def __init__(self, spec: AnyMachine, sizes: Mapping[str, int], packing: Packing) -> None:
        self._kinds = [kind_of(spec, step, sizes, packing) for step in spec.steps.values()]
        self._layout = packing.layout
        self._paths, self._scalars = known_scalars(spec.state)
        self._scalar_bits = packing.bits_of(self._paths)
        self._choices: dict[Any, _Choices] = {}
        """By the scalars, or by their bits of a packed state."""
        self.nominal: list[Kind | None] = []
        """The kind that each first byte stands for wherever that kind can be taken."""
        for actor, share in SHARES.items():
            # The operator's bytes stand for any of its kinds.
            kinds = [] if actor is Actor.OPERATOR else self._of(actor)
            self.nominal += _spread(kinds, share) or [None] * share

    def choose(
        self, m: Machine, kind_byte: int, argument_byte: int, packed: int | None = None
    ) -> tuple[Action, Machine] | None:
        """The step that two bytes mean in a state, and the state after it; None where nothing was found enabled.

        ``packed`` is that state too; it spares trying what was refused before.
        """
        scalars: Any = self._scalars(m) if packed is None else packed & self._scalar_bits
        choices = self._choices.get(scalars)
        if choices is None:
            choices = self._choices[scalars] = self._made(self._scalars(m))
        if not choices.picked:
            return None
        kind = choices.picked[kind_byte]
        if kind.actor is Actor.OPERATOR and kind_byte >= 256 - SHARES[Actor.OPERATOR]:
            kind = choices.operators[argument_byte]
        if len(kind.actions) > 256:  # the kind has more than one byte: which of them it was tells more arguments apart
            argument_byte += 256 * kind_byte
        found = kind.attempt(m, argument_byte, _OWN_TRIES, packed)
        if found is None:
            for other in choices.fallback[kind.actor]:
                if other is not kind:
                    found = other.attempt(m, argument_byte, _OTHER_TRIES, packed)
                    if found is not None:
                        break
        return found

    def walk(self, start: Machine, data: bytes, most_steps: int = MOST_STEPS) -> Iterator[tuple[Action, Machine]]:
        """Each step of the input from the start, with the state after it."""
        m, idle, taken = start, 0, 0
        for i in range(HEAD, len(data) - 1, RECORD):
            found = self.choose(m, data[i], data[i + 1])
            if found is None:
                idle += 1
                if idle == IDLE_RECORDS:
                    return
                continue
            idle = 0
            m = found[1]
            yield found
            taken += 1
            if taken == most_steps:
                return

    def possible(self, scalars: tuple[Any, ...]) -> list[Kind]:
        """The kinds that are not always refused in states with these scalars."""
        known = dict(zip(self._paths, scalars, strict=True))
        kinds = []
        for kind in self._kinds:
            for action in kind.actions:
                result = every_path(kind.function, self._layout, (known,), action.arguments)
                if result is None or any(value is not Refused for value in result.values):
                    kinds.append(kind)
                    break
        return kinds

    def _of(self, actor: Actor) -> list[Kind]:
        return [kind for kind in self._kinds if kind.actor is actor]

    def _made(self, scalars: tuple[Any, ...]) -> _Choices:
        possible = self.possible(scalars)
        fallback = {
            actor: tuple(sorted(possible, key=lambda k: (k.actor is not actor, _LAST_RESORT[k.actor], -weight(k.name))))
            for actor in SHARES
        }
        stand_in = min((kind.actor for kind in possible), key=_STAND_IN.__getitem__, default=None)
        late = AT_THE_TARGET if dict(zip(self._paths, scalars, strict=True))["hand_over.target_runs"] else {}
        picked: list[Any] = []
        for actor, share in SHARES.items():
            mine = self._of(actor)
            able = [k for k in mine if k in possible] or [k for k in possible if k.actor is stand_in]
            if actor is Actor.ENGINE:  # whatever it may do before it, a migration that can begin does, soon
                able += [k for k in possible if (k.name in OPENING or k.name in late) and k not in able]
            if able:
                usual = [kind for kind in able if late.get(kind.name, weight(kind.name)) > RARE] or able
                picked += [k if k in able else None for k in _spread(mine, share)]
                free = [i for i, kind in enumerate(picked) if kind is None]
                for i, kind in zip(free, _spread(usual, len(free), late), strict=True):
                    picked[i] = kind
        operators = _spread([kind for kind in possible if kind.actor is Actor.OPERATOR], 256)
        return _Choices(tuple(picked), fallback, tuple(operators))


def _spread(kinds: list[Kind], places: int, other: Mapping[str, int] = MappingProxyType({})) -> list[Kind]:
    """So many places, given to the kinds by weight; of some it is another here."""
    weights = [other.get(kind.name, weight(kind.name)) for kind in kinds]
    total, passed, spread = sum(weights), 0, list[Kind]()
    for kind, share in zip(kinds, weights, strict=True):
        passed += share
        spread += [kind] * (places * passed // total - len(spread))
    return spread

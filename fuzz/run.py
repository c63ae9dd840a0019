"""One run: a schedule followed step by step, every claim checked, the promise's ledger kept beside it."""

from collections.abc import Callable, Iterable, Mapping
from operator import attrgetter, is_
from typing import TypeVar

from attrs import field, frozen

from fuzz.checks import Checker
from fuzz.decode import Decoder, head
from fuzz.mix import MORE
from fuzz.packed import Packing
from fuzz.visible import visible
from fuzz.vocabulary import Vocabulary
from refmodel.language import Action, Refused
from refmodel.migration import AnyMachine
from refmodel.refinement import witness
from refmodel.schedules.replay import Watch
from refmodel.schedules.schedule import Broken, Noticed
from refmodel.search.seed_space import sizes_for
from refmodel.state import Machine

__all__ = ["Course", "Finding", "Runner"]

T = TypeVar("T")


@frozen
class Finding:
    """What went wrong first, and the schedule that shows it, up to that step."""

    sizes: Mapping[str, int]
    rounds: int
    actions: tuple[Action, ...]
    broken: Broken | None
    noticed: Noticed | None

    @property
    def rule(self) -> str:
        """What it is a finding of: the broken claim, or ``noticed``."""
        return self.broken.claim if self.broken else "noticed"


def _copied(this: T) -> T:
    """What ``copy.copy`` makes of a plain object, in a fifth of its time: runs are kept at every other step."""
    other = object.__new__(type(this))
    other.__dict__.update(this.__dict__)
    return other


class Course:
    """A run in progress; ``finding`` is None as long as nothing is wrong. Without a checker no claim is looked at.

    It keeps its state packed too, the one before it, and by which cells they differ, as a mask: -1 for all.
    """

    def __init__(
        self, spec: AnyMachine, checker: Checker | None, start: "_Start", sizes: Mapping[str, int], rounds: int
    ) -> None:
        self.sizes, self.rounds = sizes, rounds
        self._spec = spec
        self.state = start.state
        self.actions: list[Action] = []
        self.finding: Finding | None = None
        self._checker = checker
        self._watch = _copied(start.watch)
        self._visible = start.visible
        self.packing = start.packing
        self.packed, self.before, self.changed = start.packed, -1, -1  # before the first step everything is new

    def follow(self, action: Action, after: Machine) -> Finding | None:
        """Take one step that the machine has made: what it broke or let the guest notice, or None."""
        before = self.state
        self.state = after
        self.actions.append(action)
        number = len(self.actions)
        broken, earlier = None, self.changed
        self.before, self.packed = self.packed, self.packing.after(self.packed, before, after)
        self.changed = self.packing.cells(self.before ^ self.packed)
        if self._checker is not None:
            broken = self._checker.broken(before, after, (self.before, self.packed), (earlier, self.changed), number)
        noticed = self._noticed(before, action, after)
        if broken or noticed:
            seen = Noticed(noticed, number) if noticed else None
            self.finding = Finding(self.sizes, self.rounds, tuple(self.actions), broken, seen)
        return self.finding

    def copied(self) -> "Course":
        """This run as it stands, to be gone on with apart from it."""
        other = _copied(self)
        other.actions = self.actions.copy()
        other._watch = _copied(self._watch)
        return other

    def _noticed(self, before: Machine, action: Action, after: Machine) -> str | None:
        """What the guest notices. A step that it can neither see nor that the promise knows changes nothing there."""
        promised = witness(self._spec, before, action)
        if not promised and all(map(is_, self._visible(before), self._visible(after))):
            return None
        return self._watch.told(promised, after)


@frozen
class _Start:
    """Where runs with the same sizes and rounds begin."""

    state: Machine
    watch: Watch
    packing: Packing
    packed: int
    visible: Callable[[Machine], tuple[object, ...]]
    """The parts of a state that the guest may notice anything by."""


@frozen
class _Parts:
    """What runs with the same sizes share."""

    start: Machine
    packing: Packing
    checker: Checker
    decoder: Decoder
    starts: dict[int, _Start] = field(factory=dict)


class Runner:
    """Runs of one machine. What each choice of sizes needs is prepared when it is first met.

    Without ``claims`` only what the guest notices is a finding: much harder to find, as an implementation is judged
    that shows nothing of its inside.
    """

    def __init__(self, spec: AnyMachine, claims: bool = True) -> None:
        self.spec = spec
        self.claims = claims
        self._parts: dict[tuple[tuple[str, int], ...], _Parts] = {}
        self._sizes: dict[tuple[tuple[str, int], ...], Mapping[str, int]] = {}

    def parts(self, sizes: Mapping[str, int]) -> _Parts:
        """The start state, the checker and the decoder for these sizes."""
        key = tuple(sorted(sizes.items()))
        if key not in self._parts:
            packing = Packing(self.spec.state, sizes)
            checker, decoder = Checker(self.spec, sizes, packing), Decoder(self.spec, sizes, packing)
            self._parts[key] = _Parts(self.spec.start(sizes), packing, checker, decoder)
        return self._parts[key]

    def course(self, sizes: Mapping[str, int], rounds: int) -> Course:
        """A run that has not begun."""
        parts = self.parts(sizes)
        start = parts.starts.get(rounds)
        if start is None:
            state = parts.start.but(rounds=parts.start.rounds.but(left=rounds))
            fetch = attrgetter(*visible(self.spec, state))
            start = _Start(state, Watch(self.spec, state), parts.packing, parts.packing.first(state), fetch)
            parts.starts[rounds] = start
        return Course(self.spec, parts.checker if self.claims else None, start, sizes, rounds)

    def head(self, data: bytes) -> tuple[Mapping[str, int], int]:
        """The sizes and the rounds that an input chooses; a part of the machine may need more of a sort, or others."""
        sizes, rounds = head(data)
        more = bool(data) and data[0] >= MORE
        key = (*sizes.items(), ("more", more))
        if key not in self._sizes:
            found = sizes_for(self.spec, sizes)
            self._sizes[key] = {sort: size + (more and sort not in sizes) for sort, size in found.items()}
        return self._sizes[key], rounds

    def vocabulary(self) -> Vocabulary:
        """What the bytes of this machine's inputs stand for."""

        def decoder_of(data: bytes) -> tuple[Mapping[str, int], Decoder]:
            sizes, _ = self.head(data)
            return sizes, self.parts(sizes).decoder

        return Vocabulary(self.spec, decoder_of)

    def run(self, data: bytes, visit: Callable[[Machine], object] | None = None) -> Course:
        """Run what the bytes mean, up to the first finding; ``visit`` is shown each state."""
        sizes, rounds = self.head(data)
        course = self.course(sizes, rounds)
        for action, after in self.parts(sizes).decoder.walk(course.state, data):
            if visit is not None:
                visit(after)
            if course.follow(action, after) is not None:
                break
        return course

    def follow(self, sizes: Mapping[str, int], rounds: int, actions: Iterable[Action]) -> Course:
        """Run given actions up to the first finding, leaving out those that the machine refuses."""
        course = self.course(sizes, rounds)
        for action in actions:
            try:
                after = self.spec.take(course.state, action)
            except Refused:
                continue
            if course.follow(action, after) is not None:
                break
        return course

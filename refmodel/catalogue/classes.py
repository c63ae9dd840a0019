"""The classes of real bugs, read from ``data``: a file a group. A class or commit is named by these, nowhere else.

A class is what goes wrong, in one sentence, with the invariants and contracts that it breaks; what it was seen in are
its sources. A tag says how a source was read:

| tag | what was read |
| --- | --- |
| D | the diff, or the source itself |
| C | most of the commit message |
| T | only its title |
| P | an excerpt of it on a mirrored page |

Two tags, as in C/T, stand for commits that were read in different ways.
"""

import tomllib
from collections.abc import Iterable, Iterator
from importlib.resources import files

from attrs import field, frozen
from attrs.validators import deep_iterable, in_, matches_re
from cattrs import ClassValidationError, Converter, transform_error
from cattrs.gen import make_dict_structure_fn

__all__ = ["CLASSES", "CONTROLS", "GROUPS", "BugClass", "Group", "Source", "cited"]

_CONTRACTS = frozenset({"logging", "rounds", "transport", "hand-over"})
_INVARIANTS = frozenset(
    f"I-{name}"
    for name in (
        *("LOG", "CONS", "ORDER", "FINAL", "EQ", "ZERO", "DELTA", "COVER", "INDEX", "GRAN", "SHADOW", "ONE", "CLEAN"),
        *("COUNT", "LIVE", "NORM", "BASE"),
    )
)


@frozen
class Source:
    """Where a bug was seen: project, commits, evidence tag, and what went wrong there."""

    by: str
    id: str
    """A commit, or several with blanks between them; for a report its number, for a reference the name of code."""
    tag: str = field(validator=matches_re("[DCTP]([/+][DCTP])?"))
    what: str
    year: str = ""
    kind: str = field(default="commit", validator=in_(("commit", "cause", "report", "reference")))
    """Most commits put a bug right; a cause is one that brought it. A reference is code that does or says it right."""

    @property
    def ids(self) -> tuple[str, ...]:
        """The commits one by one; a report's numbers; a reference's name."""
        return tuple(self.id.split()) if self.is_commit or self.id.startswith("#") else (self.id,)

    @property
    def is_commit(self) -> bool:
        """It was put right, or brought, by commits that are named."""
        return self.kind in ("commit", "cause")

    @property
    def where(self) -> str:
        """Project, ids and year, e.g. ``Xen a9949efb28 (2022)``."""
        return f"{self.by} {', '.join(self.ids)}{f' ({self.year})' if self.year else ''}"


@frozen
class BugClass:
    """A class of bugs; ``missing`` says what the machines lack that it needs, where they lack something."""

    number: str = field(validator=matches_re(r"M\d\d"))
    title: str
    invariants: tuple[str, ...] = field(validator=deep_iterable(in_(_INVARIANTS)))
    contracts: tuple[str, ...] = field(validator=deep_iterable(in_(_CONTRACTS)))
    mutant: str
    """What a machine with the bug does."""
    sources: tuple[Source, ...]
    missing: str = ""
    note: str = ""

    @property
    def commits(self) -> tuple[str, ...]:
        """The ids of its commits, reports and references left out."""
        return tuple(i for source in self.sources if source.is_commit for i in source.ids)


@frozen
class Group:
    """Classes of one kind."""

    name: str
    classes: tuple[BugClass, ...] = ()
    controls: tuple[Source, ...] = ()
    """Sources of sound variants, which belong to no class."""


def read(name: str, text: str) -> Group:
    """A group's file; ValueError, with the file's name, if anything in it is unknown or missing."""
    converter = Converter()
    for cls in (Source, BugClass, Group):
        converter.register_structure_hook(cls, make_dict_structure_fn(cls, converter, _cattrs_forbid_extra_keys=True))
    try:
        return converter.structure(tomllib.loads(text), Group)
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"{name}: {error}") from None
    except ClassValidationError as error:
        raise ValueError(f"{name}: {'; '.join(transform_error(error))}") from error


def _groups() -> Iterator[Group]:
    folder = files(__package__) / "data"
    for name in ("a", "b", "c", "d", "e", "f", "controls"):
        yield read(f"{name}.toml", (folder / f"{name}.toml").read_text())


GROUPS = tuple(_groups())
"""The groups A to F, and the negative controls' own sources."""

CLASSES = {known.number: known for group in GROUPS for known in group.classes}
"""The classes by number, in order."""

CONTROLS = GROUPS[-1].controls


def cited(ids: Iterable[str], number: str = "-") -> tuple[Source, ...]:
    """The sources that have these ids: the class's own where it has them, else the first; KeyError if there is none."""
    own = CLASSES[number].sources if number in CLASSES else ()
    known = (*own, *CONTROLS, *(source for each in CLASSES.values() for source in each.sources))
    return tuple(_cited(wanted, known) for wanted in ids)


def _cited(wanted: str, known: tuple[Source, ...]) -> Source:
    for source in known:
        if wanted in source.ids:
            return source
    raise KeyError(f"no source {wanted!r} in the catalogue")

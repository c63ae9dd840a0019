"""Which obligations are asked for: by step, by claim, or both; a name that nothing has is refused with its nearest."""

from collections.abc import Iterable, Sequence
from difflib import get_close_matches

from attrs import frozen

from proofs.obligations import Chapter
from refmodel.unusable import Unusable

__all__ = ["EVERYTHING", "Selection", "select"]


@frozen
class Selection:
    """Steps and claims asked for; where both are given, an obligation needs both."""

    steps: frozenset[str] = frozenset()
    claims: frozenset[str] = frozenset()

    def has_part(self, part: str) -> bool:
        """The part is asked for, or no part is."""
        return not self.steps or part in self.steps

    def has_claim(self, claim: str) -> bool:
        """The claim is asked for, or no claim is."""
        return not self.claims or claim in self.claims


EVERYTHING = Selection()


def select(names: Iterable[str], chapters: Sequence[Chapter]) -> Selection:
    """The selection that the names mean; Unusable for one that is neither a step nor a claim."""
    steps = {part for chapter in chapters for part in chapter.parts()}
    claims = {claim for chapter in chapters for claim in chapter.claims()}
    asked = {name.replace(" ", "_") for name in names}
    for name in sorted(asked - steps - claims):
        near = get_close_matches(name, sorted(steps | claims), n=1, cutoff=0.3)
        expected = f"the nearest: {near[0]}" if near else "the name of a step or of a claim"
        raise Unusable("--only", f"no step and no claim is called {name!r}", expected)
    return Selection(frozenset(asked & steps), frozenset(asked & claims))

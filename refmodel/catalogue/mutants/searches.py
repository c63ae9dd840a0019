"""Wrong searches: each asks for less than the right one, and so finds nothing of a variant that breaks a claim."""

from collections.abc import Callable, Sequence

from refmodel.catalogue.mutants.mutant import Mutant, Said
from refmodel.language import Claim
from refmodel.search.explore import explore
from refmodel.search.find import GROWING
from refmodel.search.seed_space import seed_space, sizes_for
from refmodel.variants import Variant

__all__ = ["SEARCHES", "found_in"]

Asked = Callable[[Sequence[Claim]], list[Claim]]
_MOST = 20_000


def found_in(variant: Variant, asked: Asked) -> Said:
    """The first claim of those asked for that a search of the variant finds broken, in its smallest machine."""
    spec = variant.spec()
    sizes = sizes_for(spec, (variant.growing or GROWING)[0])
    space = seed_space(spec, sizes, variant.rounds)
    breach = explore(space, asked(list(spec.claims.values())), _MOST).breach
    return () if breach is None else (breach.claim.name,)


def _asking(wrong: Asked) -> Callable[[Variant, bool], Said]:
    def ask(variant: Variant, is_wrong: bool) -> Said:
        return found_in(variant, wrong if is_wrong else list)

    return ask


def _states_alone(claims: Sequence[Claim]) -> list[Claim]:
    """Claims about steps are left out."""
    return [claim for claim in claims if not claim.of_steps]


def _steps_alone(claims: Sequence[Claim]) -> list[Claim]:
    """Claims about states are left out."""
    return [claim for claim in claims if claim.of_steps]


SEARCHES = (
    Mutant(
        "laws-not-asked",
        "search",
        "the search looks at states, and at no step between two of them",
        "Specification.claims",
        (),
        "activate-early",
        _asking(_states_alone),
    ),
    Mutant(
        "invariants-not-asked",
        "search",
        "the search looks at steps, and at no state",
        "Specification.claims",
        (),
        "discard-at-commit",
        _asking(_steps_alone),
    ),
)

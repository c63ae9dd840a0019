"""Which steps of the promise stores through large mappings are."""

from refmodel.language import Action
from refmodel.logging.superpages_state import WithSuperpages
from refmodel.migration import AnyMachine
from refmodel.refinement.witnesses import Witnesses

__all__ = ["WITNESSES"]


def _store(spec: AnyMachine, m: WithSuperpages, cpu: int, vpn: int, word: int, value: int) -> list[Action]:
    return [Action("store", (m.superpages.frame[vpn], word, value))]


WITNESSES: Witnesses = {"large_store": _store}

"""Every rule of the oracle, whatever it is about: what ``--rules`` lists and ``--require`` names."""

from collections.abc import Iterator
from difflib import get_close_matches
from typing import Protocol

from attrs import frozen

from refmodel.language import Contract
from refmodel.oracle import explaining, qemu
from refmodel.oracle.qemu.through_rules import THROUGH_KVM_QEMU
from refmodel.oracle.rules import RULES
from refmodel.oracle.xen.rules import RULES as XEN_RULES
from refmodel.unusable import Unusable

__all__ = ["ListedRule", "all_rules", "known_rules"]


class _Rule(Protocol):
    @property
    def name(self) -> str: ...
    @property
    def sentence(self) -> str: ...
    @property
    def needs(self) -> str: ...
    @property
    def contracts(self) -> tuple[Contract, ...]: ...


@frozen
class ListedRule:
    """A rule as it is listed: for which recordings, what it needs, and what to record to get that."""

    about: str
    name: str
    sentence: str
    needs: str
    contracts: tuple[str, ...]
    of: tuple[str, ...] = ()
    """The rules and invariants of the specification that it is, where it is one by itself."""


def all_rules() -> Iterator[ListedRule]:
    """The rules of the promise, of QEMU's companions, of Xen's, and of explanations."""
    families: tuple[tuple[str, list[_Rule]], ...] = (
        ("any", [*RULES.values(), explaining.THE_RULE]),
        ("QEMU", [*qemu.RULES.values(), *THROUGH_KVM_QEMU.values()]),
        ("Xen", list(XEN_RULES.values())),
    )
    for about, rules in families:
        for rule in rules:
            contracts = tuple(contract.value for contract in rule.contracts)
            yield ListedRule(about, rule.name, rule.sentence, rule.needs, contracts, _of(rule))


def _of(rule: object) -> tuple[str, ...]:
    """The promise's own rules name its guard or claim, Xen's the rules of the specification."""
    of = getattr(rule, "of", ())
    return (of,) if isinstance(of, str) else tuple(of)


def known_rules(names: list[str]) -> list[str]:
    """The names, each of a rule; Unusable, with the nearest, for another."""
    known = [rule.name for rule in all_rules()]
    for name in names:
        if name not in known:
            near = get_close_matches(name, known, n=1, cutoff=0.3)
            raise Unusable("--require", f"no rule {name!r}", near[0] if near else "a rule of `refmodel oracle --rules`")
    return names

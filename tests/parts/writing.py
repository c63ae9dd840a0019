"""Driving a machine that protects at transfer and whose vCPUs do nothing: other writers write, pages are sent."""

from typing import Any, Self

import pytest

from refmodel.language import Action, Refused
from refmodel.machines import machine
from refmodel.search.seed_space import sizes_for, start_of
from refmodel.state import Phase

SMALL = {"pfn": 3, "vpn": 1, "cpu": 1, "word": 1, "value": 4}


class Writing:
    """Such a machine under a test's hand; every claim is checked after every step, of a right one."""

    def __init__(self, name: str, variant: str | None = None, **sizes: int) -> None:
        self.spec = machine(name, variant)
        self.is_right = variant is None
        self.sizes = sizes_for(self.spec, {**SMALL, **sizes})
        self.m = start_of(self.spec, self.sizes, 9)

    def do(self, step: str, *arguments: Any) -> Self:
        before = self.m
        self.m = self.spec.take(before, Action(step, arguments))
        for claim in self.spec.claims.values() if self.is_right else ():
            assert self.spec.broken(claim, self.m, self.sizes, before if claim.of_steps else None) is None, claim.name
        return self

    def refuses(self, guard: str, step: str, *arguments: Any) -> None:
        with pytest.raises(Refused) as refused:
            self.spec.take(self.m, Action(step, arguments))
        assert refused.value.guard == guard

    def breaks(self, claim: str, step: str, *arguments: Any) -> Self:
        """The step breaks the claim, which held before."""
        said, before = self.spec.claims[claim], self.m
        assert said.of_steps or self.spec.broken(said, before, self.sizes) is None
        self.do(step, *arguments)
        assert self.spec.broken(said, self.m, self.sizes, before if said.of_steps else None) is not None
        return self

    def begin(self) -> Self:
        """A migration begins, the target reserves, where it is asked, and the configuration travels."""
        self.do("begin")
        if "reserve" in self.spec.steps:
            self.do("reserve")
        return self.do("send_configuration")

    def sent(self) -> Self:
        """Rounds have begun, and every page that is owed is sent."""
        if self.m.phase == Phase.SETUP:
            self.do("enter_shadow", 0).do("start_rounds")
        for page in self.m.rounds.to_send.members():
            self.do("transfer_clear", page)
            if self.m.phase == Phase.LIVE:
                self.do("transfer_mark").do("transfer_flush", 0)
            self.do("transfer_read", 0).do("transfer_done")
        return self

    def handed_over(self) -> Self:
        """After the last harvest: the rest travels, and the guest runs at the target."""
        self.sent().do("send_registers", 0).do("send_table")
        return self.do("commit").do("acknowledge").do("activate")

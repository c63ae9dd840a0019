"""Driving a machine by hand in tests: a short way to write schedules, and to see what refuses."""

from typing import Any

import pytest

from refmodel.language import Action, Refused
from refmodel.seed import Bare
from refmodel.seed import BareState as Machine

SIZES = {"pfn": 3, "vpn": 3, "cpu": 2, "word": 2, "value": 8}


class Driver:
    """A machine under a test's hand; every claim is checked after every step."""

    def __init__(self, spec: Bare | None = None, rounds: int = 5) -> None:
        self.spec = spec or Bare()
        start = self.spec.start(SIZES)
        self.m: Machine = start.but(rounds=start.rounds.but(left=rounds))

    def do(self, step: str, *arguments: Any) -> Machine:
        before = self.m
        self.m = self.spec.take(before, Action(step, arguments))
        for claim in self.spec.claims.values():
            assert self.spec.broken(claim, self.m, SIZES, before if claim.of_steps else None) is None, claim.name
        return self.m

    def refuses(self, guard: str, step: str, *arguments: Any) -> None:
        with pytest.raises(Refused) as refused:
            self.spec.take(self.m, Action(step, arguments))
        assert refused.value.guard == guard

    def map(self, *mappings: tuple[int, int, bool]) -> "Driver":
        for vpn, pfn, writable in mappings:
            self.do("guest_map", vpn, pfn, writable, True)
        return self

    def set_up(self) -> "Driver":
        """Begin, send the configuration, let every CPU walk the shadow, start the rounds."""
        for step in (("begin",), ("send_configuration",), ("enter_shadow", 0), ("enter_shadow", 1), ("start_rounds",)):
            self.do(*step)
        return self

    def protect(self, page: int) -> "Driver":
        """Transfer a page up to where its words may be read."""
        self.do("transfer_clear", page)
        self.do("transfer_mark")
        for vpn in range(SIZES["vpn"]):
            if self.m.shadow.writable[vpn] and self.m.shadow.frame[vpn] == page:
                self.do("transfer_revoke", vpn)
        for cpu in range(SIZES["cpu"]):
            self.do("transfer_flush", cpu)
        return self

    def read(self) -> "Driver":
        for word in range(SIZES["word"]):
            self.do("transfer_read", word)
        self.do("transfer_done")
        return self

    def send_all(self) -> "Driver":
        """Send every page that the round owes, by the machine's own steps."""
        for page in self.m.rounds.to_send.members():
            if self.m.hand_over.source_runs:
                self.protect(page).read()
            else:
                self.do("transfer_clear", page)
                self.read()
        return self

    def stop(self) -> "Driver":
        self.do("pause")
        self.do("final_harvest")
        return self

    def hand_over(self) -> "Driver":
        for cpu in range(SIZES["cpu"]):
            self.do("send_registers", cpu)
        for step in ("send_table", "commit", "acknowledge", "activate"):
            self.do(step)
        return self

    def touch(self, cpu: int, vpn: int) -> "Driver":
        """Bring a mapping into the shadow, if it is walked, and into a CPU's TLB."""
        if self.m.cpus.on_shadow[cpu] and not self.m.shadow.present[vpn]:
            self.do("shadow_fill", vpn)
        self.do("mmu_walk", cpu, vpn)
        return self

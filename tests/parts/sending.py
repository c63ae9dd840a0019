"""Driving a machine that protects at transfer, page by page: for what comes between reading and arriving."""

from typing import Any

from tests.parts.harvesting import Harvesting

__all__ = ["WORDS", "Sending"]

WORDS = 2


class Sending(Harvesting):
    """Such a machine under a test's hand, with two words a page; every claim is checked after every step."""

    spec: Any

    def __init__(self, name: str, rounds: int = 9, **sizes: int) -> None:
        super().__init__(name, rounds, None, **{"word": WORDS, "cpu": 1, "vpn": 2, "pfn": 2, **sizes})

    def set_up(self, *mappings: tuple[int, int]) -> "Sending":
        """Map every page (vpn, pfn) that is asked for, begin, and let rounds run."""
        for vpn, pfn in mappings:
            self.do("guest_map", vpn, pfn, True, True)
        for step in (("begin",), ("send_configuration",), ("enter_shadow", 0), ("start_rounds",)):
            self.do(*step)
        return self

    def take_up(self, page: int) -> "Sending":
        """As far as where its words may be read."""
        self.do("transfer_clear", page)
        if self.m.hand_over.source_runs:
            self.do("transfer_mark")
            for vpn in range(self.sizes["vpn"]):
                if self.m.shadow.writable[vpn] and self.m.shadow.frame[vpn] == page:
                    self.do("transfer_revoke", vpn)
            self.do("transfer_flush", 0)
        return self

    def send(self, *pages: int) -> "Sending":
        """Take these pages up and read them, or all that the round owes."""
        for page in pages or self.m.rounds.to_send.members():
            self.take_up(page)
            for word in range(WORDS):
                self.do("transfer_read", word)
            self.do("transfer_done")
        return self

    def stop(self) -> "Sending":
        super().stop()
        return self

    def store_word(self, vpn: int, word: int, value: int) -> "Sending":
        """The guest stores, by way of whatever its access needs."""
        if not self.m.cpus.writable[0, vpn]:
            if self.m.cpus.present[0, vpn] or not self.m.shadow.writable[vpn]:
                self.do("write_fault", 0, vpn, 0)
            self.do("mmu_walk", 0, vpn)
        self.do("guest_store", 0, vpn, word, value)
        return self

    def arrive(self, *places: int) -> "Sending":
        """The records in these places arrive in this order, or all that are on their way, in the order of sending."""
        fifo = self.m.fifo
        used = {place for place, _ in fifo.words.members()}
        for place in places or sorted(used, key=lambda place: sum(fifo.earlier[other, place] for other in used)):
            [page] = [p for k, p in fifo.pages.members() if k == place]
            for _, word in [member for member in fifo.words.members() if member[0] == place]:
                if self.m.fifo.words[place, word]:
                    self.do("wire_deliver", place, page, word)
        return self

    def finish(self) -> Any:
        """The context travels; the guest runs at the target, with all that it stored."""
        self.do("send_registers", 0)
        for step in ("send_table", "commit", "acknowledge", "activate"):
            self.do(step)
        assert self.m.target.memory == self.m.source.memory
        return self.m

    def held(self, page: int) -> list[int]:
        """What the target holds of a page."""
        return [self.m.target.memory[page, word] for word in range(WORDS)]

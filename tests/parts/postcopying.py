"""Driving a machine through a switch to post-copy."""

from typing import Self

from tests.parts.changing import Changing

__all__ = ["POST", "Switching"]

POST = "seed+postcopy"


class Switching(Changing):
    """A machine that switches with all of its pages owed."""

    def switched(self) -> Self:
        """The guest has stored 2 to pfn 0, runs at the target, and waits for everything; 1 is left of each page."""
        self.committed().do("acknowledge").do("activate")
        for page in self.m.postcopy.told.members():
            self.do("drop_page", page, 1)
        return self

    def committed(self) -> Self:
        """Until the target has been told to take the guest."""
        self.live().store(2).stop().do("switch")
        self.do("send_registers", 0).do("send_table").do("commit")
        return self

    def take(self, page: int) -> Self:
        """The page comes off the wire, and is put in place."""
        self.do("receive", page).do("fill_word", page, 0).do("place_page", page)
        return self

"""Images by hand: a chain, what a wrong parent comes to, and an image that could not be written."""

from typing import Any

from refmodel.machines import machine
from refmodel.oracle.observed import judged
from tests.checkers.runs import END, STOP, Run, sent
from tests.parts.sending import WORDS, Sending


class Imaging(Sending):
    """A machine that writes images under a test's hand."""

    def image(self, *pages: int) -> "Imaging":
        """Send these pages, or all that the round owes, and restore the image that they are."""
        self.send(*pages)
        self.do("image_close")
        for page, word in self.m.images.written.members():
            self.do("image_restore", page, word)
        self.do("image_restored")
        return self


def begun() -> Any:
    d = Imaging("bare+incremental")
    d.set_up((0, 0))
    return d


def test_a_chain_that_is_restored_to_its_end_is_the_last_memory() -> None:
    d = begun().image()
    d.store_word(0, 0, 2).do("next_round")
    d.image()
    assert (d.m.images.parent, d.m.images.restored, d.m.images.full) == (2, 2, False)
    assert d.held(0) == [2, 0]
    d.stop()
    d.refuses("there is something in it, or the target lacks the last one", "image_close")
    d.hand_over()


def test_an_increment_has_only_what_was_dirtied_since_its_parent() -> None:
    d = begun().image()
    d.store_word(0, 0, 2).do("next_round")
    d.send()
    assert d.m.images.written.size == WORDS
    assert [page for page, _ in d.m.images.written.members()] == [0] * WORDS


def test_a_wrong_parent_is_refused_and_a_full_image_follows() -> None:
    d = begun().image()
    d.do("image_of_another", 1, 0, 3)
    d.store_word(0, 0, 2).do("next_round")
    d.send().do("image_close")
    d.refuses("the image is full, or the target holds its parent", "image_restore", 0, 0)
    d.refuses("all of the image has been restored", "image_restored")
    d.do("image_refused")
    assert d.m.images.full
    assert d.m.rounds.to_send.is_full
    d.image()
    assert (d.held(0), d.held(1)) == ([2, 0], [0, 0])


def test_what_an_image_had_that_failed_the_next_one_has() -> None:
    d = begun().image()
    d.store_word(0, 0, 2).do("next_round")
    d.send().do("image_fails")
    assert d.m.images.written.is_empty
    assert d.m.rounds.to_send.members() == [0]
    d.image()
    assert d.held(0) == [2, 0]


def test_a_part_of_an_image_is_not_restored() -> None:
    d = begun()
    d.send(0)
    d.refuses("the image is complete", "image_restore", 0, 0)
    d.refuses("the image has all that the round owes", "image_close")


def test_what_another_image_left_is_no_finding_while_it_is_to_be_overwritten() -> None:
    spec = machine("bare+incremental")
    stopped = (*STOP, *sent(), "image_close", ("image_restore", 0, 0), "image_restored")
    cut = Run.of(spec, (*stopped, ("image_of_another", 0, 0, 2)))
    assert (cut.broken, cut.noticed) == (frozenset(), ())
    assert judged([cut.events]).findings == ()
    again = ("image_close", "image_refused", *sent(), "image_close", ("image_restore", 0, 0), "image_restored")
    whole = Run.of(spec, (*stopped, ("image_of_another", 0, 0, 2), *again, *END))
    assert judged([whole.events]).verdict == "accepted"

"""What a recorder would have seen of the two hosts: their disk images, their deaths, what one knows of the other.

What the source has, and who has the images, shows in the states; what becomes known, in the promise's steps.
"""

from collections.abc import Iterator
from typing import Any

from refmodel.language import Action
from refmodel.migration import AnyMachine
from refmodel.oracle.events import Acknowledge, Destroy, Event, Fence, Images, Lost
from refmodel.refinement.shared_storage import who_has_the_images

__all__ = ["deaths", "has_requests", "images", "what_is_known"]


def deaths(promised: list[Action]) -> Iterator[Event]:
    """A source that dies; a target that will never run the guest."""
    for step in promised:
        if step.step == "lose_source":
            yield Lost()
        if step.step == "fence":
            yield Fence()


def images(spec: AnyMachine, before: Any, promised: list[Action], after: Any) -> Iterator[Images]:
    """Who takes the disk images, or lets them go."""
    then, now = who_has_the_images(spec, before), who_has_the_images(spec, after)
    flushed = all(step.arguments[1] for step in promised if step.step == "let_images_go")
    if then["images_at_source"] != now["images_at_source"]:
        yield Images("source", now["images_at_source"], flushed)
    if then["images_at_target"] != now["images_at_target"]:
        yield Images("target", now["images_at_target"])


def what_is_known(before: Any, promised: list[Action], after: Any) -> Iterator[Event]:
    """That the target has the guest; and that the source's image goes."""
    if any(step.step == "acknowledge" for step in promised):
        yield Acknowledge()
    if before.hand_over.source_kept and not after.hand_over.source_kept:
        yield Destroy()


def has_requests(m: Any) -> bool:
    """A device's state, as it travelled, has the requests in it that the source has not done, and no other."""
    requests = getattr(m, "requests", None)
    return requests is None or bool(requests.submitted.same(requests.carried))

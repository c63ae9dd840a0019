"""Which steps of the promise those of images on shared storage are; and who has them where there are none."""

from typing import Any

from refmodel.handover.shared_storage import SharedStorage
from refmodel.language import Action, neg
from refmodel.refinement.witnesses import Witnesses

__all__ = ["WITNESSES", "taken_along", "taken_back", "who_has_the_images"]


def who_has_the_images(spec: Any, m: Any) -> dict[str, Any]:
    """What a ledger has of them."""
    if isinstance(spec, SharedStorage):
        return {"images_at_source": m.images.at_source, "images_at_target": m.images.at_target}
    return {"images_at_source": True, "images_at_target": False}


def taken_along(spec: Any) -> list[Action]:
    """By the target that starts."""
    return [Action("take_images", (True,))] if isinstance(spec, SharedStorage) else []


def taken_back(spec: Any, m: Any) -> list[Action]:
    """By the source, if it had let them go."""
    if isinstance(spec, SharedStorage) and not m.images.at_source:
        return [Action("take_images", (False,))]
    return []


def _inactivate(spec: Any, m: Any) -> list[Action]:
    return [Action("let_images_go", (False, neg(spec.flushed_images(m).images.cached)))]


WITNESSES: Witnesses = {"inactivate_images": _inactivate}

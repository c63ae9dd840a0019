"""What happens to images: they are written, restored, refused, and they fail."""

from typing import Any

from refmodel.schedules.phrases.phrases import Phrases

__all__ = ["PHRASES"]


def _close(spec: Any, m: Any) -> str:
    kind = "full" if m.images.full else f"an increment of image {m.images.parent}"
    return f"image {m.images.parent + 1} is complete: {kind}"


def _restore(spec: Any, m: Any, page: int, word: int) -> str:
    return f"restore pfn {page} word {word}: {m.images.content[page, word]}"


PHRASES: Phrases = {
    "image_close": _close,
    "image_restore": _restore,
    "image_restored": lambda spec, m: f"image {m.images.parent + 1} has been restored",
    "image_fails": lambda spec, m: f"image {m.images.parent + 1} cannot be written: it is dropped",
    "image_refused": lambda spec, m: "the target does not hold the parent: the next image is a full one",
    "image_of_another": lambda spec, m, page, word, value: (
        f"another's images take their place; pfn {page} word {word} there is {value}"
    ),
}

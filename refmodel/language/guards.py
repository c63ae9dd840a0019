"""Guards: why a step may not be taken now."""

__all__ = ["Refused", "need"]


class Refused(Exception):
    """An action was refused: ``guard`` is the sentence that does not hold, ``action`` what was tried, once known."""

    def __init__(self, guard: str, action: object = None) -> None:
        self.guard = guard  # what was given is in ``args`` by now: no call for it, as attempts are refused most often
        self.action = action

    def __str__(self) -> str:
        return f"{self.action} refused: it needs that {self.guard}" if self.action else f"needs that {self.guard}"


def need(condition: bool, guard: str) -> None:
    """The step is enabled only when ``condition`` holds; ``guard`` says it as a sentence."""
    if not condition:
        raise Refused(guard)

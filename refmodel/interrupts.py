"""SIGTERM and SIGHUP end a long command in order, as an interrupt from the keyboard does."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["ending_in_order"]


@contextmanager
def ending_in_order() -> Iterator[None]:
    """Within: what was begun is ended, what was found is told, and no process and no file is left."""
    taken = [n for n in (signal.SIGTERM, signal.SIGHUP) if signal.getsignal(n) is signal.SIG_DFL]  # nohup ignores one
    for number in taken:
        signal.signal(number, _interrupted)
    try:
        yield
    finally:
        for number in taken:
            signal.signal(number, signal.SIG_DFL)


def _interrupted(*_: object) -> None:
    raise KeyboardInterrupt

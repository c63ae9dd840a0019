"""Where shards are judged: in this process, or on Dask."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeAlias

from refmodel.unusable import Unusable

__all__ = ["workers"]

Mapping: TypeAlias = Callable[[Callable[[str], Any], Sequence[str]], list[Any]]


@contextmanager
def workers(dask: str | None) -> Iterator[Mapping]:
    """What does one thing with each of some paths: this process, so many local workers, or those of a scheduler.

    Unusable where Dask is not there, or no scheduler at the address.
    """
    if dask is None:
        yield lambda work, paths: [work(path) for path in paths]
        return
    try:
        from distributed import Client, LocalCluster
    except ImportError:
        raise Unusable("--dask", "no distributed", "the extra: pip install 'refmodel[shards]'") from None
    if dask.isdecimal():
        with (
            LocalCluster(n_workers=int(dask), threads_per_worker=1, dashboard_address=None) as cluster,
            Client(cluster) as client,
        ):
            yield lambda work, paths: list(client.gather(client.map(work, paths, pure=False)))
        return
    try:
        client = Client(dask, timeout="10s")
    except (OSError, ValueError) as error:
        raise Unusable("--dask", f"no scheduler at {dask} ({error})", "the address of a scheduler of Dask") from None
    with client:
        yield lambda work, paths: list(client.gather(client.map(work, paths, pure=False)))

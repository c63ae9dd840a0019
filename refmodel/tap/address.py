"""Addresses as QEMU writes them: ``unix:PATH``, ``tcp:HOST:PORT``."""

import asyncio
from asyncio import StreamReader, StreamWriter
from collections.abc import Awaitable, Callable
from pathlib import Path

from attrs import frozen

from refmodel.unusable import Unusable

__all__ = ["Address", "address_of"]

LIMIT = 1 << 20
"""Bytes that asyncio reads ahead."""
_DIGITS = 5
"""Of a port, at most."""


@frozen
class Address:
    """Where to listen, or to connect to: a path, or a host and a port."""

    path: str | None = None
    host: str = ""
    port: int = 0

    def __str__(self) -> str:
        return f"unix:{self.path}" if self.path is not None else f"tcp:{self.host}:{self.port}"

    async def connected(self) -> tuple[StreamReader, StreamWriter]:
        """A connection to it. Raises OSError."""
        if self.path is not None:
            return await asyncio.open_unix_connection(self.path, limit=LIMIT)
        return await asyncio.open_connection(self.host, self.port, limit=LIMIT)

    async def served(self, accept: Callable[[StreamReader, StreamWriter], Awaitable[None]]) -> asyncio.Server:
        """A server there. Raises OSError, and Unusable where a file stands that is no socket left behind."""
        if self.path is None:
            return await asyncio.start_server(accept, self.host, self.port, limit=LIMIT)
        if Path(self.path).exists() and not Path(self.path).is_socket():
            raise Unusable(str(self), "a file that is no socket", "a path that is free")
        return await asyncio.start_unix_server(accept, self.path, limit=LIMIT)


def address_of(text: str, option: str) -> Address:
    """The address; Unusable for another text."""
    kind, _, rest = text.partition(":")
    if kind == "unix" and rest:
        return Address(rest)
    host, _, port = rest.rpartition(":")
    is_port = port.isascii() and port.isdigit() and len(port) <= _DIGITS and int(port) < 1 << 16
    if kind == "tcp" and is_port and _is_name(host):
        return Address(None, host.strip("[]") or "localhost", int(port))
    raise Unusable(option, repr(text), "unix:PATH or tcp:HOST:PORT")


def _is_name(host: str) -> bool:
    """It can be looked up, whether or not it is found."""
    try:
        host.encode("idna")
    except UnicodeError:
        return False
    return True

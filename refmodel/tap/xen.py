"""A tap of Xen: a filter between xl, at standard input and output, and the command that reaches its receiver.

xl runs the transport as a command of the shell, writes the stream to its input and reads replies from its output
(Xen 4.17, ``tools/xl/xl_migrate.c``, create_migration_child): with ``-s 'refmodel tap --xen -- ssh'`` that command is
this tap, and ``ssh HOST xl migrate-receive`` is ours. xl gives its leave to unpause only after the reply "domain
received, ready to unpause"; when that does not come, it resumes the domain at the source.
"""

import asyncio
import os
import stat
import subprocess
from asyncio import StreamReader, StreamWriter
from asyncio.subprocess import Process
from contextlib import suppress
from pathlib import Path
from typing import IO

from refmodel.tap.address import LIMIT
from refmodel.tap.forwarding import Forwarding
from refmodel.tap.judging import Stream
from refmodel.tap.plan import Pipes, Told
from refmodel.unusable import Unusable

__all__ = ["run_xen"]

_SECONDS = 5.0
"""For the command to end once its input has ended, before it is ended."""


async def run_xen(plan: Pipes) -> Told:
    """Run the command, pass on what comes, and say what came of it. Unusable where it cannot even begin."""
    reader, writer = await _standard()
    try:
        process = await asyncio.create_subprocess_exec(
            *plan.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, limit=LIMIT
        )
    except OSError as error:
        raise Unusable(plan.command[0], error.strerror or str(error), "a command that reaches the receiver") from None
    assert process.stdin is not None
    assert process.stdout is not None
    forwarding = Forwarding(plan, Stream("standard input", "xen", plan.memory, False, plan.behind))
    try:
        plan.ready()
        await forwarding.run(reader, writer, process.stdout, process.stdin)
        is_silent = "silent" in (forwarding.told.source, forwarding.told.target)
        await _ended(process, 0.5 if is_silent else _SECONDS)
        await forwarding.finish()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
        forwarding.kept.close()
    return forwarding.told


async def _standard() -> tuple[StreamReader, StreamWriter]:
    """Our standard input and output, as streams. Unusable where they are no pipes."""
    if not all(_is_pipe(number) for number in (0, 1)):
        raise Unusable("--xen", "standard input or output that is no pipe", "to be run by xl: xl migrate -s")
    loop = asyncio.get_running_loop()
    reader = StreamReader(limit=LIMIT)
    ends = lambda: asyncio.StreamReaderProtocol(StreamReader())  # noqa: E731 - it says when its pipe is closed
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), _taken(0, "rb"))
    transport, protocol = await loop.connect_write_pipe(ends, _taken(1, "wb"))
    return reader, StreamWriter(transport, protocol, reader, loop)


def _is_pipe(number: int) -> bool:
    """Also a socket. Not a device: asyncio takes /dev/null for one, and then is never told of what comes."""
    try:
        mode = os.fstat(number).st_mode
    except OSError:  # closed
        return False
    return stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)


def _taken(number: int, mode: str) -> IO[bytes]:
    """A standard file as one of our own, which is closed when we close it; nothing is left in its place."""
    mine = os.fdopen(os.dup(number), mode, buffering=0)
    with Path(os.devnull).open(mode) as nothing:
        os.dup2(nothing.fileno(), number)
    return mine


async def _ended(process: Process, seconds: float) -> None:
    """Its input is closed: it ends by itself, or is ended."""
    for wait, end in ((seconds, process.terminate), (_SECONDS, process.kill)):
        with suppress(TimeoutError):
            async with asyncio.timeout(wait):
                await process.wait()
            return
        with suppress(ProcessLookupError):
            end()
    await process.wait()

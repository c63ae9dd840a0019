"""All commands, and what becomes of their ends.

The commands of ``proofs`` and ``fuzz`` are found by entry point, so that refmodel imports neither.
"""

import os
import sys
from importlib.metadata import entry_points, version

import click

from refmodel.catalogue.command import bugs
from refmodel.cli.check import check
from refmodel.cli.doctor import doctor
from refmodel.cli.machines import machines
from refmodel.cli.replay import replay
from refmodel.fast.command import events, fast
from refmodel.lab.command import lab
from refmodel.loading import blamed
from refmodel.oracle.command import oracle
from refmodel.oracle.reduce.command import reduce
from refmodel.search.command import search
from refmodel.tap.command import tap
from refmodel.unusable import Unusable

__all__ = ["root", "run"]


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(version("refmodel"), prog_name="refmodel")
def root() -> None:
    """Does our live migration lose a write?

    \b
    refmodel check             prove, search, fuzz and judge the bundled recordings: one table
    refmodel prove             the protocol, for any number of pages, vCPUs and steps
    refmodel search --variant  the shortest schedule that breaks a wrong variant
    refmodel replay FILE       run and narrate a schedule
    refmodel fuzz              interleave guest stores and transfers, guided by state
    refmodel oracle PATH       judge a recording of a real migration
    refmodel fast PATH         the same at line rate (QEMU, Xen, event files)
    refmodel events convert    event files: lines to columns and back
    refmodel machines          the machines, and the parts to make more of
    refmodel bugs [CLASS]      real bugs by class, and what catches each
    refmodel lab qemu          drive the system's own QEMU, record and judge its migrations
    refmodel reduce FROM TO    a small recording that is judged just like a large one
    refmodel tap               between the ends of a running migration: judge it as it passes
    refmodel doctor            what is there of what refmodel can use

    Exit status: 0 accepted or nothing found, 1 a violation, 2 unusable input.
    """


for command in (bugs, check, doctor, events, fast, lab, machines, oracle, reduce, replay, search, tap):
    root.add_command(command)
for point in entry_points(group="refmodel.commands"):
    root.add_command(point.load(), point.name)


def run() -> None:
    """Run the command line; a clear line and status 2 for unusable input."""
    try:
        try:
            status = root.main(standalone_mode=False)
        finally:
            sys.stdout.flush()  # here it can still be told that nobody has read the verdict
    except click.Abort:
        click.echo("interrupted", err=True)
        sys.exit(130)
    except click.ClickException as error:
        error.show()
        sys.exit(2)
    except Unusable as error:
        click.echo(f"refmodel: {error}", err=True)
        sys.exit(2)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(1)
    except OSError as error:  # as of a full disk
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # what could not be written is not tried again at the end
        click.echo(f"refmodel: {error.filename or 'standard output'}: {error.strerror or error}", err=True)
        sys.exit(2)
    except Exception as error:
        if (unusable := blamed(error)) is None:
            raise
        click.echo(f"refmodel: {unusable}", err=True)
        sys.exit(2)
    sys.exit(status if isinstance(status, int) else 0)

"""``refmodel reduce SOURCE TARGET``: a recording small enough to keep, judged as the whole one is."""

from pathlib import Path

import click

from refmodel.oracle.reduce.folder import reduce_recording

__all__ = ["reduce"]

_MOST = 20


@click.command(no_args_is_help=True)
@click.argument("source", type=click.Path(path_type=Path))
@click.argument("target", type=click.Path(path_type=Path))
def reduce(source: Path, target: Path) -> int:
    """Reduce the recording in the folder SOURCE (QEMU or Xen) into the new folder TARGET.

    Pages whose bytes no rule looks into are filled with the beginning of their sha256: plain pages of a Xen guest;
    of QEMU's, ROMs and pages that were sent once and never stored to. Everything else stays, byte for byte; files that
    the oracle does not read are left out, the others are packed with xz.

    TARGET appears whole or not at all, and only when it is judged as SOURCE is: the same verdict, the same findings
    (rule and page), each rule checked as often. Exit status: 0 written, 1 judged otherwise, 2 unusable input.
    """
    reduced = reduce_recording(source, target)
    for name, (before, after) in reduced.sizes.items():
        click.echo(f"{name:16} {before:12,} bytes, now {after:10,}")
    totals = [sum(column) for column in zip(*reduced.sizes.values(), strict=True)]
    click.echo(f"{'in all':16} {totals[0]:12,} bytes, now {totals[1]:10,}")
    if reduced.differences:
        click.echo("nothing was written, as the reduced recording is judged otherwise:", err=True)
        for difference in reduced.differences[:_MOST]:
            click.echo(f"  {difference}", err=True)
        return 1
    findings = len(reduced.verdict.findings)
    click.echo(f"judged as the whole one: {reduced.verdict.verdict}, {findings} findings")
    return 0

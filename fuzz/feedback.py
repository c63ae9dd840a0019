"""What the fuzzer sees of a state: an abstraction that is the same for states that differ only in names and values.

``abstract`` is all there is to it for the machine ``seed``: another machine with other parts adds its own function.
"""

from refmodel.seed import SeedState as Machine
from refmodel.state import Stage

__all__ = ["abstract"]


def abstract(m: Machine) -> tuple[int, ...]:
    """The phase, and for each page what is known and permitted about it; pages sorted, as their numbers mean nothing.

    Of each page: owed, dirty, transferred; the stage it is in hand at (0: not in hand); whether each word is equal at
    the target; whether shadow entries that name it are present, writable, out of sync; how many CPUs can write it
    through their TLBs (CPUs count only by number), and how many of those have been flushed for it. Bits, from the
    lowest: 1 1 1, 2, 1, 1 1 1, 2 2.
    """
    shadow, cpus, log, transfer = m.shadow, m.cpus, m.log, m.transfer
    source, target = m.source.memory.cells, m.target.memory.cells
    pages, words = m.source.memory.shape
    vpns = shadow.frame.shape[0]
    codes = [0] * pages
    for vpn in range(vpns):
        entry = 1 << vpn
        if shadow.present.bits & entry:
            flags = 64 | (128 if shadow.writable.bits & entry else 0) | (256 if shadow.unsynced.bits & entry else 0)
            codes[shadow.frame.cells[vpn]] |= flags
    writable = cpus.writable.bits
    cpu = 0
    while writable >> cpu * vpns:
        entries = writable >> cpu * vpns & (1 << vpns) - 1
        pages_of_cpu = {cpus.frame.cells[cpu * vpns + vpn] for vpn in range(vpns) if entries >> vpn & 1}
        flushed = transfer.flushed.bits >> cpu & 1
        for page in pages_of_cpu:
            codes[page] += 512 + 2048 * (flushed and page == transfer.page)
        cpu += 1
    for page in range(pages):
        code = codes[page]
        code |= m.rounds.to_send.bits >> page & 1 | (log.dirty.bits >> page & 1) << 1
        code |= (m.protection.transferred.bits >> page & 1) << 2
        if source[page * words : (page + 1) * words] == target[page * words : (page + 1) * words]:
            code |= 32
        codes[page] = code
    if transfer.stage != Stage.IDLE:
        codes[transfer.page] |= transfer.stage << 3
    return (m.phase, *sorted(codes))

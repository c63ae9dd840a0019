"""refmodel: a reference model of live migration that runs, is proved, is searched, and judges real hypervisors.

A virtual machine is migrated while it runs. Its pages are copied in rounds; a page that is written after it was copied
is copied again; the machine stands still only while the last pages and its registers move. Xen does this by sliding a
shadow page table under the guest's own: a transferred page is entered read-only, a store to it faults, the fault marks
it dirty and permits the write, until it is transferred again. One lost dirty bit is silent corruption.

Read in this order:

1. ``refmodel.promise``: level A, what a guest is promised. A page of code; and who runs (``refmodel.right_to_run``).
2. ``refmodel.state``: what level B, shadow paging, is made of: guest, shadow, vCPUs, log, engine.
3. ``refmodel.logging``: ``mmu`` (walks, TLBs, stores: R9), ``shadow`` (filled on demand, kept in step: R2, R3, R4,
   R8), ``faults`` (what a refused store does: R5, R6, R7); then the seed's two parts: ``roots`` (R1) and
   ``protect_at_transfer`` (mark, revoke, flush: R4).
4. ``refmodel.transport``: ``wire``. ``refmodel.rounds``: ``transfer`` (a page is taken up and read), ``rounds`` (which
   pages, until when: R10).
5. ``refmodel.handover``: registers, commit, acknowledgement, abort: R11, R12. ``refmodel.theorem``: why that is enough.
6. ``refmodel.migration`` and ``refmodel.seed``: all together; ``refmodel.refinement``: why B keeps A.
7. ``refmodel.parts``: what else real machines have, a module each in the contract's room; ``refmodel.compose``:
   machines out of parts, such as ``xen`` and ``kvm-qemu``.
8. ``refmodel.variants``: what real hypervisors got wrong, each as a patch of one function.

Every step is an ordinary method on an attrs-frozen state, e.g. ``spec.guest_store(m, cpu, vpn, word, value)``; claims
stand next to what they speak of. The same functions are run by replay, search and fuzzer, and lifted to Z3 by
``proofs``. What they are written in is ``refmodel.language``; the machinery around them is in ``refmodel.schedules``,
``refmodel.search``, ``refmodel.oracle`` and ``refmodel.cli``, and nothing above imports it.

>>> from refmodel.language import Action
>>> from refmodel.seed import Seed
>>> seed = Seed()
>>> m = seed.start({"pfn": 2, "vpn": 2, "cpu": 1, "word": 1, "value": 2})
>>> m = seed.take(m, Action("guest_map", (0, 1, True, True)))
>>> seed.take(m, Action("target_store", (0, 0, 1)))
Traceback (most recent call last):
refmodel.language.guards.Refused: target_store(0, 0, 1) refused: it needs that the target runs
"""

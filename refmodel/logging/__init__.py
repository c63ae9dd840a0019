"""The contract *logging*: no store escapes. A page is in the log, or nothing can write it without entering it there.

Read ``mmu`` (who walks which table, and what a store does), ``shadow`` (how entries are copied), ``faults`` (what a
refused store does).

Who writes beside the vCPUs, and has to mark what it wrote: ``hypervisor_writes``, ``device_writes`` and ``device_log``,
``grants``.
"""

"""The oracle at line rate: derived from the stepwise one, and held against it. Needs the extra ``fast``.

Events come as columns (``columns``), and of every page 22 bytes are kept (``state``). ``screen`` moves many pages at a
time and notes each that some rule would be broken for (``moves``: the promise's steps on columns). What is done to all
pages at once (pause, commit, activation) goes to the stepwise judge itself (``control``). The pages that were noted are
then judged by it in a second reading (``again``), so that a finding is always the stepwise judge's own.

Readers, each from one format to columns: ``qemu``, ``xen``, ``ndjson``, ``arrow``; ``image`` for the memory that last
contents are compared with. ``shards`` judges an event file by ranges of pages, on Dask if wanted.
"""

"""The contract *transport*: what arrives, in the order that counts, is what was read.

``wire`` is the simplest: a word that is read is delivered in the same step. In its place a machine may have a wire that
is a queue (``fifo``), one of references that are read when they leave (``late_buffer``), or several channels without
order between them (``channels``); what is sent may be zero pages as such (``zero_pages``), what has changed since it
was sent last (``delta_cache``), or page tables with pages' numbers in place of frames' (``pv_tables``). That a page may
be torn, for it is read word by word while stores go on, and is dirty then and sent again, is so with all of them
(``rounds.transfer``: ``transfer_read``).
"""

"""The contract *transport*: what arrives, in the order that counts, is what was read.

``wire`` is the simplest: a word that is read is delivered in the same step. In its place a machine may have a wire that
is a queue (``fifo``), or several channels without order between them (``channels``); what is sent may be zero pages as
such (``zero_pages``) or what has changed since it was sent last (``delta_cache``). That a page may be torn, for it is
read word by word, is so with all of them.
"""

"""Reduced recordings: small enough to keep and free to pass on, and judged as the whole ones are.

A page whose bytes no rule looks into is filled with a word of eight bytes, the beginning of its sha256: equal pages
stay equal, different ones stay different, and every file keeps its format, its length and all its other bytes. So what
reads and judges a whole recording reads and judges a reduced one. Which pages these are stands in ``qemu`` and
``xen``; what is written is judged again before it is put in its place (``folder``).
"""

from refmodel.oracle.reduce.folder import Reduced, reduce_recording

__all__ = ["Reduced", "reduce_recording"]

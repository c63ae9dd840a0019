"""A tap: stands between the two ends of a running migration, passes its bytes on, and judges them as they pass.

``forwarding`` is both ways between two ends: ``tap`` has QEMU's sockets, ``xen`` xl's pipes. ``judging`` is the judge
in a thread of its own, ``gate`` what may be passed on and when, ``editing`` a hook on records, ``recording`` what is
kept, ``source`` where the source's memory is had from. Whatever becomes of the judge, bytes flow.
"""

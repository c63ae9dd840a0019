"""A tap: stands between the two ends of a running migration of QEMU, passes its bytes on, and judges them as they pass.

``judging`` is the judge in a thread of its own, ``gate`` what may be passed on and when, ``tap`` the connections,
``recording`` what is kept, ``source`` where the source's memory is had from. Whatever becomes of the judge, bytes flow.
"""

"""The oracle: judges what a real hypervisor did by level A's own guards and claims, run on events.

Read ``events`` (what can be observed), ``rules`` (what is checked, and what each rule needs), ``judge`` (the promise
run on events), ``recording`` (which files make a recording), then ``readers`` (one module a format).
"""

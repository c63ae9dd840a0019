"""The explicit search: breadth first over a specification's concrete reading, to the shortest schedule that breaks it.

Read ``layout`` (a state as a flat key), ``dead`` (fields that no longer mean anything), ``symmetry`` (states up to the
names of pages and CPUs), ``explore`` (the search), ``seed_space`` (where a machine is searched), ``find`` and
``complete`` (a schedule, and on to what the guest notices).
"""

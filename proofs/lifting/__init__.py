"""The symbolic reading of the specification's language: the same functions, run on Z3 terms.

``terms`` and ``maps`` are the values, ``paths`` re-runs a function until every way through it has been taken, ``lift``
turns a specification's steps and claims into paths and formulas.
"""

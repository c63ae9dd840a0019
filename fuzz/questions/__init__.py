"""Questions about the checkers: do two that read the same specification agree on what a schedule does?

One module a question. ``table`` names them, ``libfuzzer`` asks them under libFuzzer, ``campaign`` in plain Python.
"""

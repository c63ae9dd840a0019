"""Schedules: sequences of steps as JSON, which the search and the fuzzer write and replay reads.

``schedule`` is the file format, ``replay`` runs one with a ledger of the promise beside it, ``narrate`` draws it.
"""

"""The fuzzer: interleavings of guest steps and transfers, guided by an abstraction of the state. See README.md.

It drives ``refmodel``; nothing in ``refmodel`` imports it.
"""

"""Fuzzing of the readers: mutated recordings must be read or refused, quickly and in little memory. See fuzz/README.md.

Nothing here needs atheris: ``fuzz.readers.campaign`` runs every target with the same mutators in plain Python, and
``fuzz/targets`` gives the same targets to libFuzzer.
"""

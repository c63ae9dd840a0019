"""The ladder: how soon wrong variants are found, by this fuzzer and by four others, with the same decoder and mix.

``python -m fuzz.ladder`` measures and prints it. One measurement, of a variant by an engine with a seed, is a process
of its own (``child.py``), because libFuzzer owns its process and each is to begin with nothing learnt.
"""

"""The contract *transport*: what arrives, in the order that counts, is what was read.

Read ``wire``: at this level one step, a word that is read is delivered.
"""

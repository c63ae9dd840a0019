"""The contract *rounds*: what was harvested is sent or still owed; no dirty bit is dropped.

Read ``transfer`` (one page, step by step), then ``rounds`` (which pages, and until when).
"""

"""The contract *hand-over*: all writers are stopped before the last harvest; one side runs; R12.

``hand_over`` has the context that travels, the commit, the acknowledgement, the activation and the abort.
"""

"""Actions that may come first wherever the part at hand has nothing to show before them."""

from refmodel.language import Action

__all__ = ["CONFIGURED"]

CONFIGURED = (Action("begin"), Action("send_configuration"))
"""The configuration goes first. It may be sent later, at the stop, but then no page is sent before, and nothing that
clearing, protection or rings do matters."""

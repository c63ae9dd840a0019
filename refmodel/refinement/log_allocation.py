"""Which steps of the promise a failed harvest is: those of the abort that it comes to."""

from refmodel.refinement.endings import given_up
from refmodel.refinement.witnesses import Witnesses

__all__ = ["WITNESSES"]

WITNESSES: Witnesses = {"harvest_refused": given_up}

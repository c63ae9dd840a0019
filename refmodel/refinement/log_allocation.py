"""Which steps of the promise a failed harvest is: those of the abort that it comes to."""

from refmodel.refinement.core import WITNESSES as CORE
from refmodel.refinement.witnesses import Witnesses

__all__ = ["WITNESSES"]

WITNESSES: Witnesses = {"harvest_fails": CORE["abort"]}

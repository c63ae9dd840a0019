"""Proofs about the specification's own functions, for any number of pages, vCPUs and steps."""

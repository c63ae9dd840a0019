"""Tests of the rules over QEMU's companions."""

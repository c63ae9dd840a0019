"""Campaigns: the store, the folder, the workers."""

"""Campaigns: one folder, worker processes that fuzz, and what they found. ``campaign.run_campaign`` runs one.

Nothing is imported here: a worker instruments modules as it first imports them.
"""

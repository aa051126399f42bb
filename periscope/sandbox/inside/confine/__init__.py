"""Giving up rights, step by step, before a strategy is read."""

"""Bundles, parameter schemas and static checks: what is known of a strategy before any of its code runs."""

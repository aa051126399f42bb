"""Attempts to get out. The whole folder is copied into a bundle and runs inside the strategy's process.

Only the standard library is used, and imports are relative. Each attempt is harmless when it succeeds.
"""

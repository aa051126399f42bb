"""Backtests and their results in a notebook or a script: frames instead of files, a report below the cell."""

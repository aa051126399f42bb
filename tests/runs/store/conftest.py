"""The command line's fixtures, for what the store says there."""

from tests.cli.conftest import periscope_command, workspace

__all__ = ["periscope_command", "workspace"]

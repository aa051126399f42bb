"""How many examples the tests make up that Hypothesis runs: few by default, the stated number with `--full`."""

is_full = False
"""Whether this session was started with `--full` or `--long`; set before any test is imported."""


def examples(default: int, full: int) -> int:
    """How many examples this session is to run."""
    return full if is_full else default

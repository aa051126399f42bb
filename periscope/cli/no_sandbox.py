"""Where strategies can't be confined: what is said about it, and what helps."""

import sys

from periscope.cli.exits import ExitCode
from periscope.cli.output import fail

CONTAINER_COMMAND = (
    'docker build -t periscope -f containers/Dockerfile . && docker run --rm -v "${PWD}:/workspace" periscope demo'
)
"""In a clone of Periscope; a POSIX shell and PowerShell 7 both take it."""
CONTAINER_AGAIN = 'docker run --rm -v "${PWD}:/workspace" periscope backtest my_strategy'
"""Once the image is there, in a workspace."""
TRUST_OPTION = "--trust-this-code"


def on_linux() -> bool:
    """Whether this is the operating system that has what a sandbox is made of."""
    return sys.platform == "linux"


def what_to_do() -> list[str]:
    """What helps on this machine, a line each."""
    if on_linux():
        return [
            "a kernel of 5.13 or newer, with seccomp, and with Landlock among its security modules",
            "inside a container: Docker 23 or newer, or a seccomp profile that allows the landlock_* calls",
            "or a virtual machine with such a kernel",
            f"for code that you wrote, in a backtest: {TRUST_OPTION} runs it without a sandbox and marks the run",
        ]
    return [
        "a container (Docker 23 or newer, a kernel with Landlock), with this one command in a clone of Periscope:",
        f"  {CONTAINER_COMMAND}",
        "and from then on, in a workspace:",
        f"  {CONTAINER_AGAIN}",
        "or a virtual machine with Linux",
    ]


def require_platform() -> None:
    """End the command on an operating system that strategies don't run on, before anything else is done or asked.

    Not even trusted ones: the process and what connects it with the engine are made of what only Linux has.
    """
    if not on_linux():
        fail(
            "SANDBOX_UNAVAILABLE",
            f"there is no sandbox for strategies on this operating system ({sys.platform}); it takes Linux",
            exit_code=ExitCode.NO_SANDBOX,
            hint="\n       ".join(what_to_do()),
        )

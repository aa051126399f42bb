"""Where strategies can't be confined: what is said about it, and what helps."""

import sys

from periscope.cli.exits import ExitCode
from periscope.cli.output import fail

CONTAINER_COMMAND = (
    "docker build -t periscope -f containers/Dockerfile . && "
    'docker run --rm -v "${PWD}:/workspace" periscope backtest my_strategy'
)
"""Works in a POSIX shell and in PowerShell 7, in a clone of Periscope that is the workspace too."""
TRUST_OPTION = "--trust-this-code"


def on_linux() -> bool:
    """Whether this is the operating system that has what a sandbox is made of."""
    return sys.platform == "linux"


def what_to_do() -> list[str]:
    """What helps on this machine, a line each."""
    trust = f"for code that you wrote, in a backtest: {TRUST_OPTION} runs it without a sandbox and marks the run"
    if on_linux():
        return [
            "a kernel of 5.13 or newer that has Landlock in its list of security modules, and seccomp",
            "inside a container: Docker 23 or newer, or a seccomp profile that allows the landlock_* calls",
            "or a virtual machine with such a kernel",
            trust,
        ]
    return [
        "a container, with this one command in a clone of Periscope (Docker 23 or newer, a kernel with Landlock):",
        f"  {CONTAINER_COMMAND}",
        "or a virtual machine with Linux",
        trust,
    ]


def require_platform() -> None:
    """End the command on an operating system that has no sandbox, before anything else is done or asked."""
    if not on_linux():
        fail(
            "SANDBOX_UNAVAILABLE",
            f"there is no sandbox for strategies on this operating system ({sys.platform}); it takes Linux",
            exit_code=ExitCode.NO_SANDBOX,
            hint="\n       ".join(what_to_do()),
        )

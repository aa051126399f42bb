"""The end of a strategy's process: bringing it about, and telling what it was."""

import contextlib
import os
import signal
import time

from periscope.sandbox.frames import SandboxFaultError
from periscope.sandbox.inside import wire
from periscope.sandbox.launch import Child

GRACE_SECONDS = 1.0
"""For a process that has said goodbye."""
_LAST_BREATH_SECONDS = 1.0
"""For a process that has closed its channel: what it was ended by is known a little later."""

_KEEPER_SECONDS = 0.5
"""For a keeper, to take note of a killed strategy's end."""

_SIGNALS = {
    int(signal.SIGSYS): (
        "FORBIDDEN_SYSTEM_CALL",
        "made a system call that no strategy may make, and was ended by signal 31",
    ),
    int(signal.SIGXCPU): ("CPU_LIMIT", "used up its processor time and was ended by signal 24"),
    int(signal.SIGKILL): (
        "STRATEGY_EXITED",
        "was ended by signal 9, which Periscope did not send: as a rule the machine had run out of memory",
    ),
}
_STATUSES = {
    wire.OUR_FAULT_STATUS: (
        "SANDBOX_FAULT",
        "Periscope's own part of the strategy's process failed; the log has its traceback",
    ),
    wire.NO_MEMORY_STATUS: ("MEMORY_LIMIT", "the strategy's process found no memory to go on with"),
}

_MAYBE_OURS = (
    f"ended with exit status {wire.OUR_FAULT_STATUS}, as it chose to, or because Periscope's own part of it failed "
    "(the log has a traceback then),"
)


def end_process(child: Child, grace: float) -> int:
    """Let a process end by itself within `grace` seconds, then end its whole group; returns its exit status.

    While it has not been waited for, nobody else can have its number, so the group is the one it was given. A strategy
    below a keeper goes first: it is the keeper that takes note of its end, which in a container nobody else may do.
    """
    process = child.process
    if process.returncode is None:
        if not _wait(process.pid, grace) and child.inner is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(child.inner, signal.SIGKILL)
            _wait(process.pid, _KEEPER_SECONDS)
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    return process.returncode


def ended_early(child: Child, *, met_strategy: bool = True) -> SandboxFaultError:
    """What to say of a process that has closed its channel without a goodbye; it is over when this returns.

    Once it has met a strategy, its exit status is what the strategy's code wants it to be, and so no proof of a failure
    of Periscope's own.
    """
    by_itself = _wait(child.process.pid, _LAST_BREATH_SECONDS)
    status = end_process(child, 0.0)
    if child.group is not None and child.group.ran_out_of_memory():
        code, how = "MEMORY_LIMIT", "needed more memory than its control group may have, and was ended by the kernel"
    elif not by_itself:
        code, how = "STRATEGY_EXITED", "closed its channel to the engine and was ended"
    elif status == wire.OUR_FAULT_STATUS and met_strategy:
        code, how = "STRATEGY_EXITED", _MAYBE_OURS
    elif status in _STATUSES:
        return SandboxFaultError(*_STATUSES[status])
    elif status < 0:
        code, how = _SIGNALS.get(-status, ("STRATEGY_EXITED", f"was ended by signal {-status}"))
    else:
        code, how = "STRATEGY_EXITED", f"ended by itself with exit status {status}"
    return SandboxFaultError(code, f"the strategy's process {how} before the run was over")


def _wait(process: int, seconds: float) -> bool:
    """Whether a child process is over within so many seconds, without taking note of it."""
    until = time.monotonic() + seconds
    while os.waitid(os.P_PID, process, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
        if time.monotonic() >= until:
            return False
        time.sleep(0.001)
    return True

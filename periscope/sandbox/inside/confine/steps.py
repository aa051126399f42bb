"""The order in which a new process gives up its rights, between the last trusted import and the first word of a
strategy. Each step is there because without it something got out."""

import os
import signal
import sys
from collections.abc import Callable

from ..plan import SEALED, Confined, Forked, Plan
from . import doors, identity, landlock, limits, namespaces, seccomp


class StepError(Exception):
    """A step could not be taken, so the process must not see a strategy."""

    def __init__(self, step: str, reason: str) -> None:
        super().__init__(f"{step}: {reason}")
        self.step = step
        self.reason = reason


class _Step:
    """Names the step that an error came from."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __enter__(self) -> None:
        return None

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if isinstance(error, OSError | ValueError | KeyError):
            raise StepError(self._name, f"{type(error).__name__}: {error}") from None


def confine(plan: Plan, map_users: Callable[[], None], tell_number: Callable[[Forked], None]) -> Confined:
    """Take all the steps. In the sealed tier only a child of this process returns. Raises StepError."""
    identity.die_with_parent()
    if os.getppid() != plan.host:
        os._exit(1)
    with _Step("close other descriptors"):
        _close_all_but(plan.descriptors)
    if plan.tier == SEALED:
        _seal(plan, map_users, tell_number)
    own_user = plan.tier == SEALED or plan.user is not None
    opened = _become_nobody(plan)
    if plan.tier != SEALED:
        doors.remember_folders()
    with _Step("limits"):
        limits.confine(plan.memory_bytes, plan.cpu_seconds, own_user=own_user)
    with _Step("give up rights"):
        identity.give_up_rights()
    with _Step("Landlock"):
        shown = [(doors.through(opened, path), listed) for _, path, listed in plan.shown]
        # In the private root something else lies over what is hidden.
        hidden = [] if plan.tier == SEALED else [doors.through(opened, path) for path in plan.hidden]
        version = landlock.confine(shown, plan.writable, hidden)
    with _Step("seccomp"):
        seccomp.install(plan.filter)
    return Confined(version, _try_to_make_a_file(plan.canary), _try_to_open_a_socket(plan.canary))


def _close_all_but(kept: list[int]) -> None:
    low = 0
    for descriptor in sorted({0, 1, 2, *kept}):
        if descriptor > low:
            os.closerange(low, descriptor)
        low = descriptor + 1
    os.closerange(low, 1 << 20)


def _seal(plan: Plan, map_users: Callable[[], None], tell_number: Callable[[Forked], None]) -> None:
    user, group = os.getuid(), os.getgid()
    with _Step("namespaces"):
        namespaces.leave()
    with _Step("users of the namespace"):
        if plan.user is None:
            namespaces.map_own_user(user, group)
        else:
            map_users()
    with _Step("mounts"):
        namespaces.build_root(((source, path) for source, path, _ in plan.shown), plan.hidden)
    with _Step("fork"):
        child = os.fork()
    if child:
        tell_number(Forked(child))
        _keep(child, plan)


def _keep(child: int, plan: Plan) -> None:
    """Be the process that the engine's process waits for: end as the strategy's process ends."""
    try:
        os.closerange(0, 1 << 16)
        if plan.user is not None:
            identity.change_user(plan.user)
        identity.give_up_rights()
        _, status = os.waitpid(child, 0)
    except BaseException:
        os._exit(1)
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        if number != signal.SIGKILL:
            signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)
    os._exit(os.waitstatus_to_exitcode(status) & 0xFF)


def _become_nobody(plan: Plan) -> dict[str, str]:
    """Change the user where there are rights to lose; returns the ways to what only the old one could reach."""
    opened: dict[str, str] = {}
    with _Step("change of user"):
        identity.empty_bounding_set()
        if plan.user is None:
            return opened
        if plan.tier != SEALED:
            opened = doors.open_doors([*sys.path, *(_folder_of(path) for _, path, _ in plan.shown)])
        identity.change_user(plan.user)
        doors.redirect_imports(opened)
        plan.modules.update({name: doors.through(opened, path) for name, path in plan.modules.items()})
        os.environ["PYTHONTZPATH"] = doors.through(opened, os.environ["PYTHONTZPATH"])
    return opened


def _folder_of(path: str) -> str:
    return path if os.path.isdir(path) else os.path.dirname(path)


def _try_to_make_a_file(folder: str) -> str:
    """What comes of making a file in a folder that everybody may write to; "" if it is made."""
    try:
        os.close(os.open(f"{folder}/made", os.O_CREAT | os.O_WRONLY, 0o666))
    except OSError as error:
        return str(error)
    return ""


def _try_to_open_a_socket(name: str) -> str:
    """What comes of connecting to a socket that listens; "" if it is connected."""
    import _socket

    try:
        _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM).connect(f"\0{name}")
    except OSError as error:
        return str(error)
    return ""

"""What attempts aim at: files, a process, listeners, shared memory. The host sees what has been done to each."""

import contextlib
import ctypes
import hashlib
import os
import secrets
import shutil
import signal
import socket
import stat
import subprocess
import sysconfig
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.sandbox.battery.attempts.kit import MARK, Targets
from tests.sandbox.battery.attempts.processes import evidence_of

_HERE = Path(__file__).parent
PROJECT = Path(__file__).parents[3]
_STRATEGY = """\
from libs.shared_ipc.src.framework import StrategyBase
from attempts.running import run


class Strategy(StrategyBase):
    def __init__(self, data_coordinator, config):
        self.config = config

    async def on_start(self, as_of_time):
        run(self.config)
        return []

    async def on_bar(self, event):
        return []
"""
_CANARY = ("PERISCOPE_BATTERY_", "CANARY_")
_SIZE = 4096
_libc = ctypes.CDLL(None, use_errno=True)
_libc.shmat.restype = ctypes.c_void_p
_libc.shmat.argtypes = (ctypes.c_int, ctypes.c_void_p, ctypes.c_int)
_libc.shmdt.argtypes = (ctypes.c_void_p,)


def _open_to_all(path: Path) -> Path:
    path.chmod(0o777 if path.is_dir() else 0o666)
    return path


def _wait_for_environment(process: int) -> None:
    """A new program can be seen to run a moment before its environment can be read."""
    for _ in range(1_000):
        if Path(f"/proc/{process}/environ").read_bytes():
            return
        time.sleep(0.001)


def _environ_of(process: int) -> tuple[int, int]:
    """Where the environment of a process lies in its memory, and how long it is; fields 50 and 51 of its stat."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    start, end = int(fields[47]), int(fields[48])
    return start, end - start


def _disk() -> str:
    """A disk of the machine, by its device."""
    lines = Path("/proc/partitions").read_text().splitlines()[2:]
    return next((f"/dev/{name}" for *_, name in map(str.split, lines) if not name.startswith("ram")), "/dev/sda")


@dataclass
class Secret:
    """A secret of the host, in its memory and its environment."""

    value: str = field(default_factory=lambda: secrets.token_hex(16))

    @property
    def text(self) -> str:
        """How it stands there."""
        return "".join(_CANARY) + self.value

    @property
    def digest(self) -> str:
        """By which an attempt knows that it has found it."""
        return hashlib.sha256(self.value.encode()).hexdigest()


class Decoys:
    """Lays everything out, open to everybody, in a folder of its own; takes it away at the end."""

    def __init__(self) -> None:
        self.base = _open_to_all(Path(tempfile.mkdtemp(prefix="battery-", dir="/tmp")))
        self.secret = Secret()
        os.environ["BATTERY_CANARY"] = self.secret.text
        self.bundle = self._bundle()
        self.folder = self._folder()
        self._made_home()
        environment = {"MARK": MARK, "PATH": "/usr/bin:/bin"}
        self.decoy, self.victim = (
            subprocess.Popen(
                ["/bin/sleep", "600"],
                env=environment,
                cwd=self.folder,
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
            for _ in range(2)
        )
        for process in (self.decoy, self.victim):
            _wait_for_environment(process.pid)
        assert self.decoy.stdin is not None
        self.decoy.stdin.write(MARK.encode())
        self.decoy.stdin.flush()
        self._listen()
        self._share()
        self._before = self._look()

    def targets(self) -> Targets:
        """What the attempts are told."""
        return Targets(
            folder=str(self.folder),
            bundle=str(self.bundle),
            other_bundle=str(self.base / "other_bundle"),
            home=str(self.base / "home"),
            project=str(PROJECT),
            site=sysconfig.get_path("purelib"),
            base_site=str(Path(sysconfig.get_path("stdlib")) / "site-packages"),
            disk=_disk(),
            machine=os.uname().nodename,
            host=os.getpid(),
            decoy=self.decoy.pid,
            victim=self.victim.pid,
            environ=_environ_of(self.decoy.pid),
            tcp4=self.tcp4.getsockname()[1],
            tcp6=self.tcp6.getsockname()[1] if self.tcp6 is not None else 9,
            udp=self.udp.getsockname()[1],
            abstract=self.abstract_name,
            memory_key=self.memory_key,
            queue=self.queue,
            canary=_CANARY,
            digest=self.secret.digest,
        )

    def _bundle(self) -> Path:
        bundle = self.base / "bundle"
        shutil.copytree(_HERE / "attempts", bundle / "attempts", ignore=shutil.ignore_patterns("__pycache__"))
        (bundle / "strategy.py").write_text(_STRATEGY)
        (bundle / "movable.py").write_text("")
        shell, _, line = evidence_of("execute_a_descriptor", "became it")
        (bundle / "program").write_text(f"#!{shell}\n{line}\n")
        (bundle / "way_out.txt").symlink_to("../folder/open.txt")
        other = self.base / "other_bundle"
        other.mkdir()
        (other / "strategy.py").write_text(f"# {MARK}\n")
        for path in (bundle, *bundle.rglob("*"), other, *other.rglob("*")):
            if not path.is_symlink():
                _open_to_all(path)
        (bundle / "program").chmod(0o777)
        return bundle

    def _folder(self) -> Path:
        folder = self.base / "folder"
        folder.mkdir()
        for name in ("open", "changed", "private", "doomed", "doomed_attribute", "renamed", "left", "right"):
            file = folder / f"{name}.txt"
            file.write_text(f"{MARK} {name}\n")
            _open_to_all(file)
        (folder / "private.txt").chmod(0o600)
        for name in ("open", "doomed_attribute"):
            with contextlib.suppress(OSError):
                os.setxattr(folder / f"{name}.txt", "user.decoy", b"decoy")
        for name in ("empty", "empty_mount"):
            (folder / name).mkdir()
            _open_to_all(folder / name)
        (folder / "link").symlink_to("open.txt")
        os.mkfifo(folder / "pipe")
        (folder / "pipe").chmod(0o666)
        return _open_to_all(folder)

    def _made_home(self) -> None:
        keys = self.base / "home" / ".ssh"
        keys.mkdir(parents=True)
        (keys / "id_decoy").write_text(f"{MARK}\n")
        for path in (keys.parent, keys, keys / "id_decoy"):
            _open_to_all(path)

    def _listen(self) -> None:
        self.pipe = os.open(self.folder / "pipe", os.O_RDONLY | os.O_NONBLOCK)
        self.tcp4 = socket.create_server(("127.0.0.1", 0))
        self.tcp6: socket.socket | None = None
        with contextlib.suppress(OSError):
            self.tcp6 = socket.create_server(("::1", 0), family=socket.AF_INET6)
        self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.udp.bind(("127.0.0.1", 0))
        self.abstract_name = f"battery-{os.getpid()}-{secrets.token_hex(4)}"
        self.stream, self.abstract = socket.socket(socket.AF_UNIX), socket.socket(socket.AF_UNIX)
        self.datagram = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.stream.bind(str(self.folder / "stream"))
        self.datagram.bind(str(self.folder / "datagram"))
        self.abstract.bind("\0" + self.abstract_name)
        for name in ("stream", "datagram"):
            (self.folder / name).chmod(0o777)
        for listener in (self.stream, self.abstract):
            listener.listen()
        self.listeners = {
            "tcp4": self.tcp4,
            "udp": self.udp,
            "stream": self.stream,
            "datagram": self.datagram,
            "abstract": self.abstract,
        }
        if self.tcp6 is not None:
            self.listeners["tcp6"] = self.tcp6
        for listener in self.listeners.values():
            listener.setblocking(False)

    def _share(self) -> None:
        self.memory_key = secrets.randbelow(1 << 30) + 1
        self.shared = _libc.shmget(self.memory_key, _SIZE, 0o1666)
        assert self.shared != -1, os.strerror(ctypes.get_errno())
        self.address = _libc.shmat(self.shared, None, 0)
        ctypes.memmove(self.address, MARK.encode(), len(MARK))
        self.queue = f"battery-{os.getpid()}-{secrets.token_hex(4)}"
        self.queue_descriptor = _libc.mq_open(f"/{self.queue}".encode(), os.O_CREAT | os.O_RDWR, 0o666, None)

    def _look(self) -> dict[str, object]:
        """All that an attempt might change and that can be looked at more than once."""
        found: dict[str, object] = {}
        for path in sorted(self.base.rglob("*")):
            if "__pycache__" in path.parts:
                continue
            at = path.lstat()
            facts: tuple[object, ...] = (stat.filemode(at.st_mode), at.st_uid, at.st_gid, at.st_nlink)
            if not path.is_dir():
                facts = (*facts, at.st_size, at.st_mtime_ns, at.st_ctime_ns)
            if path.is_file() and not path.is_symlink():
                facts = (*facts, path.read_bytes(), tuple(os.listxattr(path)))
            found[str(path.relative_to(self.base))] = facts
        for name, process in (("decoy", self.decoy), ("victim", self.victim)):
            state = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()[0]
            found[f"{name} alive"] = state != "Z"
            if state != "Z":
                found[f"{name} nice"] = os.getpriority(os.PRIO_PROCESS, process.pid)
                found[f"{name} scheduler"] = os.sched_getscheduler(process.pid)
                found[f"{name} environment"] = Path(f"/proc/{process.pid}/environ").read_bytes()
        found["shared memory"] = ctypes.string_at(self.address, _SIZE)
        return found

    def noticed(self) -> list[str]:
        """What the host sees of attempts that succeeded: changes, connections, datagrams."""
        after = self._look()
        names = sorted({*self._before, *after})
        seen = [f"{name} changed" for name in names if self._before.get(name) != after.get(name)]
        for name, listener in self.listeners.items():
            with contextlib.suppress(BlockingIOError):
                if listener.type == socket.SOCK_DGRAM:
                    listener.recv(100)
                else:
                    listener.accept()[0].close()
                seen.append(f"{name} was spoken to")
        with contextlib.suppress(BlockingIOError):
            if os.read(self.pipe, 10):
                seen.append("pipe was written to")
        return seen

    def close(self) -> None:
        """Take everything away."""
        os.environ.pop("BATTERY_CANARY", None)
        for process in (self.decoy, self.victim):
            with contextlib.suppress(ProcessLookupError):
                process.send_signal(signal.SIGKILL)
            process.wait()
            assert process.stdin is not None
            process.stdin.close()
        for listener in self.listeners.values():
            listener.close()
        os.close(self.pipe)
        _libc.shmdt(self.address)
        _libc.shmctl(self.shared, 0, None)
        if self.queue_descriptor != -1:
            os.close(self.queue_descriptor)
            _libc.mq_unlink(f"/{self.queue}".encode())
        shutil.rmtree(self.base, ignore_errors=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

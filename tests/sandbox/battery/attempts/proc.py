"""What the kernel shows as files: processes, itself, and the machine."""

# What is tried is a call of the system, which pathlib would hide.
# ruff: noqa: PTH115, PTH116, PTH118, PTH123, PTH208

import os
from pathlib import Path

from .kit import MARK, Layer, Targets, attempt

LANDLOCK = Layer.LANDLOCK


def start_of(path: str) -> str | None:
    """The evidence, if a file can be read."""
    with open(path, "rb", buffering=0) as file:
        found = file.read(4096)
    return f"{path} begins with {found[:40]!r}" if found else None


def opens(path: str, flags: int = os.O_WRONLY) -> str:
    """The evidence, if a file can be opened; nothing is written."""
    os.close(os.open(path, flags | os.O_NONBLOCK | os.O_NOCTTY))
    return f"opened {path}"


@attempt("see which processes there are", LANDLOCK)
def list_processes(targets: Targets) -> str | None:
    return f"{sum(name.isdigit() for name in os.listdir('/proc'))} processes"


@attempt("see that another process is there", LANDLOCK, only_sealed=True)
def folder_of_a_process(targets: Targets) -> str | None:
    return f"its folder is of user {os.stat(f'/proc/{targets.decoy}').st_uid}"


@attempt("learn which program another process runs", LANDLOCK)
def link_to_program_of_another(targets: Targets) -> str | None:
    return f"it runs {os.readlink(f'/proc/{targets.decoy}/exe')}"


@attempt("learn the machine's name", LANDLOCK, "nothing", only_sealed=True)
def name_of_the_machine(targets: Targets) -> str | None:
    return f"it is {targets.machine}" if os.uname().nodename == targets.machine else None


@attempt("learn the host's number", LANDLOCK, "nothing", only_sealed=True)
def number_of_the_host(targets: Targets) -> str | None:
    """From a copy of the process, which the control run tries it from, the host is the parent's parent."""
    if os.getppid() == targets.host:
        return f"the parent is {targets.host}"
    status = Path(f"/proc/{os.getppid()}/status").read_text()
    return f"the parent's is {targets.host}" if f"PPid:\t{targets.host}\n" in status else None


@attempt("read another process's environment", LANDLOCK)
def environment_of_another(targets: Targets) -> str | None:
    found = Path(f"/proc/{targets.decoy}/environ").read_bytes()
    return "read it" if MARK.encode() in found else None


@attempt("read the host's environment", LANDLOCK)
def environment_of_the_host(targets: Targets) -> str | None:
    found = Path(f"/proc/{targets.host}/environ").read_bytes()
    return f"read {len(found)} bytes" if found else None


@attempt("read the parent's environment", LANDLOCK)
def environment_of_the_parent(targets: Targets) -> str | None:
    return start_of(f"/proc/{os.getppid()}/environ")


@attempt("read the first process's environment", LANDLOCK)
def environment_of_the_first(targets: Targets) -> str | None:
    return start_of("/proc/1/environ")


@attempt("read another process's command line", LANDLOCK)
def command_of_another(targets: Targets) -> str | None:
    return start_of(f"/proc/{targets.decoy}/cmdline")


@attempt("read another process's memory map", LANDLOCK)
def map_of_another(targets: Targets) -> str | None:
    return start_of(f"/proc/{targets.decoy}/maps")


@attempt("read another process's memory", LANDLOCK)
def memory_of_another(targets: Targets) -> str | None:
    address, size = targets.environ
    descriptor = os.open(f"/proc/{targets.decoy}/mem", os.O_RDONLY)
    return "read it" if MARK.encode() in os.pread(descriptor, size, address) else None


@attempt("open another process's memory for writing", LANDLOCK)
def change_memory_of_another(targets: Targets) -> str | None:
    return opens(f"/proc/{targets.decoy}/mem", os.O_RDWR)


@attempt("read what another process is doing", LANDLOCK)
def status_of_another(targets: Targets) -> str | None:
    return start_of(f"/proc/{targets.decoy}/status")


@attempt("list another process's descriptors", LANDLOCK)
def descriptors_of_another(targets: Targets) -> str | None:
    return f"{os.listdir(f'/proc/{targets.decoy}/fd')}"


@attempt("list the host's descriptors", LANDLOCK)
def descriptors_of_the_host(targets: Targets) -> str | None:
    return f"{os.listdir(f'/proc/{targets.host}/fd')}"


@attempt("read from another process's pipe by the name of its descriptor", LANDLOCK)
def pipe_of_another(targets: Targets) -> str | None:
    """Landlock decides nothing about pipes, but it does about looking into the process."""
    descriptor = os.open(f"/proc/{targets.decoy}/fd/0", os.O_RDONLY | os.O_NONBLOCK)
    return "read from it" if MARK.encode() in os.read(descriptor, 100) else None


@attempt("write to another process's pipe by the name of its descriptor", LANDLOCK)
def write_to_pipe_of_another(targets: Targets) -> str | None:
    return opens(f"/proc/{targets.decoy}/fd/0", os.O_WRONLY)


@attempt("open another process's namespace", LANDLOCK)
def namespace_of_another(targets: Targets) -> str | None:
    return opens(f"/proc/{targets.decoy}/ns/net", os.O_RDONLY)


@attempt("reach files through another process's root", LANDLOCK)
def root_of_another(targets: Targets) -> str | None:
    path = f"/proc/{targets.decoy}/root{targets.path('open.txt')}"
    return "read a decoy" if MARK in Path(path).read_text() else None


@attempt("reach files through another process's folder", LANDLOCK)
def folder_of_another(targets: Targets) -> str | None:
    return f"{len(os.listdir(f'/proc/{targets.decoy}/cwd'))} names"


@attempt("read another process's program", LANDLOCK)
def program_of_another(targets: Targets) -> str | None:
    return start_of(f"/proc/{targets.decoy}/exe")


@attempt("read the parent's program", LANDLOCK)
def program_of_the_parent(targets: Targets) -> str | None:
    return start_of(f"/proc/{os.getppid()}/exe")


@attempt("open the parent's memory", LANDLOCK)
def memory_of_the_parent(targets: Targets) -> str | None:
    return opens(f"/proc/{os.getppid()}/mem", os.O_RDWR)


@attempt("reach files through its own root", LANDLOCK)
def own_root(targets: Targets) -> str | None:
    return "read a decoy" if MARK in Path(f"/proc/self/root{targets.path('open.txt')}").read_text() else None


@attempt("open its own memory for writing", LANDLOCK)
def own_memory(targets: Targets) -> str | None:
    return opens("/proc/self/mem", os.O_RDWR)


@attempt("read its own memory map", LANDLOCK)
def own_map(targets: Targets) -> str | None:
    return start_of("/proc/self/maps")


@attempt("read its own environment as the kernel shows it", LANDLOCK)
def own_environment(targets: Targets) -> str | None:
    return start_of("/proc/self/environ")


@attempt("read its own command line as the kernel shows it", LANDLOCK)
def own_command(targets: Targets) -> str | None:
    return start_of("/proc/self/cmdline")


@attempt("open its own output for reading", LANDLOCK, only_sealed=True)
def own_output(targets: Targets) -> str | None:
    return opens("/proc/self/fd/1", os.O_RDONLY)


@attempt("open its own file for writing, through its descriptor", LANDLOCK)
def own_file_again(targets: Targets) -> str | None:
    descriptor = os.open(os.path.join(targets.bundle, "strategy.py"), os.O_RDONLY)
    return opens(f"/proc/self/fd/{descriptor}", os.O_WRONLY)


@attempt("make itself the first to be killed for memory", LANDLOCK)
def own_score(targets: Targets) -> str | None:
    Path("/proc/self/oom_score_adj").write_text("900")
    return "written"


@attempt("choose what a core dump holds", LANDLOCK)
def own_core_filter(targets: Targets) -> str | None:
    Path("/proc/self/coredump_filter").write_text("0x33")
    return "written"


@attempt("open a namespace of its own", LANDLOCK, only_sealed=True)
def own_namespace(targets: Targets) -> str | None:
    return opens("/proc/self/ns/net", os.O_RDONLY)


@attempt("see the machine's connections", LANDLOCK)
def connections(targets: Targets) -> str | None:
    return start_of("/proc/net/tcp")


@attempt("see what is mounted", LANDLOCK)
def mounts(targets: Targets) -> str | None:
    return start_of("/proc/self/mounts")


@attempt("read the kernel's command line", LANDLOCK)
def kernel_command(targets: Targets) -> str | None:
    return start_of("/proc/cmdline")


@attempt("read the kernel's symbols", LANDLOCK)
def kernel_symbols(targets: Targets) -> str | None:
    return start_of("/proc/kallsyms")


@attempt("open the kernel's memory", LANDLOCK, "ENOENT")
def kernel_memory(targets: Targets) -> str | None:
    return opens("/proc/kcore", os.O_RDONLY)


@attempt("open the system request key", LANDLOCK, "ENOENT")
def system_request(targets: Targets) -> str | None:
    return opens("/proc/sysrq-trigger")


@attempt("open a setting of the kernel for writing", LANDLOCK)
def kernel_setting(targets: Targets) -> str | None:
    return opens("/proc/sys/kernel/hostname")


@attempt("open the handler of core dumps for writing", LANDLOCK)
def core_handler(targets: Targets) -> str | None:
    return opens("/proc/sys/kernel/core_pattern")


@attempt("list the network's devices", LANDLOCK)
def network_devices(targets: Targets) -> str | None:
    return f"{os.listdir('/sys/class/net')}"


@attempt("read a setting of the machine", LANDLOCK)
def machine_setting(targets: Targets) -> str | None:
    return start_of("/sys/kernel/mm/transparent_hugepage/enabled")


@attempt("open the switch of the machine's power for writing", LANDLOCK)
def machine_power(targets: Targets) -> str | None:
    return opens("/sys/power/state")


@attempt("open a setting of the machine for writing", LANDLOCK)
def change_machine_setting(targets: Targets) -> str | None:
    return opens("/sys/kernel/mm/transparent_hugepage/enabled")


@attempt("list the control groups", LANDLOCK)
def control_groups(targets: Targets) -> str | None:
    return f"{len(os.listdir('/sys/fs/cgroup'))} names"

"""What cannot be shown to succeed without confinement, and why; and which traces each layer leaves."""

from collections.abc import Iterable, Mapping

from periscope.sandbox.confinement import Tier
from tests.sandbox.battery.attempts.calls import AbsentError
from tests.sandbox.battery.attempts.kit import Attempt, Layer

NEVER = {
    "the kernel never gives new privileges back, whoever asks": ("rights.want_privileges",),
}
MACHINE = {
    "not every kernel has it, or shows it to the tests' container": (
        "devices.console",
        "devices.first_terminal",
        "devices.fuse",
        "devices.kernel_messages",
        "devices.loop_disks",
        "devices.memory",
        "devices.page_faults",
        "devices.ports",
        "devices.tunnel",
        "devices.virtual_machines",
        "devices.write_kernel_message",
        "files.make_secret_memory",
        "indirect.choose_security",
        "indirect.list_security",
        "indirect.pipe_of_notices",
        "indirect.quota_by_descriptor",
        "kernel.load_kernel",
        "kernel.load_kernel_file",
        "kernel.load_module",
        "kernel.load_module_file",
        "kernel.remove_module",
        "memory.choose_nodes",
        "memory.choose_nodes_of_a_page",
        "memory.merge",
        "memory.protection_key",
        "metadata.change_attributes_by_number",
        "metadata.set_attribute_by_number",
        "namespaces.ask_about_a_mount",
        "namespaces.clocks",
        "namespaces.list_mounts",
        "proc.kernel_memory",
        "proc.kernel_symbols",
        "proc.machine_power",
        "proc.system_request",
        "sockets.bluetooth",
        "sockets.cryptography",
        "sockets.express",
        "sockets.vehicle",
        "sockets.virtual",
    ),
    "a kernel may have no calls for ports, though its processor does": ("kernel.all_ports", "kernel.ports"),
    "few kernels have the x32 table": ("foreign.own_number_x32", "foreign.socket_x32"),
    "a kernel may be made without the performance counters, or keep them for some": ("kernel.performance",),
    "whoever started the tests may have limited them as much": (
        "rights.has_core_dumps",
        "rights.has_locked_memory",
        "rights.has_queues",
        "rights.has_stack",
        "rights.raise_core",
        "rights.raise_locked_memory",
        "rights.raise_queues",
        "rights.raise_stack",
    ),
    "the process has no terminal": ("devices.terminal",),
    "a container's root may not look at disks, nor into the first process": (
        "devices.disk",
        "proc.environment_of_the_first",
    ),
    "a container's root may lack the capability over resources": (
        "rights.change_memory_map",
        "rights.raise_priority",
        "rights.raise_real_time",
    ),
}
ONLY_ROOT = {
    "it belongs to root": (
        "files.read_passwords",
        "files.write_the_standard_library",
        "files.write_users",
        "proc.change_machine_setting",
        "proc.core_handler",
        "proc.kernel_setting",
    ),
    "it needs a capability": (
        "files.read_by_handle",
        "kernel.account",
        "kernel.bpf",
        "kernel.domain_name",
        "kernel.host_name",
        "kernel.messages",
        "kernel.reboot",
        "kernel.set_time",
        "kernel.swap_off",
        "kernel.swap_on",
        "links.device",
        "memory.map_zero",
        "others.be_real_time",
        "others.signal_first",
        "rights.change_secure_bits",
        "rights.have_capabilities",
        "rights.is_root",
        "rights.join_groups",
        "rights.set_file_user",
        "rights.set_groups",
        "rights.set_two_users",
        "rights.set_user",
        "rights.set_users",
        "rights.take_capabilities",
        "sockets.packets",
        "sockets.raw",
    ),
    "it needs a capability, which a user namespace would give": (
        "namespaces.bind",
        "namespaces.change_root",
        "namespaces.groups",
        "namespaces.make_mount",
        "namespaces.mount",
        "namespaces.mounts",
        "namespaces.move_mount",
        "namespaces.names",
        "namespaces.network",
        "namespaces.open_file_system",
        "namespaces.pick_mount",
        "namespaces.pivot",
        "namespaces.processes",
        "namespaces.shared_memory",
    ),
}

TRACES: dict[Layer, tuple[str, ...]] = {
    Layer.LANDLOCK: ("EACCES",),
    Layer.SECCOMP: ("EPERM", "ENOSYS"),
    Layer.LIMIT: ("EPERM",),
    Layer.IDENTITY: ("EPERM", "nothing"),
    Layer.LAUNCH: ("nothing", "ModuleNotFoundError"),
}
"""By which errors it can be told that the layer stopped an attempt."""
ABSENT = AbsentError.__name__
"""The processor has no such call, or the attempt is machine code for another."""
PRIVATE_ROOT = ("ENOENT", "EROFS")
"""In the sealed tier what Landlock would refuse is mostly not there, or cannot be written to."""


def names(*tables: Mapping[str, tuple[str, ...]]) -> set[str]:
    """All names in some tables."""
    return {name for table in tables for group in table.values() for name in group}


def excused(*, root: bool, attempts: Iterable[Attempt]) -> set[str]:
    """Attempts that need not succeed without confinement. Those of the layer `launch` are shown to in another way."""
    of_launch = {attempt.name for attempt in attempts if attempt.layer is Layer.LAUNCH}
    return of_launch | names(NEVER, MACHINE) | (set() if root else names(ONLY_ROOT))


def plausible(attempt: Attempt, tier: Tier) -> set[str]:
    """The traces with which an attempt may be held in a tier."""
    found = {*TRACES[attempt.layer], *attempt.traces, ABSENT}
    if attempt.name in names(MACHINE):
        found.add("ENOENT")
    return found | set(PRIVATE_ROOT) if attempt.layer is Layer.LANDLOCK and tier is Tier.SEALED else found

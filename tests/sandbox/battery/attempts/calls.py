"""System calls by their numbers, past the C library, and a few lines of machine code."""

import ctypes
import mmap
import os
import platform

_TABLE = {
    "acct": (163, 89),
    "add_key": (248, 217),
    "bpf": (321, 280),
    "capget": (125, 90),
    "capset": (126, 91),
    "clock_adjtime": (305, 266),
    "clock_settime": (227, 112),
    "clone": (56, 220),
    "clone3": (435, 435),
    "connect": (42, 203),
    "copy_file_range": (326, 285),
    "creat": (85, None),
    "delete_module": (176, 106),
    "execve": (59, 221),
    "execveat": (322, 281),
    "fallocate": (285, 47),
    "fanotify_init": (300, 262),
    "fchmodat2": (452, 452),
    "file_setattr": (469, 469),
    "finit_module": (313, 273),
    "fork": (57, None),
    "fsmount": (432, 432),
    "fsopen": (430, 430),
    "fspick": (433, 433),
    "ftruncate": (77, 46),
    "get_robust_list": (274, 100),
    "init_module": (175, 105),
    "inotify_init1": (294, 26),
    "io_setup": (206, 0),
    "io_uring_setup": (425, 425),
    "ioctl": (16, 29),
    "ioperm": (173, None),
    "iopl": (172, None),
    "ioprio_set": (251, 30),
    "kcmp": (312, 272),
    "kexec_file_load": (320, 294),
    "kexec_load": (246, 104),
    "keyctl": (250, 219),
    "kill": (62, 129),
    "landlock_add_rule": (445, 445),
    "landlock_create_ruleset": (444, 444),
    "landlock_restrict_self": (446, 446),
    "listmount": (458, 458),
    "lsm_list_modules": (461, 461),
    "lsm_set_self_attr": (460, 460),
    "madvise": (28, 233),
    "mbind": (237, 235),
    "memfd_secret": (447, 447),
    "migrate_pages": (256, 238),
    "mlock": (149, 228),
    "mlock2": (325, 284),
    "mlockall": (151, 230),
    "mmap": (9, 222),
    "modify_ldt": (154, None),
    "mount": (165, 40),
    "mount_setattr": (442, 442),
    "move_mount": (429, 429),
    "move_pages": (279, 239),
    "mq_open": (240, 180),
    "msgget": (68, 186),
    "name_to_handle_at": (303, 264),
    "open": (2, None),
    "open_by_handle_at": (304, 265),
    "open_tree": (428, 428),
    "openat": (257, 56),
    "openat2": (437, 437),
    "perf_event_open": (298, 241),
    "personality": (135, 92),
    "pidfd_getfd": (438, 438),
    "pidfd_open": (434, 434),
    "pidfd_send_signal": (424, 424),
    "pivot_root": (155, 41),
    "pkey_alloc": (330, 289),
    "process_madvise": (440, 440),
    "process_mrelease": (448, 448),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "ptrace": (101, 117),
    "quotactl": (179, 60),
    "quotactl_fd": (443, 443),
    "readahead": (187, 213),
    "reboot": (169, 142),
    "remap_file_pages": (216, 234),
    "renameat2": (316, 276),
    "request_key": (249, 218),
    "rt_sigqueueinfo": (129, 138),
    "rt_tgsigqueueinfo": (297, 240),
    "sched_setattr": (314, 274),
    "seccomp": (317, 277),
    "semget": (64, 190),
    "sendfile": (40, 71),
    "sendmmsg": (307, 269),
    "set_mempolicy": (238, 237),
    "setdomainname": (171, 162),
    "setfsuid": (122, 151),
    "sethostname": (170, 161),
    "setns": (308, 268),
    "settimeofday": (164, 170),
    "setxattrat": (463, 463),
    "shmat": (30, 196),
    "shmget": (29, 194),
    "signalfd4": (289, 74),
    "socket": (41, 198),
    "statmount": (457, 457),
    "swapoff": (168, 225),
    "swapon": (167, 224),
    "syncfs": (306, 267),
    "syslog": (103, 116),
    "tgkill": (234, 131),
    "timer_create": (222, 107),
    "tkill": (200, 130),
    "umount2": (166, 39),
    "unshare": (272, 97),
    "userfaultfd": (323, 282),
    "vfork": (58, None),
    "vmsplice": (278, 75),
}
_COLUMN = {"x86_64": 0, "aarch64": 1}.get(platform.machine())

libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long


class AbsentError(OSError):
    """This kind of processor has no such thing, so nothing was tried."""


def number_of(name: str) -> int:
    """The number of a system call on this machine."""
    number = None if _COLUMN is None else _TABLE[name][_COLUMN]
    if number is None:
        raise AbsentError(f"no call {name} on {platform.machine()}")
    return number


def call(name: str, *arguments: object) -> int:
    """Make a system call; integers go as longs. Raises OSError with what the kernel answers."""
    ready = [ctypes.c_long(value) if isinstance(value, int) else value for value in arguments]
    result: int = libc.syscall(ctypes.c_long(number_of(name)), *ready)
    if result == -1:
        number = ctypes.get_errno()
        raise OSError(number, f"{name}: {os.strerror(number)}")
    return result


def reach(name: str, *arguments: object, beyond: tuple[int, ...]) -> str | None:
    """Make a system call that would do something if its arguments were right.

    It counts as made when the kernel answers with one of `beyond`: errors that it finds in the arguments, which it
    looks at after asking whether the process may make the call at all.
    """
    try:
        result = call(name, *arguments)
    except OSError as error:
        if error.errno in beyond:
            return f"{name} was looked into: {error.strerror}"
        raise
    return f"{name} returned {result}"


def checked(result: int, what: str) -> int:
    """The result of a function of the C library. Raises OSError where it failed."""
    if result == -1:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")
    return result


def run_code(code: bytes, *arguments: int) -> int:
    """Run machine code for this processor as a function of longs. Raises OSError where memory cannot be made code."""
    page = mmap.mmap(
        -1, mmap.PAGESIZE, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS, mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC
    )
    page.write(code)
    address = ctypes.addressof(ctypes.c_char.from_buffer(page))
    function = ctypes.CFUNCTYPE(ctypes.c_long, *[ctypes.c_long] * len(arguments))(address)
    return int(function(*arguments))


def only_on_x86() -> None:
    """Raises OSError on other processors."""
    if platform.machine() != "x86_64":
        raise AbsentError(f"machine code for x86-64 on {platform.machine()}")

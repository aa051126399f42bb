"""Memory used in ways that reach beyond the process: locked, merged with others', shared, or at odd addresses."""

import ctypes
import mmap
import os

from .calls import call, reach
from .kit import Layer, Targets, attempt

SECCOMP = Layer.SECCOMP
_READ_WRITE, _SHARED, _PRIVATE, _ANONYMOUS = 3, 1, 2, 0x20
_GROWS_DOWN, _LOCKED, _FIXED = 0x100, 0x2000, 0x10
_REMOVE, _MERGE, _PAGE_OUT = 9, 12, 21
_EBADF, _EFAULT, _EINVAL, _ENODEV = 9, 14, 22, 19


def mapped(flags: int, address: int = 0) -> int:
    """Map a page; returns its address."""
    return call("mmap", address, mmap.PAGESIZE, _READ_WRITE, flags | _ANONYMOUS, -1, 0)


@attempt("map memory that is locked", SECCOMP)
def map_locked(targets: Targets) -> str | None:
    return f"at {mapped(_PRIVATE | _LOCKED):x}"


@attempt("map memory that grows by itself", SECCOMP)
def map_growing(targets: Targets) -> str | None:
    return f"at {mapped(_PRIVATE | _GROWS_DOWN):x}"


@attempt("map the memory that a kernel's bug would read at address zero", Layer.IDENTITY)
def map_zero(targets: Targets) -> str | None:
    return f"at {mapped(_PRIVATE | _FIXED, 0):x}"


@attempt("merge its pages with those of others that are equal", SECCOMP)
def merge(targets: Targets) -> str | None:
    return f"returned {call('madvise', mapped(_PRIVATE), mmap.PAGESIZE, _MERGE)}"


@attempt("map memory that could be shared, which no limit counts once it is not mapped", SECCOMP)
def share(targets: Targets) -> str | None:
    return f"at {mapped(_SHARED):#x}"


@attempt("cut a hole into shared memory", SECCOMP)
def cut(targets: Targets) -> str | None:
    return f"returned {call('madvise', mapped(_SHARED), mmap.PAGESIZE, _REMOVE)}"


@attempt("lock all its memory", SECCOMP)
def lock_all(targets: Targets) -> str | None:
    return reach("mlockall", 0x80, beyond=(_EINVAL,))


@attempt("lock memory when it is used", SECCOMP)
def lock_later(targets: Targets) -> str | None:
    return f"returned {call('mlock2', mapped(_PRIVATE), mmap.PAGESIZE, 1)}"


@attempt("choose where its memory lies", SECCOMP)
def choose_nodes(targets: Targets) -> str | None:
    return f"returned {call('set_mempolicy', 0, 0, 0)}"


@attempt("choose where some of its memory lies", SECCOMP)
def choose_nodes_of_a_page(targets: Targets) -> str | None:
    return f"returned {call('mbind', mapped(_PRIVATE), mmap.PAGESIZE, 0, 0, 0, 0)}"


@attempt("read its own memory by its number", SECCOMP)
def read_own(targets: Targets) -> str | None:
    data = ctypes.create_string_buffer(b"x")
    piece = (ctypes.c_uint64 * 2)(ctypes.addressof(data), 1)
    return f"{call('process_vm_readv', os.getpid(), ctypes.byref(piece), 1, ctypes.byref(piece), 1, 0)} byte"


@attempt("have a key for some of its memory", SECCOMP)
def protection_key(targets: Targets) -> str | None:
    return reach("pkey_alloc", 1, 0, beyond=(_EINVAL,))


@attempt("rearrange the pages of a file", SECCOMP)
def rearrange(targets: Targets) -> str | None:
    return reach("remap_file_pages", 0, 0, 1, 0, 0, beyond=(_EINVAL,))


@attempt("map a file of others for writing", Layer.LANDLOCK)
def map_a_file(targets: Targets) -> str | None:
    descriptor = os.open(targets.path("left.txt"), os.O_RDWR)
    with mmap.mmap(descriptor, 0) as page:
        page[:1] = b"X"
    return "written"

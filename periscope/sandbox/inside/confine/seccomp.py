"""seccomp: binding the process to a filter of its system calls, which the engine's process has written for it."""

import ctypes
import errno
import struct

from .kernel import MACHINE, SECCOMP, call, prctl

_SET_MODE_FILTER, _ALL_THREADS = 1, 1
_PR_SET_SECCOMP, _MODE_FILTER = 22, 2


def install(filter_program: bytes) -> None:
    """Bind this process, all its threads, and whatever they start to a filter, for ever.

    The process must have given up new privileges before. Raises OSError.
    """
    instructions = ctypes.create_string_buffer(filter_program, len(filter_program))
    head = struct.pack("@HP", len(filter_program) // 8, ctypes.addressof(instructions))
    try:
        straggler = call(SECCOMP[MACHINE], _SET_MODE_FILTER, _ALL_THREADS, head)
    except OSError as error:
        if error.errno != errno.ENOSYS:
            raise
        kept = ctypes.create_string_buffer(head, len(head))
        prctl(_PR_SET_SECCOMP, _MODE_FILTER, ctypes.addressof(kept))
    else:
        if straggler:
            raise OSError(errno.EBUSY, f"thread {straggler} has a filter of its own")

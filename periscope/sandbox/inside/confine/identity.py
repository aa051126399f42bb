"""Who the process is: no rights, no other user's files, nobody who may look into it."""

import os
import struct

from .kernel import CAPSET, MACHINE, call, prctl

_SET_DEATH_SIGNAL = 1
_SET_DUMPABLE = 4
_DROP_FROM_BOUNDING_SET = 24
_SET_NO_NEW_PRIVILEGES = 38
_AMBIENT, _CLEAR_ALL = 47, 4
_CAPABILITY_VERSION_3 = 0x20080522
_KILL = 9
_LAST_CAPABILITY = 63


def die_with_parent() -> None:
    """Have the kernel end this process when the thread that started it ends. Changing the user undoes it."""
    prctl(_SET_DEATH_SIGNAL, _KILL)


def change_user(number: int) -> None:
    """Become a user and group that nothing belongs to, for good. Raises OSError."""
    os.setgroups([])
    os.setresgid(number, number, number)
    os.setresuid(number, number, number)


def empty_bounding_set() -> bool:
    """Give up what a program with rights of its own could bring back; False where this user may not."""
    for capability in range(_LAST_CAPABILITY + 1):
        try:
            prctl(_DROP_FROM_BOUNDING_SET, capability)
        except PermissionError:
            return False
        except OSError:
            break  # Beyond the last one that this kernel has.
    return True


def give_up_rights() -> None:
    """No capabilities, none from programs that have them, no looking into this process, and die with the parent."""
    prctl(_SET_NO_NEW_PRIVILEGES, 1)
    prctl(_AMBIENT, _CLEAR_ALL)
    call(CAPSET[MACHINE], struct.pack("<Ii", _CAPABILITY_VERSION_3, 0), bytes(24))
    prctl(_SET_DUMPABLE, 0)
    die_with_parent()

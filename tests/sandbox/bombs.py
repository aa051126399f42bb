"""Strategies that take all they can get of something, and how they are to end."""

from dataclasses import dataclass

MEMORY_BYTES = 192 << 20
HANDLER_SECONDS = 1.0
"""For bombs that reach another limit sooner, however slow the machine is."""
WAITED_OUT_SECONDS = 0.25
"""For bombs that reach no other limit."""

_HEADER = """\
import ctypes, mmap, os, re, signal, threading, time
from libs.shared_ipc.src.framework import StrategyBase
from libs.shared_ipc.src.protocol import *


class Strategy(StrategyBase):
    def __init__(self, data_coordinator, config):
        self.data = data_coordinator

    async def on_start(self, as_of_time):
        return []

    async def on_bar(self, event):
"""
_UNHEARD = "signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65))\n"
_SHARED = "hoard = []\nwhile True:\n    hoard.append(mmap.mmap(-1, 1 << 20))\n    hoard[-1].write(bytes(1 << 20))"
_READ_ONLY = """\
libc, hoard = ctypes.CDLL(None), []
while True:
    hoard.append(mmap.mmap(-1, 1 << 20, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS))
    address = ctypes.addressof(ctypes.c_char.from_buffer(hoard[-1]))
    ctypes.memset(address, 1, 1 << 20)
    assert libc.mprotect(ctypes.c_void_p(address), ctypes.c_size_t(1 << 20), 1) == 0"""
_IN_A_THREAD = f"""\
def hoard():
{"".join(f"    {line}\n" for line in _READ_ONLY.splitlines())}
threading.Thread(target=hoard).start()
time.sleep(99)"""
_SMALL_STACKS = "threading.stack_size(64 << 10)\n"
_WAITING = "threading.Thread(target=time.sleep, args=(99,)).start()"
_COMPUTING = "threading.Thread(target=lambda: sum(range(10**12))).start()"
_QUESTIONS = """\
while True:
    try:
        await self.data.get_front_month_contract_by_volume('NOPE')
    except LookupError:
        pass"""


@dataclass(frozen=True)
class Bomb:
    """What `on_bar` does, the code it is ended with, words of the message, and whether the line is told."""

    body: str
    code: str
    words: str = ""
    line: bool = False

    @property
    def source(self) -> str:
        """The whole strategy."""
        return _HEADER + "".join(f"        {line}\n" for line in self.body.splitlines())

    @property
    def handler_seconds(self) -> float:
        """The limit of its handler."""
        return WAITED_OUT_SECONDS if self.code == "HANDLER_TIMEOUT" else HANDLER_SECONDS


BOMBS = {
    "one huge object": Bomb("bytes(1 << 40)  # HERE", "MEMORY_LIMIT", "MemoryError", line=True),
    "bytes": Bomb("hoard = []\nwhile True: hoard.append(bytes(1 << 20))  # HERE", "MEMORY_LIMIT", line=True),
    "a list": Bomb("hoard = [0]\nwhile True: hoard += hoard  # HERE", "MEMORY_LIMIT", "MemoryError", line=True),
    "small objects": Bomb("self.all = []\nwhile True: self.all.append(bytes(400))  # HERE", "MEMORY_LIMIT", line=True),
    "text": Bomb("text = 'x'\nwhile True: text += text  # HERE", "MEMORY_LIMIT", "MemoryError", line=True),
    "memory made read-only": Bomb(_READ_ONLY, "MEMORY_LIMIT", "MiB"),
    "memory in a thread": Bomb(_IN_A_THREAD, "MEMORY_LIMIT", "MiB"),
    "stacks": Bomb(f"while True: {_WAITING}  # HERE", "THREAD_LIMIT", "can't start new thread", line=True),
    "threads": Bomb(f"{_SMALL_STACKS}while True: {_WAITING}", "THREAD_LIMIT"),
    "threads that compute": Bomb(f"for _ in range(6): {_COMPUTING}\nwhile True: pass", "HANDLER_TIMEOUT"),
    "processor": Bomb("while True: pass  # HERE", "HANDLER_TIMEOUT", line=True),
    "processor, no signal heard": Bomb(_UNHEARD + "while True: pass", "HANDLER_TIMEOUT"),
    "a number": Bomb("9 ** 9 ** 9  # HERE", "HANDLER_TIMEOUT", line=True),
    "a regular expression": Bomb("re.match('(a+)+$', 'a' * 60 + 'b')  # HERE", "HANDLER_TIMEOUT", line=True),
    "sleep": Bomb("time.sleep(99)  # HERE", "HANDLER_TIMEOUT", line=True),
    "questions": Bomb(_QUESTIONS, "HANDLER_TIMEOUT"),
    "output": Bomb("while True: os.write(1, b'x' * 65_536); os.write(2, b'\\n' * 65_536)", "HANDLER_TIMEOUT"),
    "lines": Bomb("while True: print('again')", "HANDLER_TIMEOUT"),
    "actions": Bomb("return [CancelLimitsAction('AAA', AssetType.EQUITY)] * 1_000_000", "TOO_MANY_ACTIONS"),
    "recursion": Bomb("def deeper(): deeper()\ndeeper()", "STRATEGY_EXCEPTION", "RecursionError"),
    "processes": Bomb("while True: os.fork()  # HERE", "STRATEGY_EXCEPTION", "PermissionError", line=True),
    "descriptors": Bomb("hoard = []\nwhile True: hoard.append(os.pipe())  # HERE", "STRATEGY_EXCEPTION", line=True),
}
"""Each ends so in every tier that confines."""

UNCONFINED_BOMBS = {
    "bytes": Bomb("hoard = []\nwhile True: hoard.append(b'x' * (1 << 20))", "MEMORY_LIMIT", "MiB"),
    "shared memory": Bomb(_SHARED, "MEMORY_LIMIT", "MiB"),
    "threads": Bomb(f"{_SMALL_STACKS}while True: {_WAITING}", "THREAD_LIMIT", "256 are allowed"),
}
"""What is measured from outside holds without the kernel's limits too."""

"""What a process tells about its work once a second, from a thread of its own, so that no work delays it."""

import threading
from abc import ABC, abstractmethod
from typing import Self

SECONDS = 1.0


class EachSecond(ABC):
    """Something that is told once a second while a block runs; when the block ends, nothing more is told."""

    def __init__(self, name: str) -> None:
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    @abstractmethod
    def tell(self) -> None:
        """Tell it, once."""

    @property
    def is_over(self) -> bool:
        """Whether the block has ended."""
        return self._over.is_set()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._over.wait(SECONDS):
            self.tell()

"""Repeatable pseudo-random integers: the same on every machine and with every version of NumPy.

The generator is SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014): the
i-th number is a mix of seed + (i + 1) x the golden gamma, so any stretch of the sequence can be computed at once.
"""

import numpy as np

from periscope.market.columns import IntColumn

_GAMMA = np.uint64(0x9E3779B97F4A7C15)
_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2 = np.uint64(0x94D049BB133111EB)
_MASK = (1 << 64) - 1


def _mix(numbers: np.ndarray[tuple[int], np.dtype[np.uint64]]) -> None:
    """Mix each number in its place: a new array for each step costs more than the step."""
    numbers ^= numbers >> np.uint64(30)
    numbers *= _MIX_1
    numbers ^= numbers >> np.uint64(27)
    numbers *= _MIX_2
    numbers ^= numbers >> np.uint64(31)


class RandomIntegers:
    """A sequence of integers that `seed` and `stream` (any text) fix completely."""

    def __init__(self, seed: int, stream: str) -> None:
        state = np.array([seed & _MASK], dtype=np.uint64)
        for byte in stream.encode():
            state *= np.uint64(257)
            state += np.uint64(byte + 1)
            _mix(state)
        self._state = state[0]
        self._drawn = 0

    def between(self, low: int, high: int, count: int) -> IntColumn:
        """The next `count` integers, each from low to high, both included. The span must be far below 2**64."""
        assert low <= high
        numbers = np.arange(self._drawn + 1, self._drawn + count + 1, dtype=np.uint64)
        self._drawn += count
        numbers *= _GAMMA
        numbers += self._state
        _mix(numbers)
        numbers >>= np.uint64(11)
        numbers %= np.uint64(high - low + 1)
        drawn = numbers.view(np.int64)
        drawn += low
        return drawn

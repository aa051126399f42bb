"""All instruments that a catalog knows, and what to say about one that it does not."""

from collections.abc import Iterable
from difflib import get_close_matches

from libs.shared_ipc.src.protocol import AssetType
from periscope.instruments.instrument import Instrument

_ALSO_ANSWERS = {AssetType.EQUITY: AssetType.ETF, AssetType.ETF: AssetType.EQUITY}

_NEVER = 2**63 - 1


class InstrumentMaster:
    """A fixed set of instruments, one per symbol and asset type; of two with the same key the later one counts."""

    def __init__(self, instruments: Iterable[Instrument]) -> None:
        self._by_key = {instrument.key: instrument for instrument in instruments}
        self._chains: dict[str, list[Instrument]] = {}
        for instrument in self._by_key.values():
            if instrument.asset_type is AssetType.FUTURE and instrument.root is not None:
                self._chains.setdefault(instrument.root, []).append(instrument)
        for chain in self._chains.values():
            chain.sort(key=_by_expiry)

    def get(self, symbol: str, asset_type: AssetType) -> Instrument | None:
        """The instrument of that name and type, None if there is none; an ETF also answers to EQUITY and vice versa."""
        found = self._by_key.get((symbol, asset_type))
        if found is None and asset_type in _ALSO_ANSWERS:
            found = self._by_key.get((symbol, _ALSO_ANSWERS[asset_type]))
        return found

    def all(self) -> list[Instrument]:
        """Every instrument, by symbol and asset type."""
        return [self._by_key[key] for key in sorted(self._by_key)]

    def chain(self, root: str) -> list[Instrument]:
        """The futures of a root by expiry, nearest first; empty for an unknown root."""
        return list(self._chains.get(root, ()))

    def roots(self) -> list[str]:
        """The futures roots that have contracts, sorted."""
        return sorted(self._chains)

    def explain_unknown(self, symbol: str, asset_type: AssetType) -> str:
        """Why `get` found nothing, in a sentence for the user: another asset type, a root, near names, or nothing."""
        asked = f"no {asset_type.name} {symbol!r} in the catalog"
        others = [other.name for other in AssetType if other is not asset_type and (symbol, other) in self._by_key]
        if others:
            return f"{asked}; {symbol!r} exists as {' and '.join(others)}"
        if symbol in self._chains:
            contracts = ", ".join(instrument.symbol for instrument in self._chains[symbol][:4])
            return f"{asked}; {symbol!r} is a futures root, its contracts are {contracts}{self._more(symbol)}"
        near = self._near(symbol, asset_type)
        if near:
            return f"{asked}; did you mean {' or '.join(near)}?"
        if not self._by_key:
            return f"{asked}: it has no instruments yet. Import data with `periscope data import`"
        return f"{asked}, nor anything that sounds like it. `periscope data list` shows what is there"

    def _more(self, root: str) -> str:
        rest = len(self._chains[root]) - 4
        return f" and {rest} more" if rest > 0 else ""

    def _near(self, symbol: str, asset_type: AssetType) -> list[str]:
        """Up to three similar symbols, those of the same asset type plain, others with their type."""
        of_symbol: dict[str, list[AssetType]] = {}
        for name, kind in self._by_key:
            of_symbol.setdefault(name, []).append(kind)
        by_upper = {name.upper(): name for name in sorted(of_symbol)}
        found = [by_upper[name] for name in get_close_matches(symbol.upper(), by_upper, n=3, cutoff=0.6)]
        return [
            repr(name)
            if any(kind in {asset_type, _ALSO_ANSWERS.get(asset_type)} for kind in of_symbol[name])
            else f"{name!r} ({', '.join(sorted(kind.name for kind in of_symbol[name]))})"
            for name in found
        ]


def _by_expiry(instrument: Instrument) -> tuple[int, str]:
    return (_NEVER if instrument.expires_at is None else instrument.expires_at, instrument.symbol)

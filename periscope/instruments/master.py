"""All instruments that a catalog knows, and what to say about one that it does not."""

from collections.abc import Iterable
from datetime import date
from difflib import get_close_matches

from libs.shared_ipc.src.protocol import AssetType
from periscope.instruments.contract_names import contracts_named
from periscope.instruments.futures import parse_future_symbol
from periscope.instruments.instrument import Instrument, TickerPeriod
from periscope.instruments.products import PRODUCTS

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

    def named(self, ticker: str, asset_type: AssetType, day: date) -> Instrument | None:
        """The instrument that a ticker meant on a trading day, None if it meant none.

        A ticker may have passed from one company to another; an instrument's own symbol counts on every day on which it
        is valid, unless its tickers by date are known.
        """
        alike = {asset_type, _ALSO_ANSWERS.get(asset_type, asset_type)}
        found = [each for each in self.all() if each.asset_type in alike and each.ticker_on(day) == ticker]
        return min(found, key=lambda each: each.asset_type is not asset_type, default=None)

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
        """Why `get` found nothing, in a sentence for the user.

        It is there as another asset type or under another spelling, was a former ticker, is a root; else near names, or
        nothing. Every refusal of an unknown symbol says this sentence.
        """
        asked = f"no {asset_type.name} {symbol!r} in the catalog"
        known = (
            self._as_other_type(symbol, asset_type)
            or self._other_spelling(symbol)
            or self._former_name(symbol)
            or self._root(symbol, asset_type)
        )
        if known is not None:
            return f"{asked}; {known}"
        near = self._near(symbol, asset_type)
        if near:
            return f"{asked}; did you mean {' or '.join(near)}?"
        if not self._by_key:
            return f"{asked}: it has no instruments yet. Import data with `periscope data import`"
        return f"{asked}, nor anything that sounds like it. `periscope data list` shows what is there"

    def explain_unknown_root(self, root: str) -> str:
        """Why a futures root has no contracts, in a sentence for the user: it is a contract, near names, or nothing."""
        asked = f"no futures root {root!r} in the catalog, nor among those that are known"
        contracts = contracts_named(root)
        if contracts and (of := parse_future_symbol(contracts[0]).root) in {*PRODUCTS, *self._chains}:
            return f"{asked}; {root!r} is a contract of the root {of!r}"
        near = self.near_roots(root)
        if near:
            return f"{asked}; did you mean {' or '.join(repr(name) for name in near)}?"
        return f"{asked}. `periscope instruments list` shows them"

    def near_roots(self, root: str) -> list[str]:
        """Up to three futures roots with a similar name, of the catalog or known."""
        return get_close_matches(root.upper(), sorted({*PRODUCTS, *self._chains}), n=3, cutoff=0.5)

    def _as_other_type(self, symbol: str, asset_type: AssetType) -> str | None:
        others = [other.name for other in AssetType if other is not asset_type and (symbol, other) in self._by_key]
        return f"{symbol!r} exists as {' and '.join(others)}" if others else None

    def _root(self, symbol: str, asset_type: AssetType) -> str | None:
        """What to say to a futures root where a contract was wanted, and to a contract that is not there."""
        if symbol in self._chains:
            return f"{symbol!r} is a futures root, its contracts are {self._contracts(symbol)}"
        if asset_type is not AssetType.FUTURE:
            return None
        if symbol in PRODUCTS:
            return f"{symbol!r} is a futures root ({PRODUCTS[symbol].name}), but none of its contracts is there"
        names = contracts_named(symbol)
        root = parse_future_symbol(names[0]).root if names else ""
        if root in self._chains:
            return f"of its root {root!r} there are {self._contracts(root)}"
        if root in PRODUCTS:
            return f"it is a contract of {root!r} ({PRODUCTS[root].name}), of which none is there"
        return None

    def _other_spelling(self, symbol: str) -> str | None:
        """The contracts that another spelling of a futures symbol can mean (ESZ3, ES Z13, ESZ2013)."""
        there = [
            name for name in contracts_named(symbol) if name != symbol and (name, AssetType.FUTURE) in self._by_key
        ]
        if not there:
            return None
        return f"{symbol!r} is another spelling of the FUTURE {' or '.join(repr(name) for name in there)}"

    def _former_name(self, symbol: str) -> str | None:
        """Whose ticker it was at another time, and when."""
        found = [
            f"{symbol!r} was the ticker of {instrument.symbol!r}{_when(name)}"
            for instrument in self.all()
            for name in instrument.names
            if name.ticker == symbol and instrument.symbol != symbol
        ]
        return " and ".join(found) or None

    def _contracts(self, root: str) -> str:
        """The first four contracts of a root, and how many more there are."""
        contracts = self._chains[root]
        rest = f" and {len(contracts) - 4} more" if len(contracts) > 4 else ""
        return ", ".join(instrument.symbol for instrument in contracts[:4]) + rest

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


def _when(name: TickerPeriod) -> str:
    since = "" if name.first_day is None else f" from {name.first_day}"
    return since + ("" if name.last_day is None else f" to {name.last_day}")

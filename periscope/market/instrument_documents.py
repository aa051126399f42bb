"""Instruments, futures roots and contracts as JSON documents: those of `--json`, which are also those of the API."""

from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from libs.shared_ipc.src.protocol import AssetType
from periscope.instruments.chains import Contract
from periscope.instruments.contract_names import spellings
from periscope.instruments.expiry_rules import rule_text
from periscope.instruments.futures import MONTH_CODES, ContractDates, contract_dates
from periscope.instruments.instrument import TRADES_AS_EQUITY, Instrument
from periscope.instruments.products import DatedMargin, FutureProduct
from periscope.instruments.sessions import MICROSECONDS_PER_SECOND, UnknownExchangeError, sessions_for
from periscope.instruments.times import time_text
from periscope.market.catalog_files import CatalogFiles
from periscope.market.corporate_actions import corporate_actions_of
from periscope.market.series_documents import instrument_document

FACTS_WITH_SOURCE = ("tick", "quantity_step", "multiplier", "initial_margin", "maintenance_margin", "expires_at")
FACTS_OF_ROOT_WITH_SOURCE = ("tick", "multiplier", "months", "settlement", "last_trade", "first_notice")


def stored_document(instrument: Instrument, day: date | None) -> dict[str, Any]:
    """An instrument of the catalog: its facts, when they hold, its tickers by date, and where each fact comes from."""
    document = {"kind": "instrument"} | instrument_document(instrument)
    document |= {
        "valid_from": _iso(instrument.valid_from),
        "valid_until": _iso(instrument.valid_until),
        "names": [
            {
                "ticker": name.ticker,
                "first_day": _iso(name.first_day),
                "last_day": _iso(name.last_day),
                "source": name.source,
            }
            for name in instrument.names
        ],
        "sources": {fact: instrument.source_of(fact) for fact in FACTS_WITH_SOURCE},
    }
    if day is not None:
        document |= {"date": day.isoformat(), "ticker_on_date": instrument.ticker_on(day)}
    return document


def with_actions(files: CatalogFiles, document: dict[str, Any]) -> dict[str, Any]:
    """The document of a share with its splits and dividends, any other as it is."""
    if document["kind"] != "instrument" or AssetType(document["asset_type"]) not in TRADES_AS_EQUITY:
        return document
    kind = AssetType(document["asset_type"])
    share = Instrument(symbol=document["symbol"], asset_type=kind, exchange=document["exchange"])
    known = corporate_actions_of(files, share)
    splits = [
        {
            "ex_date": split.ex_date.isoformat(),
            "ratio": f"{split.ratio.numerator}:{split.ratio.denominator}",
            "source": split.source,
        }
        for split in known.splits
    ]
    dividends = [
        {"ex_date": paid.ex_date.isoformat(), "amount": f"{paid.amount:f}", "source": paid.source}
        for paid in known.dividends
    ]
    return document | {"splits": splits, "dividends": dividends}


def root_document(product: FutureProduct, day: date | None) -> dict[str, Any]:
    """What all contracts of a root have in common; with a day, the tick of that day."""
    return {
        "kind": "root",
        "root": product.root,
        "name": product.name,
        "exchange": product.exchange.code,
        "exchange_name": product.exchange.name,
        "zone": product.exchange.zone,
        "currency": product.currency,
        "price_unit": product.unit,
        "tick": f"{product.tick if day is None else product.tick_on(day):f}",
        "ticks": [{"value": f"{tick.value:f}", "since": _iso(tick.since)} for tick in product.ticks],
        "multiplier": f"{product.multiplier:f}",
        "price_scale": product.price_scale,
        "quantity_step": f"{product.quantity_step:f}",
        "months": letters(product.months),
        "serial_months": letters(product.serial_months),
        "settlement": product.settlement,
        "last_trade_rule": rule_text(product.last_trade),
        "first_notice_rule": None if product.first_notice is None else rule_text(product.first_notice),
        "calendars": list(product.calendars),
        "sessions": product.sessions,
        "traded_since": _iso(product.traded_since),
        "margin": None if product.margin is None else _margin(product.margin, product.margin_source),
        "source": product.source,
        "sources": {fact: product.source_of(fact) for fact in FACTS_OF_ROOT_WITH_SOURCE},
        "note": product.note or None,
        "date": _iso(day),
    }


def contract_document(
    product: FutureProduct, year: int, month: int, stored: Instrument | None, day: date | None
) -> dict[str, Any]:
    """A contract of a root of the table: its days, and whether the catalog has it."""
    dates = contract_dates(product, year, month)
    names = spellings(product.root, year, month)
    contract = Contract(
        names=names, year=year, month=month, serial=month in product.serial_months, dates=dates, stored=stored
    )
    root = root_document(product, day)
    document = {"kind": "contract"} | chain_row(contract, ZoneInfo(product.exchange.zone))
    document |= {name: root[name] for name in root if name not in {"kind", "tick", "months", "serial_months"}}
    document["tick"] = f"{product.tick_on(day or dates.last_trade_day or date(year, month, 1)):f}"
    if day is not None:
        last = dates.last_trade_day
        document["trades_on_date"] = None if last is None else day <= last
    return document


def chain_row(contract: Contract, zone: ZoneInfo) -> dict[str, Any]:
    """A contract of a chain: both spellings, its days in exchange time and UTC, and whether the catalog has it."""
    dates = contract.dates
    stored = contract.stored
    return {
        "symbol": contract.names.symbol,
        "short": contract.names.short,
        "month": f"{contract.year:04d}-{contract.month:02d}",
        "serial": contract.serial,
        "first_notice": _iso(dates.first_notice),
        "first_notice_unknown": dates.first_notice_unknown or None,
        "last_trade_day": _iso(dates.last_trade_day),
        "last_trade_exchange_time": _local(dates, zone),
        "last_trade": None if dates.last_trade is None else time_text(dates.last_trade),
        "last_trade_unknown": dates.last_trade_unknown or None,
        "remark": dates.remark or None,
        "in_catalog": stored is not None,
        "catalog_expires_at": None if stored is None or stored.expires_at is None else time_text(stored.expires_at),
    }


def zone_of_stored(instrument: Instrument) -> ZoneInfo:
    """The zone of an instrument's exchange; UTC for an exchange without a session table."""
    try:
        return sessions_for(instrument.exchange).zone
    except UnknownExchangeError:
        return ZoneInfo("UTC")


def letters(months: tuple[int, ...]) -> str:
    """Months as their letters."""
    return "".join(MONTH_CODES[month - 1] for month in months)


def _margin(margin: DatedMargin, source: str) -> dict[str, str]:
    return {
        "date": margin.date.isoformat(),
        "initial": f"{margin.initial:f}",
        "maintenance": f"{margin.maintenance:f}",
        "source": source,
    }


def _local(dates: ContractDates, zone: ZoneInfo) -> str | None:
    if dates.last_trade is None:
        return None
    return datetime.fromtimestamp(dates.last_trade // MICROSECONDS_PER_SECOND, UTC).astimezone(zone).isoformat()


def _iso(day: date | None) -> str | None:
    return None if day is None else day.isoformat()

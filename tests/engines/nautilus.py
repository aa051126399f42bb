"""Scenarios through Nautilus Trader: bars move its simulated market (`bar_execution`); a netting margin account.

Its modules are loaded by name, because it need not be installed.
"""

from decimal import Decimal
from importlib import import_module
from typing import Any

from tests.engines.scenarios import Placed, Scenario, Told, minute_bars


def _of(module: str) -> Any:
    return import_module(f"nautilus_trader.{module}")


def _share(scenario: Scenario) -> Any:
    names, objects = _of("model.identifiers"), _of("model.objects")
    rate = Decimal(scenario.fee_basis_points) / 10_000
    return _of("model.instruments").Equity(
        instrument_id=names.InstrumentId(names.Symbol("AAA"), names.Venue("XNAS")),
        raw_symbol=names.Symbol("AAA"),
        currency=_of("model.currencies").USD,
        price_precision=2,
        price_increment=objects.Price.from_str("0.01"),
        lot_size=objects.Quantity.from_int(1),
        maker_fee=rate,
        taker_fee=rate,
        ts_event=0,
        ts_init=0,
    )


def _price(text: str) -> Any:
    return _of("model.objects").Price.from_str(f"{Decimal(text):.2f}")


def _strategy(scenario: Scenario, share: Any, bar_type: Any, told: Told) -> Any:
    """A strategy that places what the scenario says and notes its fills."""
    objects, enums = _of("model.objects"), _of("model.enums")

    class Scripted(_of("trading.strategy").Strategy):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.seen = 0

        def on_start(self) -> None:
            self.subscribe_bars(bar_type)

        def on_bar(self, bar: Any) -> None:
            self.seen += 1
            for order in scenario.orders:
                if order.after == self.seen - 1:
                    self.submit_order(self.made(order))

        def made(self, order: Placed) -> Any:
            side = enums.OrderSide.BUY if order.side > 0 else enums.OrderSide.SELL
            terms: dict[str, Any] = {"reduce_only": True} if order.closes else {}
            terms |= {} if order.limit is None else {"price": _price(order.limit)}
            terms |= {} if order.stop is None else {"trigger_price": _price(order.stop)}
            make = {
                (False, False): self.order_factory.market,
                (False, True): self.order_factory.limit,
                (True, False): self.order_factory.stop_market,
                (True, True): self.order_factory.stop_limit,
            }[order.stop is not None, order.limit is not None]
            return make(share.id, side, objects.Quantity.from_int(order.quantity), **terms)

        def on_order_filled(self, event: Any) -> None:
            sign = 1 if event.order_side == enums.OrderSide.BUY else -1
            told.fills.append((sign * int(event.last_qty.as_decimal()), Decimal(event.last_px.as_decimal())))

    return Scripted()


def _engine(scenario: Scenario) -> Any:
    enums, usd = _of("model.enums"), _of("model.currencies").USD
    quiet = _of("common.config").LoggingConfig(bypass_logging=True)
    engine = _of("backtest.engine").BacktestEngine(
        _of("backtest.config").BacktestEngineConfig(logging=quiet, run_analysis=False)
    )
    engine.add_venue(
        venue=_of("model.identifiers").Venue("XNAS"),
        oms_type=enums.OmsType.NETTING,
        account_type=enums.AccountType.MARGIN,
        base_currency=usd,
        starting_balances=[_of("model.objects").Money(scenario.cash, usd)],
        bar_execution=True,
    )
    return engine


def run_nautilus(scenario: Scenario) -> Told:
    """Nautilus Trader at its defaults, with the scenario's cash and fees."""
    told, data, share, engine = Told(), _of("model.data"), _share(scenario), _engine(scenario)
    bar_type = data.BarType.from_str(f"{share.id}-1-MINUTE-LAST-EXTERNAL")
    volume = _of("model.objects").Quantity.from_int
    bars = []
    for row, prices in zip(minute_bars(scenario), scenario.bars, strict=True):
        ended = row[1] * 1000
        bars.append(data.Bar(bar_type, *map(_price, prices), volume(row[6]), ended, ended))
    engine.add_instrument(share)
    engine.add_data(bars, validate=False)
    engine.add_strategy(_strategy(scenario, share, bar_type, told))
    engine.run()
    account = engine.cache.account_for_venue(share.id.venue)
    told.value = Decimal(account.balance_total(_of("model.currencies").USD).as_decimal())
    last = Decimal(scenario.bars[-1][3])
    for position in engine.cache.positions_open():
        told.value += position.signed_decimal_qty() * (last - Decimal(str(position.avg_px_open)))
    engine.dispose()
    return told

"""A strategy that uses only the contract's imports type-checks as in an editor, and its mistakes are seen there."""

import subprocess
import sys
from pathlib import Path

from tests.sdk.test_seed_symbols import IMPORT_BLOCK, ROOT

STRATEGY = '''\
"""Buys on a rise, rolls on expiry, and reads every kind of parameter."""

from datetime import datetime
from decimal import Decimal

'''

CLASS = """\

class Strategy(StrategyBase):
    def __init__(self, data_coordinator: DataCoordinator, config: dict[str, JSONValue]) -> None:
        validate_config(config)
        self.data = data_coordinator
        self.symbol: Symbol = require_symbol(config, "symbol")
        self.hedge: Symbol | None = optional_symbol(config, "hedge", None)
        self.span: BarTimeSpan = require_bar_time_span(config, "span")
        self.slow_span: BarTimeSpan = optional_bar_time_span(config, "slow_span", BarTimeSpan.DAY)
        self.name: str = require_str(config, "name")
        self.note: str = optional_str(config, "note", "")
        self.length: int = require_int(config, "length")
        self.limit: int = optional_int(config, "limit", 5)
        self.risk: Decimal = require_decimal(config, "risk")
        self.stop: Decimal = optional_decimal(config, "stop", Decimal("0.5"))
        self.cap: Decimal | None = optional_decimal(config, "cap")
        self.active: bool = require_bool(config, "active") and optional_bool(config, "more", True)
        self.last: Decimal | None = None

    async def on_start(self, as_of_time: datetime) -> list[Action]:
        request = BarRegistrationRequest(self.symbol.symbol, self.symbol.asset_type, self.span)
        return [
            InsertCashAction(amount=Decimal(100_000)),
            RegisterSecurityAction(request=request),
            RegisterTimeStepAction(time_step_seconds=60.0),
        ]

    async def on_bar(self, event: BarEvent) -> list[Action]:
        bar: StrategyBar = event.bar
        position: StrategyPosition | None = await self.data.get_position_by_symbol(event.symbol, event.asset_type)
        rising = self.last is not None and bar.close > self.last
        self.last = bar.close
        if not rising or position is not None:
            return []
        return [
            PlaceOrderAction(
                symbol=event.symbol,
                asset_type=event.asset_type,
                intent=OrderIntent.BUY,
                order_type=OrderType.LIMIT,
                contract_quantity=Decimal(1),
                limit_price=bar.close - self.stop,
            )
        ]

    async def on_order_update(self, event: OrderUpdateEvent) -> list[Action]:
        if event.order_state is OrderState.FILLED:
            return [CancelLimitsAction(event.symbol, event.asset_type)]
        return []

    async def on_timer(self, event: TimerEvent) -> list[Action]:
        age = self.simulation_time - event.simulation_time
        return [] if age.total_seconds() == 0 else [CancelLimitsAction("SPY", AssetType.EQUITY)]

    async def on_expiration(self, event: ExpirationEvent) -> list[Action]:
        front: str = await self.data.get_front_month_contract_by_volume("ES", event.simulation_time)
        return [RegisterSecurityAction(BarRegistrationRequest(front, event.asset_type, self.span))]

    async def on_stop(self) -> None:
        print(self.name, self.simulation_time)
"""

MISTAKES = """\

class Wrong(Strategy):
    def on_bar(self, event: BarEvent) -> list[Action]:
        return []

    async def wrong(self, event: BarEvent, config: dict[str, JSONValue]) -> None:
        PlaceOrderAction(event.symbol, event.asset_type, OrderIntent.BUY, contract_quantity=1.5)
        event.bar.close = Decimal(1)
        length: int = optional_int(config, "length", None)
        symbol: str = require_symbol(config, "symbol")
"""


def test_a_strategy_type_checks_and_its_mistakes_are_seen(tmp_path: Path) -> None:
    good = STRATEGY + IMPORT_BLOCK + CLASS
    (tmp_path / "strategy.py").write_text(good + "\n" + MISTAKES)
    first_wrong_line = good.count("\n") + 1
    done = subprocess.run(
        [
            *(sys.executable, "-m", "mypy", "--strict", "--config-file=", "--no-error-summary"),
            *("--cache-dir", str(tmp_path / "cache"), str(tmp_path / "strategy.py")),
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    errors = [line for line in done.stdout.splitlines() if ": error: " in line]
    lines = {int(line.removeprefix(str(tmp_path / "strategy.py")).split(":")[1]) for line in errors}
    assert all(line >= first_wrong_line for line in lines), done.stdout + done.stderr
    wanted = ["[override]", "[arg-type]", "[misc]", "[assignment]"]
    assert [code for code in wanted if not any(code in line for line in errors)] == [], done.stdout
    assert len(lines) == 5, done.stdout

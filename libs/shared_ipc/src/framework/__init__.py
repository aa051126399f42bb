"""The base class, the data coordinator, the config validator and the config extractors."""

from libs.shared_ipc.src.framework.base import StrategyBase
from libs.shared_ipc.src.framework.coordinator import DataCoordinator
from libs.shared_ipc.src.framework.errors import ConfigError
from libs.shared_ipc.src.framework.extractors import (
    optional_bar_time_span,
    optional_bool,
    optional_decimal,
    optional_int,
    optional_str,
    optional_symbol,
    require_bar_time_span,
    require_bool,
    require_decimal,
    require_int,
    require_str,
    require_symbol,
)
from libs.shared_ipc.src.framework.validation import validate_config
from libs.shared_ipc.src.protocol import Symbol

__all__ = [
    "ConfigError",
    "DataCoordinator",
    "StrategyBase",
    "Symbol",
    "optional_bar_time_span",
    "optional_bool",
    "optional_decimal",
    "optional_int",
    "optional_str",
    "optional_symbol",
    "require_bar_time_span",
    "require_bool",
    "require_decimal",
    "require_int",
    "require_str",
    "require_symbol",
    "validate_config",
]

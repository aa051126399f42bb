"""Bundles, parameter schemas and static checks: what is known of a strategy before any of its code runs."""

from periscope.strategies.bundle import Bundle, bundle_version
from periscope.strategies.json_text import JsonDocument, read_json
from periscope.strategies.parameters import (
    KnownSymbols,
    Prepared,
    config_problems,
    config_sentences,
    effective_parameters,
    prepare_config,
)
from periscope.strategies.problems import CODES, Problem
from periscope.strategies.schema import check_schema
from periscope.strategies.static_check import CheckResult, check_bundle, is_warning, parameter_names

__all__ = [
    "CODES",
    "Bundle",
    "CheckResult",
    "JsonDocument",
    "KnownSymbols",
    "Prepared",
    "Problem",
    "bundle_version",
    "check_bundle",
    "check_schema",
    "config_problems",
    "config_sentences",
    "effective_parameters",
    "is_warning",
    "parameter_names",
    "prepare_config",
    "read_json",
]

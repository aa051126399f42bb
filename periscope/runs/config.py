"""A run's config document, `{"environment", "strategy", "core"}`, read into values.

Everything that is wrong with a document is reported at once, as a list of `Problem`s.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any, Literal
from zoneinfo import ZoneInfo

from libs.shared_ipc.src.protocol import BarTimeSpan
from periscope.engine.settings import (
    AccountName,
    Adjustment,
    FillModelName,
    InterestRates,
    LeanFillRules,
    LeanRules,
    LimitFill,
    Limits,
    MarginCallPolicy,
    MarginRates,
    PriceRounding,
    Profile,
    QuoteUse,
    Settings,
)
from periscope.instruments.times import time_text
from periscope.runs.core_keys import CORE_KEYS, LATER_KEYS
from periscope.runs.core_values import RefusalError, near_names, shown
from periscope.runs.cost_keys import fee_model, slippage_model
from periscope.runs.dates import parse_day_or_moment, parse_moment
from periscope.runs.profiles import finish_lean, is_fixed, is_profiles_own, profile_values

__all__ = [
    "CORE_KEYS",
    "Environment",
    "Problem",
    "RunConfig",
    "config_hash",
    "default_core",
    "merge_overrides",
    "parse_run_config",
    "read_document",
]

MAX_DOCUMENT_CHARACTERS = 4_000_000
_SECTIONS = ("environment", "strategy", "core")
_KEYS = {key.path: key for key in CORE_KEYS}
_LATER_LIMITS = tuple((name, _KEYS[f"limits.{name}"].default) for name in ("memory_bytes", "open_orders"))
_GROUPS = {key.path.split(".")[0] for key in CORE_KEYS if "." in key.path}


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with a document: a `code`, the dotted `path` of the place ("" for the whole), and a sentence."""

    code: str
    path: str
    message: str

    def __str__(self) -> str:
        return f"{self.path}: {self.message}" if self.path else self.message


@dataclass(frozen=True, slots=True)
class Environment:
    """A backtest's window, both in microseconds since 1970-01-01 UTC: bars with start >= `start` and end <= `end`."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class RunConfig:
    """A run's config, complete and checked except for `strategy`, which the strategy's own schema judges.

    `core` holds every key with its effective value as JSON (decimals as strings); `settings` are the same as values.
    """

    environment: Environment
    strategy: dict[str, Any]
    core: dict[str, Any]
    settings: Settings

    def document(self) -> dict[str, Any]:
        """The effective config as one JSON document."""
        window = {"start": time_text(self.environment.start), "end": time_text(self.environment.end)}
        return {"environment": window, "strategy": self.strategy, "core": self.core}

    def with_strategy(self, strategy: dict[str, Any]) -> "RunConfig":
        """The same run with other parameter values, say with the schema's defaults filled in; the hash follows."""
        hashed = config_hash(self.environment, strategy, self.core)
        return replace(self, strategy=strategy, settings=replace(self.settings, config_hash=hashed))


def read_document(text: str) -> Any:
    """Parse JSON text strictly: fractions become Decimals; duplicate keys, NaN and infinities are refused.

    Returns the value, or a Problem where the text is not usable JSON.
    """
    if len(text) > MAX_DOCUMENT_CHARACTERS:
        return Problem("NOT_JSON", "", f"longer than {MAX_DOCUMENT_CHARACTERS:,} characters")
    try:
        return json.loads(
            text, parse_float=Decimal, parse_constant=_refuse_constant, object_pairs_hook=_object_of_unique_keys
        )
    except json.JSONDecodeError as problem:
        where = f"line {problem.lineno}, column {problem.colno}"
        return Problem("NOT_JSON", "", f"not valid JSON at {where}: {problem.msg}")
    except RefusalError as refusal:
        return Problem(refusal.code, "", str(refusal))
    except RecursionError:
        return Problem("NOT_JSON", "", "nested too deeply")
    except ValueError as problem:
        return Problem("NOT_JSON", "", f"not usable JSON: {problem}")


def _refuse_constant(name: str) -> Any:
    raise RefusalError("NOT_JSON", f"{name} is not a JSON number")


def _object_of_unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise RefusalError("DUPLICATE_KEY", f"key {twice!r} is given twice in one object")
    return found


def parse_run_config(document: Any, *, exchanges: Sequence[str] = ()) -> RunConfig | list[Problem]:
    """Read a config document, or say everything that is wrong with it.

    `document` is JSON as read_document gives it. `exchanges` are those of the traded instruments where known; they
    decide what a date without a time means (New York's calendar day without them).
    """
    if not isinstance(document, dict):
        return [Problem("WRONG_TYPE", "", f"expected an object with {', '.join(_SECTIONS)}")]
    problems = list(_unknown_names(document, _SECTIONS, ""))
    sections = {}
    for name in _SECTIONS:
        section = document.get(name)
        if section is not None and not isinstance(section, dict):
            problems.append(Problem("WRONG_TYPE", name, f"expected an object, found {section!r}"))
        sections[name] = section if isinstance(section, dict) else {}
    environment = _read_environment(sections["environment"], exchanges, problems)
    core = _read_core(sections["core"], problems)
    strategy = _plain_json(sections["strategy"], "strategy", problems)
    if environment is None or problems:
        return problems
    settings = _settings(environment, core, config_hash(environment, strategy, core))
    return RunConfig(environment, strategy, core, settings)


def default_core() -> dict[str, Any]:
    """Every `core` key with its default, as JSON."""
    core: dict[str, Any] = {}
    for key in CORE_KEYS:
        _put(core, key.path.split("."), key.default)
    return core


def config_hash(environment: Environment, strategy: Mapping[str, Any], core: Mapping[str, Any]) -> str:
    """SHA-256 over the effective config as canonical JSON.

    Order ids are made from it. A limit that came with a later release counts only where it was set, so that earlier
    runs keep theirs.
    """
    limits = {name: value for name, value in core["limits"].items() if (name, value) not in _LATER_LIMITS}
    hashed = {**core, "limits": limits}
    if core["profile"] == Profile.DEFAULT:
        del hashed["lean"]
    parts = {"environment": [environment.start, environment.end], "strategy": strategy, "core": hashed}
    text = json.dumps(parts, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def merge_overrides(base: Any, sets: Sequence[str], cores: Sequence[str]) -> dict[str, Any] | list[Problem]:
    """Lay `--set k=v` (strategy) and `--core k=v` over a document; dots in k go into objects.

    A value that parses as JSON is that value, anything else is text. The base stays as it is.
    """
    if not isinstance(base, dict):
        return [Problem("WRONG_TYPE", "", f"expected an object with {', '.join(_SECTIONS)}")]
    merged: dict[str, Any] = _copy_objects(base)
    problems: list[Problem] = []
    for section, option, texts in (("strategy", "--set", sets), ("core", "--core", cores)):
        for text in texts:
            name, equals, value = text.partition("=")
            if not equals or not all(part.strip() for part in name.split(".")):
                message = f"{option} expects key=value, found {text!r}"
                problems.append(Problem("WRONG_TYPE", section, message))
                continue
            path = [section, *(part.strip() for part in name.split("."))]
            _put(merged, path, _override_value(value))
    return problems or merged


def _override_value(text: str) -> Any:
    value = read_document(text)
    return text if isinstance(value, Problem) else value


def _copy_objects(value: Any) -> Any:
    return {name: _copy_objects(part) for name, part in value.items()} if isinstance(value, dict) else value


def _put(target: dict[str, Any], path: list[str], value: Any) -> None:
    for name in path[:-1]:
        inner = target.get(name)
        if not isinstance(inner, dict):
            inner = target[name] = {}
        target = inner
    target[path[-1]] = value


def _unknown_names(found: Mapping[str, Any], known: Sequence[str], prefix: str) -> Iterator[Problem]:
    for name in found:
        if name not in known:
            hint = near_names(name, list(known))
            yield Problem("UNKNOWN_KEY", f"{prefix}{name}", f"there is no key {name!r} here; {hint}")


def _read_environment(section: dict[str, Any], exchanges: Sequence[str], problems: list[Problem]) -> Environment | None:
    problems.extend(_unknown_names(section, ("start", "end"), "environment."))
    start = _read_edge(section, "start", exchanges, problems)
    end = _read_edge(section, "end", exchanges, problems)
    if start is None or end is None:
        return None
    if end <= start:
        message = f"the end, {time_text(end)}, is not after the start, {time_text(start)}"
        problems.append(Problem("WINDOW_EMPTY", "environment.end", message))
        return None
    return Environment(start, end)


def _read_edge(
    section: dict[str, Any], edge: Literal["start", "end"], exchanges: Sequence[str], problems: list[Problem]
) -> int | None:
    path, text = f"environment.{edge}", section.get(edge)
    if text is None:
        problems.append(Problem("MISSING_KEY", path, f'a backtest needs its {edge}, like "2024-03-28"'))
    elif not isinstance(text, str):
        problems.append(Problem("WRONG_TYPE", path, f'expected text like "2024-03-28", found {text!r}'))
    else:
        try:
            return parse_moment(text, edge, exchanges)
        except ValueError as problem:
            problems.append(Problem("BAD_DATE", path, str(problem)))
    return None


def _read_core(section: dict[str, Any], problems: list[Problem]) -> dict[str, Any]:
    core = default_core()
    profile = section.get("profile")
    lean = isinstance(profile, str) and profile.strip().lower() == "lean"
    core.update(profile_values(lean=lean))
    for path, value in _flatten_groups(section, problems):
        key = _KEYS.get(path)
        if lean and is_profiles_own(path, value):
            core[path] = value
            continue
        if lean and is_fixed(path) and value != core[path]:
            problems.append(Problem("NOT_ALLOWED", f"core.{path}", "it is part of the profile lean: leave it out"))
            continue
        if key is None:
            problems.append(_unknown_core_key(path))
            continue
        try:
            _put(core, path.split("."), key.read(value))
        except RefusalError as refusal:
            inner = f".{refusal.path}" if refusal.path else ""
            problems.append(Problem(refusal.code, f"core.{path}{inner}", str(refusal)))
    wrong = finish_lean(core) if lean else None
    if wrong is not None:
        problems.append(Problem("NOT_ALLOWED", "core.adjustment", wrong))
    initial, maintenance = core["margin"]["initial"], core["margin"]["maintenance"]
    if Decimal(maintenance) > Decimal(initial):
        text = f"keeping shares cannot need more ({maintenance}) than opening them ({initial})"
        problems.append(Problem("OUT_OF_RANGE", "core.margin.maintenance", text))
    return core


def _flatten_groups(section: dict[str, Any], problems: list[Problem]) -> Iterator[tuple[str, Any]]:
    for name, value in section.items():
        if name not in _GROUPS:
            yield name, value
        elif isinstance(value, dict):
            yield from ((f"{name}.{inner}", part) for inner, part in value.items())
        elif value is not None:
            inner = ", ".join(path.split(".")[1] for path in _KEYS if path.startswith(f"{name}."))
            text = f"expected an object of {inner}, found {shown(value)}"
            problems.append(Problem("WRONG_TYPE", f"core.{name}", text))


def _unknown_core_key(path: str) -> Problem:
    if path in LATER_KEYS:
        return Problem("NOT_AVAILABLE", f"core.{path}", f"it belongs to {LATER_KEYS[path]}, not available yet")
    return Problem("UNKNOWN_KEY", f"core.{path}", f"there is no core key {path!r}; {near_names(path, list(_KEYS))}")


def _plain_json(value: Any, path: str, problems: list[Problem]) -> Any:
    """The value with its Decimals as floats, which strategies expect of JSON, where no digit is lost by that."""
    match value:
        case dict():
            return {name: _plain_json(part, f"{path}.{name}", problems) for name, part in value.items()}
        case list():
            return [_plain_json(part, f"{path}.{number}", problems) for number, part in enumerate(value)]
        case Decimal():
            number = float(value)
            if Decimal(repr(number)) == value:
                return number
            message = f"{value} has more digits than a JSON number keeps; write it as text, or with fewer digits"
            problems.append(Problem("OUT_OF_RANGE", path, message))
    return value


def _decimal_or_none(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


def _settings(environment: Environment, core: Mapping[str, Any], hashed: str) -> Settings:
    span: str | None = core["execution_span"]
    return Settings(
        start=environment.start,
        end=environment.end,
        config_hash=hashed,
        seed=core["seed"],
        currency=core["currency"],
        extended_hours=core["hours"] == "extended",
        execution_span=None if span is None else BarTimeSpan(span),
        profile=Profile(core["profile"]),
        lean=_lean(core),
        fill_model=FillModelName(core["fill_model"]),
        limit_fill=LimitFill(core["limit_fill"]),
        price_rounding=PriceRounding(core["price_rounding"]),
        participation=_decimal_or_none(core["participation"]),
        quotes=QuoteUse(core["quotes"]),
        latency=int(Decimal(core["latency_seconds"]).scaleb(6)),
        good_till=_good_till(core["good_till"]),
        slippage=slippage_model(core["slippage"]),
        fees=fee_model(core["fees"]),
        account=AccountName(core["account"]),
        margin=MarginRates(**{name: Decimal(rate) for name, rate in core["margin"].items()}),
        on_margin_call=MarginCallPolicy(core["on_margin_call"]),
        interest=InterestRates(
            cash=Decimal(core["interest"]["cash"]),
            debit=Decimal(core["interest"]["debit"]),
            borrow=Decimal(core["borrow_rate"]),
        ),
        adjustment=Adjustment(core["adjustment"]),
        limits=Limits(**core["limits"]),
    )


def _good_till(given: str | list[str] | None) -> date | int | tuple[date | int, ...] | None:
    if isinstance(given, list):
        return tuple(map(parse_day_or_moment, given))
    return None if given is None else parse_day_or_moment(given)


def _lean(core: Mapping[str, Any]) -> LeanRules:
    rules = core["lean"]
    return LeanRules(
        fills=LeanFillRules(
            stale=int(Decimal(rules["stale_seconds"]).scaleb(6)),
            close_buffer=int(Decimal(rules["close_buffer_seconds"]).scaleb(6)),
        ),
        leverage=Decimal(rules["leverage"]),
        zone=ZoneInfo(rules["time_zone"]),
    )

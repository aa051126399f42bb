"""Everything that is checked before a run starts: the bundle, its schema, the parameters."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from periscope.engine.settings import Settings
from periscope.market.catalog import Catalog
from periscope.runs.config import RunConfig, config_hash
from periscope.runs.issues import Location
from periscope.strategies.parameters import prepare_config
from periscope.strategies.problems import Problem
from periscope.strategies.static_check import check_bundle


@dataclass(frozen=True, slots=True)
class Prepared:
    """A bundle and a config that fit each other.

    `files` are what `version` is the hash of; `values` are the parameters with the schema's defaults filled in.
    """

    folder: Path
    files: Mapping[str, bytes]
    version: str
    schema: bytes
    values: dict[str, Any]
    config: bytes
    settings: Settings
    warnings: tuple[Problem, ...]


@dataclass(frozen=True, slots=True)
class Obstacle:
    """Why a run cannot start, as an issue."""

    code: str
    message: str
    location: Location | None
    subject: str


def prepare(bundle_path: Path, config: RunConfig, catalog: Catalog) -> Prepared | list[Obstacle]:
    """Check everything; returns all that is wrong at once."""
    checked = check_bundle(bundle_path)
    if checked.bundle is None or checked.problems:
        return [_obstacle(problem) for problem in checked.problems]
    bundle = checked.bundle
    parameters = prepare_config(bundle.schema, config.strategy, catalog.instruments)
    if parameters.problems:
        return [_obstacle(problem) for problem in parameters.problems]
    hashed = config_hash(config.environment, parameters.values, config.core)
    return Prepared(
        folder=bundle.root.resolve(),
        files=bundle.files,
        version=bundle.version,
        schema=json.dumps(bundle.schema).encode(),
        values=parameters.values,
        config=json.dumps(parameters.values).encode(),
        settings=replace(config.settings, version=bundle.version, config_hash=hashed),
        warnings=(*checked.warnings, *parameters.warnings),
    )


def _obstacle(problem: Problem) -> Obstacle:
    code = "BUNDLE_INVALID"
    if problem.code.startswith(("SCHEMA", "JSON")) and problem.file.endswith(".json"):
        code = "SCHEMA_INVALID"
    elif problem.code.startswith("CONFIG"):
        code = "CONFIG_INVALID"
    location = Location(problem.file, problem.line) if problem.line is not None else None
    where = f"{problem.where}: " if problem.where else ""
    message = f"{where}{problem.rule}. {problem.mend}"
    return Obstacle(code, message, location, f"{problem.file}:{problem.where}:{problem.rule}"[:200])

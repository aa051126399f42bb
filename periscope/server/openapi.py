"""The description of the API: FastAPI's, with our problems in the place of its own, and the tokens."""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from periscope.server.auth import OPEN_PATHS
from periscope.server.problems import MEDIA_TYPE, ProblemDocument

_METHODS = frozenset({"get", "put", "post", "delete", "patch"})


def describe(app: FastAPI) -> dict[str, Any]:
    """The description, made once."""
    if app.openapi_schema is None:
        app.openapi_schema = _made(app)
    return app.openapi_schema


def _made(app: FastAPI) -> dict[str, Any]:
    document = get_openapi(title=app.title, version=app.version, description=app.description, routes=app.routes)
    components = document.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    problem = ProblemDocument.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas.update(problem.pop("$defs", {}))
    schemas["ProblemDocument"] = problem
    components["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer", "bearerFormat": "psk_..."}}
    for path, item in document["paths"].items():
        for method in _METHODS & item.keys():
            _finish(item[method], is_open=path in OPEN_PATHS)
    return document


def _finish(operation: dict[str, Any], *, is_open: bool) -> None:
    schema = {"$ref": "#/components/schemas/ProblemDocument"}
    answers = operation["responses"]
    answers.pop("422", None)
    answers["4XX"] = {"description": "Refused.", "content": {MEDIA_TYPE: {"schema": schema}}}
    answers["5XX"] = {"description": "Failed.", "content": {MEDIA_TYPE: {"schema": schema}}}
    operation["security"] = [{}] if is_open else [{"token": []}, {}]

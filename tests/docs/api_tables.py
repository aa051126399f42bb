"""The tables of the pages about the API and its client, made of the routes, the codes and the client's methods."""

import inspect
from collections.abc import Iterator

from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from periscope.client import CLIENT_CODES, Client
from periscope.client.group import Group
from periscope.server.codes import API_CODES
from periscope.server.routes import ROUTERS
from periscope.server.routing import GuardedRoute


def _sentence(text: str | None) -> str:
    """The first sentence of a docstring."""
    paragraph = " ".join((text or "").strip().split("\n\n")[0].split())
    return paragraph.partition(". ")[0].rstrip(".").replace("|", "\\|")


def routes_tables() -> str:
    """A table of routes for each subject."""
    subjects: dict[str, list[str]] = {}
    for router in ROUTERS:
        for route in router.routes:
            if isinstance(route, APIRoute) and route.include_in_schema:
                subjects.setdefault(str(route.tags[0]), []).append(_row(route))
    head = "| Route | What | Parameters | Scope |\n|---|---|---|---|"
    return "\n\n".join("\n".join((f"### {name.capitalize()}", "", head, *rows)) for name, rows in subjects.items())


def _row(route: APIRoute) -> str:
    (method,) = (route.methods or set()) - {"HEAD"}
    names = [field.alias for part in _dependants(route.dependant) for field in part.query_params]
    parameters = ", ".join(f"`{name}`" for name in names)
    scope = "none" if route.path == "/healthz" else route.needed_scope.value if isinstance(route, GuardedRoute) else ""
    return f"| `{method} {route.path}` | {_sentence(route.endpoint.__doc__)} | {parameters} | {scope} |"


def _dependants(dependant: Dependant) -> Iterator[Dependant]:
    yield dependant
    for inner in dependant.dependencies:
        yield from _dependants(inner)


def api_codes_table() -> str:
    """Every code of an answer, with its HTTP status."""
    rows = [f"| `{code}` | {known.status} | {known.title} | {known.mend} |" for code, known in API_CODES.items()]
    return "\n".join(("| Code | Status | What | What to do |", "|---|---|---|---|", *rows))


def client_codes_table() -> str:
    """What the client itself says."""
    rows = [f"| `{code}` | {meaning} |" for code, meaning in CLIENT_CODES.items()]
    return "\n".join(("| Code | What |", "|---|---|", *rows))


def client_calls_table() -> str:
    """Every method of the client."""
    with Client("http://localhost") as client:
        rows = [f"| `{name}` | {_sentence(method)} |" for name, method in _methods(client)]
    return "\n".join(("| Call | What |", "|---|---|", *rows))


def _methods(of: object, prefix: str = "client.") -> Iterator[tuple[str, str | None]]:
    names = [*vars(type(of)), *vars(of)]
    for each in type(of).__mro__[1:]:
        names += [name for name in vars(each) if each.__module__.startswith("periscope.") and name not in names]
    for name in names:
        part = getattr(of, name)
        if name.startswith("_"):
            continue
        if isinstance(part, Group):
            yield from _methods(part, f"{prefix}{name}.")
        elif callable(part) and name not in ("call", "close", "fetch", "from_environment"):
            shown = ", ".join(_shown(each) for each in inspect.signature(part).parameters.values())
            yield f"{prefix}{name}({shown})", part.__doc__


def _shown(parameter: inspect.Parameter) -> str:
    return parameter.name if parameter.default is parameter.empty else f"{parameter.name}=…"

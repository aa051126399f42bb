"""The app: all routes over one workspace's store and data, behind the guards."""

from typing import Any

from fastapi import FastAPI
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware

from periscope.server.auth import TokenCheck
from periscope.server.context import Context
from periscope.server.doors import DoorKeeper
from periscope.server.metrics import Metrics
from periscope.server.openapi import describe
from periscope.server.problems import handle_problems
from periscope.server.routes import ROUTERS
from periscope.server.watching import Watch

BASE = "/api/v1"


def create_app(context: Context, version: str) -> FastAPI:
    """The API of a workspace. Whoever opened the store closes it; `version` is the release's."""
    metrics = Metrics(context.store)
    app = FastAPI(
        title="Periscope",
        version=version,
        description="Strategies, runs and data of a workspace. docs/rest.md says what all calls have in common.",
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        middleware=_layers(context, metrics),
    )
    app.state.context = context
    app.state.metrics = metrics
    handle_problems(app)
    for router in ROUTERS:
        app.include_router(router, prefix=BASE)

    def description() -> dict[str, Any]:
        return describe(app)

    app.openapi = description  # type: ignore[method-assign]
    return app


def _layers(context: Context, metrics: Metrics) -> list[Middleware]:
    """What a request goes through before it is known what it is for, the outermost first."""
    layers = [Middleware(Watch, metrics=metrics, over=context.over), Middleware(DoorKeeper, doors=context.doors)]
    if context.doors.origins:
        layers.append(
            Middleware(
                CORSMiddleware,
                allow_origins=context.doors.origins,
                allow_methods=["GET", "POST", "PUT", "PATCH", "DELETE"],
                allow_headers=["authorization", "content-type", "idempotency-key", "if-match", "last-event-id"],
                expose_headers=["location", "etag", "idempotency-replayed"],
            )
        )
    return [*layers, Middleware(TokenCheck, context=context)]

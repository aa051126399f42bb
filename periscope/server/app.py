"""The app: all routes over one workspace's store and data, behind the guards."""

from typing import Any

from fastapi import FastAPI
from starlette.middleware import Middleware

from periscope.server.auth import TokenCheck
from periscope.server.context import Context
from periscope.server.openapi import describe
from periscope.server.problems import handle_problems
from periscope.server.routes import ROUTERS

BASE = "/api/v1"


def create_app(context: Context, version: str) -> FastAPI:
    """The API of a workspace. Whoever opened the store closes it; `version` is the release's."""
    app = FastAPI(
        title="Periscope",
        version=version,
        description="Strategies, runs and data of a workspace. docs/rest.md says what all calls have in common.",
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        middleware=[Middleware(TokenCheck, context=context)],
    )
    app.state.context = context
    handle_problems(app)
    for router in ROUTERS:
        app.include_router(router, prefix=BASE)

    def description() -> dict[str, Any]:
        return describe(app)

    app.openapi = description  # type: ignore[method-assign]
    return app

"""The event stream of a run."""

from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Annotated, Any

from fastapi import Depends, Header, Request, Response
from fastapi.sse import KEEPALIVE_COMMENT, EventSourceResponse, format_sse_event

from periscope.runs import managing
from periscope.server.context import Here
from periscope.server.following import Follower, look_at
from periscope.server.models import RunNumber
from periscope.server.news import Look, Told, news
from periscope.server.problems import allowed
from periscope.server.routing import new_router

router = new_router("results")

_AGAIN_MILLISECONDS = 2_000
_EVENT = {
    "type": "object",
    "properties": {name: {"type": "string"} for name in ("event", "id", "data")} | {"retry": {"type": "integer"}},
}
_STREAM: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "Server-sent events: `status`, `issue`, `progress`, and `end` as the last one.",
        "content": {"text/event-stream": {"schema": _EVENT}},
    },
    204: {"description": "All has been told: the run has ended, and the last event came through."},
}


def _look(here: Here, number: RunNumber) -> Look:
    return look_at(here.store, allowed(managing.find(here.store, number)))


LastEventId = Annotated[str | None, Header(description="The id of the last event that came through")]


@router.get("/runs/{number}/events/stream", response_class=Response, responses=_STREAM)
async def stream_events(
    request: Request, look: Annotated[Look, Depends(_look)], last_event_id: LastEventId = None
) -> Response:
    """Follow a run: moves of its status, new issues, progress every second, and its end.

    With `Last-Event-ID` the stream goes on after that event. A comment comes where fifteen seconds were silent.
    """
    told = Told.parse(last_event_id)
    if look.run.ended_at is not None and next(news(told, look), None) is None:
        return Response(status_code=204)
    return EventSourceResponse(_encoded(_follower(request), look, told), headers={"cache-control": "no-store"})


async def _encoded(follower: Follower, look: Look, told: Told) -> AsyncIterator[bytes]:
    yield format_sse_event(retry=_AGAIN_MILLISECONDS)
    async with aclosing(follower.follow(look, told)) as events:
        async for event in events:
            if event is None:
                yield KEEPALIVE_COMMENT
            else:
                yield format_sse_event(data_str=event.data, event=event.kind, id=str(event.told))


def _follower(request: Request) -> Follower:
    """The one of this server; made by whoever asks first, on its event loop."""
    state = request.app.state
    if not hasattr(state, "follower"):
        state.follower = Follower(state.context.store)
    follower = state.follower
    assert isinstance(follower, Follower)
    return follower

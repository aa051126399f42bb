"""The routes, a module for each subject."""

from fastapi import APIRouter

from periscope.server.routes import (
    about,
    books,
    data,
    drafts,
    instruments,
    looking,
    results,
    runs,
    sessions,
    strategies,
    streams,
    tokens,
    verifications,
    windows,
)

ROUTERS: tuple[APIRouter, ...] = (
    about.router,
    looking.router,
    books.router,
    results.router,
    streams.router,
    windows.router,
    verifications.router,
    runs.router,
    tokens.router,
    strategies.router,
    drafts.router,
    data.router,
    instruments.router,
    sessions.router,
)

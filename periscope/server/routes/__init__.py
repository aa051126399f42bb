"""The routes, a module for each subject."""

from fastapi import APIRouter

from periscope.server.routes import about, results, runs

ROUTERS: tuple[APIRouter, ...] = (
    about.router,
    results.router,
    runs.router,
)

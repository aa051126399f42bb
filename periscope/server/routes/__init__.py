"""The routes, a module for each subject."""

from fastapi import APIRouter

from periscope.server.routes import about, runs

ROUTERS: tuple[APIRouter, ...] = (
    about.router,
    runs.router,
)

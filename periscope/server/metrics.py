"""Figures for Prometheus: requests by route and status, runs by status."""

from collections.abc import Iterator

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector
from starlette.types import Scope as Connection

from periscope.runs.lifecycle import Status
from periscope.runs.store.store import Store

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class _RunCounts(Collector):
    def __init__(self, store: Store) -> None:
        self._store = store

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """The runs in the store, by status, as they are now."""
        counts = self._store.runs.counts()
        family = GaugeMetricFamily("periscope_runs", "Runs in the store.", labels=["status"])
        for status in Status:
            family.add_metric([status.value], counts.get(status, 0))
        yield family

    def describe(self) -> list[GaugeMetricFamily]:
        """Without asking the store."""
        return [GaugeMetricFamily("periscope_runs", "Runs in the store.", labels=["status"])]


class Metrics:
    """The figures of one app."""

    def __init__(self, store: Store) -> None:
        self._registry = CollectorRegistry()
        labels = ["method", "route", "status"]
        self._requests = Counter("periscope_requests", "Answered requests.", labels, registry=self._registry)
        self._seconds = Histogram(
            "periscope_request_seconds", "Seconds until a request was answered.", ["route"], registry=self._registry
        )
        self._registry.register(_RunCounts(store))

    def note(self, connection: Connection, status: int, seconds: float) -> None:
        """Count a request that was answered. Addresses are counted by their template: there are few of those."""
        route = getattr(connection.get("route"), "path_format", None) or "none"
        method = connection["method"] if connection["method"] in _METHODS else "other"
        self._requests.labels(method, route, str(status)).inc()
        self._seconds.labels(route).observe(seconds)

    def text(self) -> bytes:
        """As Prometheus reads it."""
        return generate_latest(self._registry)

"""The first conversation of a new process: it is told how to be confined, does it, and says so."""

import os
from typing import Protocol

from .packages import allow
from .plan import (
    CONFINE,
    CONFINED,
    FORKED,
    GO_ON,
    MAP_USERS,
    REFUSED,
    UNCONFINED,
    Plan,
    Refused,
    decode_plan,
    encode,
)


class _Channel(Protocol):
    def send(self, kind: int, body: bytes) -> None: ...

    def receive(self) -> tuple[int, bytes]: ...


def read_plan(channel: _Channel) -> Plan:
    """What the engine's process asks for."""
    kind, body = channel.receive()
    assert kind == CONFINE, "nothing comes before the plan"
    return decode_plan(body)


def be_confined(plan: Plan, channel: _Channel) -> None:
    """Give up all rights, as the plan says, and wait until the engine's process has seen that it is so.

    Where a step fails the process ends, and has said which one.
    """
    if plan.tier != UNCONFINED:
        from .confine.steps import StepError, confine

        def map_users() -> None:
            channel.send(MAP_USERS, b"")
            channel.receive()

        try:
            done = confine(plan, map_users, lambda forked: channel.send(FORKED, encode(forked)))
        except StepError as error:
            channel.send(REFUSED, encode(Refused(error.step, error.reason)))
            os._exit(1)
        channel.send(CONFINED, encode(done))
        kind, _ = channel.receive()
        assert kind == GO_ON, "the engine's process has not looked yet"
    allow(plan.modules)

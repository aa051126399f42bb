"""Texts of strategies that misbehave."""

START = """
class Strategy(Base):
    async def on_start(self, as_of_time):
        return [register(), cash(100000), order("BUY", 1), RegisterTimeStepAction(3600)]
"""


def handler(name: str, body: str, before: str = "") -> str:
    """A strategy with one more handler."""
    argument = "" if name == "on_stop" else ", event"
    lines = "".join(f"        {line}\n" for line in body.splitlines())
    return f"{before}{START}    async def {name}(self{argument}):\n{lines}"

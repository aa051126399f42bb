"""What every page is put together with: files shipped beside the code, a template, a policy that lets nothing in."""

import base64
import hashlib
import re
from functools import cache
from importlib.resources import files

from periscope.report.markup import Markup


def filled(template: str, parts: dict[str, Markup]) -> str:
    """The template with each `{{name}}` replaced once; what is put in is not looked at again."""
    return re.sub(r"\{\{(\w+)\}\}", lambda match: parts[match.group(1)], template)


def policy(*scripts: str) -> str:
    """Nothing may be loaded from anywhere, and only these scripts may run. Styles: the charts set their own."""
    hashes = " ".join(f"'sha256-{base64.b64encode(hashlib.sha256(one.encode()).digest()).decode()}'" for one in scripts)
    return f"default-src 'none'; script-src {hashes}; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"


@cache
def asset(name: str) -> str:
    """A text file of the folder `assets`."""
    return (files("periscope.report") / "assets" / name).read_text(encoding="utf-8").strip()

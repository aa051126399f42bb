"""The container recipe: what its file copies is there, and the docs, the file and `doctor` say the same command.

That the image builds and gives the confined tier takes a container engine, which a test run has not; docs/sandbox.md
says with what it was tried.
"""

import json
import re
import tomllib
from fnmatch import fnmatch

from periscope.cli.no_sandbox import CONTAINER_AGAIN, CONTAINER_COMMAND
from tests.docs.generate import ROOT

FILE = ROOT / "containers" / "Dockerfile"
LINES = [line for line in FILE.read_text().splitlines() if line and not line.startswith("#")]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())


def values(instruction: str) -> list[str]:
    return [line.removeprefix(instruction + " ") for line in LINES if line.startswith(instruction + " ")]


def copied() -> set[str]:
    return {source for line in values("COPY") for source in line.split()[:-1]}


def test_what_is_copied_is_there_and_not_ignored() -> None:
    ignored = (FILE.parent / "Dockerfile.dockerignore").read_text().splitlines()
    assert ignored[0] == "*"
    for source in copied():
        assert (ROOT / source).exists(), source
        assert f"!{source}" in ignored, source


def test_all_that_an_installation_is_built_from_is_copied() -> None:
    wheel = PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]
    needed = {PROJECT["project"]["readme"], *PROJECT["project"]["license-files"], "pyproject.toml", "uv.lock"}
    assert copied() >= needed | set(wheel["packages"]) | set(wheel["force-include"])


def test_it_runs_periscope_on_a_supported_python_without_root_and_compiled() -> None:
    (base,) = values("FROM")
    version = re.fullmatch(r"python:(\d+\.\d+)-slim", base)
    assert version is not None
    assert PROJECT["project"]["requires-python"] == f">={version[1]}"
    (entry,) = (json.loads(line) for line in values("ENTRYPOINT"))
    assert entry == ["periscope"]
    assert entry[0] in PROJECT["project"]["scripts"]
    assert values("USER") == ["periscope"]
    assert any("--compile-bytecode" in line and "--frozen" in line for line in values("RUN"))


def test_the_docs_and_the_file_say_the_command_that_doctor_prints() -> None:
    page = (ROOT / "docs" / "sandbox.md").read_text()
    blocks = re.findall(r"```text\n(.*?)```", page, flags=re.DOTALL)
    assert CONTAINER_COMMAND + "\n" in blocks
    assert CONTAINER_AGAIN + "\n" in blocks
    assert f"#   {CONTAINER_COMMAND}\n" in FILE.read_text()
    built, _, run = CONTAINER_COMMAND.partition(" && ")
    assert built == "docker build -t periscope -f containers/Dockerfile ."
    assert fnmatch(run, 'docker run --rm -v "*:/workspace" periscope demo')
    assert values("WORKDIR")[-1] == "/workspace"

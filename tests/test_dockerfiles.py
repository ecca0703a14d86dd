"""What images are built from is there: a file that was moved would be missed only when somebody builds."""

import re
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path

import pytest
import yaml

from inference.offline.archive import DOCKERFILE

ROOT = Path(__file__).resolve().parent.parent
INSTRUCTIONS = re.compile("FROM|RUN|CMD|LABEL|EXPOSE|ENV|ADD|COPY|ENTRYPOINT|VOLUME|USER|WORKDIR|ARG|ONBUILD|STOPSIGNAL|HEALTHCHECK|SHELL")
TEXTS = {"the deployment's": (ROOT / "Dockerfile").read_text(), "a downloaded model's": DOCKERFILE.format(python="3.13", port=8080)}


def instructions(text: str) -> Iterator[tuple[str, str]]:
    """Give (instruction, rest), lines that go on joined."""
    lines = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    for line in re.sub(r"\\\n", " ", "\n".join(lines)).splitlines():
        word, _, rest = line.strip().partition(" ")
        yield word, rest.strip()


def copied(text: str) -> Iterator[tuple[str, list[str]]]:
    """Give (the stage that is copied from, or "", the sources)."""
    for word, rest in instructions(text):
        if word == "COPY":
            flags = [part for part in rest.split() if part.startswith("--")]
            paths = [part for part in rest.split() if not part.startswith("--")]
            yield next((flag.removeprefix("--from=") for flag in flags if flag.startswith("--from=")), ""), paths[:-1]


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_every_line_is_an_instruction_and_every_stage_is_named_before_it_is_copied_from(text: str) -> None:
    stages: set[str] = set()
    words = []
    for word, rest in instructions(text):
        assert INSTRUCTIONS.fullmatch(word) and rest, f"{word} {rest}"
        words.append(word)
        if word == "FROM":
            base, _, name = rest.partition(" AS ")
            assert ":" in base and not base.endswith(":latest"), f"{base} names no version"
            stages.add(name)
        for flag in re.findall(r"--from=(\S+)", rest) if word == "COPY" else ():
            assert flag in stages
    assert words[0] in ("FROM", "ARG")
    assert "USER" in words[len(words) - 1 - words[::-1].index("FROM") :], "the process runs as root"


def test_what_the_deployment_copies_is_in_the_repository_and_not_ignored() -> None:
    ignored = [line.strip() for line in (ROOT / ".dockerignore").read_text().splitlines() if line.strip()]
    sources = [source for stage, paths in copied(TEXTS["the deployment's"]) if not stage for source in paths]
    assert "manage.py" in sources
    for source in sources:
        assert (ROOT / source).exists(), f"{source} is copied, and is not there"
        assert not any(fnmatch(source.rstrip("/"), each) for each in ignored), f"{source} is copied, and .dockerignore leaves it out"


def test_the_services_of_the_compose_file_build_from_what_is_there() -> None:
    services = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]
    built = [service["build"] for service in services.values() if "build" in service]
    assert built
    for build in built:
        folder = ROOT / (build if isinstance(build, str) else build.get("context", "."))
        assert (folder / ("Dockerfile" if isinstance(build, str) else build.get("dockerfile", "Dockerfile"))).is_file()

"""Which of our modules, and which packages of others, a module needs: found by reading the imports, never by a list kept by hand."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
OURS: Final = frozenset({"campaigns", "models_registry", "inference"})


@dataclass(frozen=True)
class Needed:
    """``files``: of ours, relative to ``ROOT``; ``packages``: names that are imported and belong to neither us nor Python."""

    files: tuple[Path, ...]
    packages: frozenset[str]


@lru_cache(maxsize=4)
def needed_by(*modules: str) -> Needed:
    """Return everything that modules import, imports of imports and those inside functions too, and the modules themselves."""
    found: dict[str, Path] = {}
    packages: set[str] = set()
    waiting = list(modules)
    while waiting:
        name = waiting.pop()
        file = _file_of(name)
        if file is None or name in found:
            continue
        found[name] = file.relative_to(ROOT)
        waiting.append(name.rpartition(".")[0])
        imports = set(_imports(file))
        if "pkgutil" in imports:  # a package that takes in whatever lies beside it
            waiting += [f"{name}.{other.stem}" for other in file.parent.glob("*.py") if other != file]
        for imported in imports:
            top = imported.partition(".")[0]
            if top in OURS:
                waiting.append(imported)
            elif top not in sys.stdlib_module_names:
                packages.add(top)
    return Needed(tuple(sorted(found.values())), frozenset(packages))


def _file_of(name: str) -> Path | None:
    """Return the file of a module; None for a name that is something inside one."""
    path = ROOT.joinpath(*name.split("."))
    places = (path.with_suffix(".py"), path / "__init__.py") if name else ()
    return next((place for place in places if place.is_file()), None)


def _imports(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (each.name for each in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{each.name}" for each in node.names)

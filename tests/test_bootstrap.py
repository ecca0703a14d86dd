"""The preparation of a fresh clone, without a network."""

import sys
from pathlib import Path

import pytest

from config import bootstrap
from config.bootstrap import CannotPrepareError


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Keep the checkout's own environment out of it."""
    monkeypatch.setattr(bootstrap, "ROOT", tmp_path)
    monkeypatch.setattr(bootstrap, "VENV", tmp_path / ".venv")
    monkeypatch.setattr(bootstrap, "STAMPS", tmp_path / ".venv" / "stamps")
    monkeypatch.setattr(bootstrap, "LOG", tmp_path / "build" / "install.log")
    return tmp_path


def test_a_step_is_done_once_for_the_same_parts():
    done = []
    for version in ("1", "1", "2", "2"):
        bootstrap.step("packages", bootstrap.key_of("packages", version), lambda: done.append(1))
    assert len(done) == 2


def test_a_failed_step_is_done_again():
    def fail() -> None:
        raise CannotPrepareError("no network")

    key = bootstrap.key_of("a")
    with pytest.raises(CannotPrepareError):
        bootstrap.step("packages", key, fail)
    assert not bootstrap.fits("packages", key)


def test_parts_are_kept_apart():
    assert bootstrap.key_of("ab", "c") != bootstrap.key_of("a", "bc")


def test_a_failed_command_shows_its_last_lines_and_one_sentence(capsys: pytest.CaptureFixture[str]):
    with pytest.raises(CannotPrepareError, match=r"it could not be made; the lines above and .*install\.log say why"):
        bootstrap.command([sys.executable, "-c", "print('what went wrong'); raise SystemExit(3)"], "it could not be made")
    assert "what went wrong" in capsys.readouterr().err


def test_a_missing_tool_is_named():
    with pytest.raises(CannotPrepareError, match="no-such-tool was not found; it could not be made"):
        bootstrap.command(["no-such-tool"], "it could not be made")


def test_a_full_disk_is_told_before_the_download(elsewhere: Path):
    with pytest.raises(CannotPrepareError, match="of free disk are needed"):
        bootstrap.check_space(10**18)


def test_a_smaller_torch_is_taken_from_where_the_person_says(elsewhere: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("WINNOW_TORCH_WHEELS", str(elsewhere))
    assert bootstrap.torch_source() == ["--no-index", "--find-links", str(elsewhere)]
    monkeypatch.setenv("WINNOW_TORCH_WHEELS", str(elsewhere / "missing"))
    with pytest.raises(CannotPrepareError, match="which is no folder"):
        bootstrap.torch_source()


def test_the_environment_is_made_anew_when_the_checkout_was_moved(elsewhere: Path):
    script = elsewhere / ".venv" / "bin" / "pip"
    script.parent.mkdir(parents=True)
    script.write_text("#!/somewhere/else/.venv/bin/python\n")
    assert not bootstrap.belongs_here()


def test_an_environment_that_another_working_tree_owns_is_left_alone(elsewhere: Path):
    owned = elsewhere / "first" / ".venv"
    owned.mkdir(parents=True)
    (owned / "pyvenv.cfg").write_text("kept")
    (elsewhere / ".venv").symlink_to(owned)
    bootstrap.prepare("test")
    assert (owned / "pyvenv.cfg").read_text() == "kept"
    assert not (elsewhere / "build").exists()

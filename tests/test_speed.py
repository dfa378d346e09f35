"""The environment of the tests: processes keep bytecode, folders are in memory where there is room."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from builders import speed
from flask import Flask, render_template
from jinja2 import Environment

ASK = "import sys; print(sys.dont_write_bytecode)"


def test_started_processes_keep_their_bytecode() -> None:
    done = subprocess.run([sys.executable, "-c", ASK], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "False"


def test_who_wants_no_bytecode_beside_the_sources_gets_it_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    monkeypatch.delenv("PYTHONPYCACHEPREFIX", raising=False)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    monkeypatch.setattr(sys, "pycache_prefix", None)

    speed.cache_bytecode()

    assert "PYTHONDONTWRITEBYTECODE" not in os.environ
    assert os.environ["PYTHONPYCACHEPREFIX"] == sys.pycache_prefix
    assert ".pytest_cache" in str(sys.pycache_prefix)
    assert not sys.dont_write_bytecode


def test_what_was_collected_is_looked_through_no_more() -> None:
    made: list[object] = []
    with speed.growing():
        assert not gc.isenabled()
        made.append(made)

    assert gc.isenabled()
    assert all(one is not made for one in gc.get_objects())


@pytest.mark.parametrize(("free", "used"), [(1024**3, False), (4 * 1024**3, True)])
def test_memory_is_used_if_there_is_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free: int, *, used: bool
) -> None:
    class Usage:
        def __init__(self, _: Any) -> None:
            self.free = free

    monkeypatch.delenv("PYTEST_DEBUG_TEMPROOT", raising=False)
    monkeypatch.setattr(speed, "_MEMORY", tmp_path)
    monkeypatch.setattr(speed.shutil, "disk_usage", Usage)

    speed.keep_files_in_memory()

    assert os.environ.get("PYTEST_DEBUG_TEMPROOT") == (str(tmp_path) if used else None)


def test_a_folder_that_is_not_there_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PYTEST_DEBUG_TEMPROOT", raising=False)
    monkeypatch.setattr(speed, "_MEMORY", tmp_path / "none")

    speed.keep_files_in_memory()

    assert "PYTEST_DEBUG_TEMPROOT" not in os.environ


def test_a_place_that_somebody_chose_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTEST_DEBUG_TEMPROOT", "chosen")
    monkeypatch.setattr(speed, "_MEMORY", tmp_path)

    speed.keep_files_in_memory()

    assert os.environ["PYTEST_DEBUG_TEMPROOT"] == "chosen"


def test_applications_share_templates_until_one_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    compiled: list[str] = []
    compile_one = Environment.compile

    def counted(environment: Environment, source: str, *more: Any, **named: Any) -> Any:
        compiled.append(source)
        return compile_one(environment, source, *more, **named)

    monkeypatch.setattr(Environment, "compile", counted)
    shown = []
    for text in ("one {{ 1 }}", "one {{ 1 }}", "two {{ 2 }}"):
        (tmp_path / "page.html").write_text(text, encoding="utf-8")
        app = Flask("test", template_folder=tmp_path)
        with app.app_context():
            shown.append(render_template("page.html"))

    assert shown == ["one 1", "one 1", "two 2"]
    assert compiled == ["one {{ 1 }}", "two {{ 2 }}"]


@pytest.mark.parametrize(("profile", "left_out"), [("", True), ("default", True), ("thorough", False)])
def test_lasting_tests_are_left_out_with_a_word_and_never_in_the_thorough_profile(
    profile: str, *, left_out: bool
) -> None:
    command = ["make", "--dry-run", "--no-print-directory", "unit", f"QUOTABOT_TEST_PROFILE={profile}"]
    shown = subprocess.run(command, cwd=speed.ROOT, capture_output=True, text=True, check=True).stdout

    assert subprocess.run(["sh", "-n"], input=shown, text=True, check=False).returncode == 0
    assert ('-m "not lasting"' in shown) is left_out
    assert ("Left out: tests marked lasting" in shown) is left_out


def test_ci_runs_the_thorough_profile() -> None:
    lines = (speed.ROOT / ".ci" / "run").read_text("utf-8").splitlines()
    made = next(place for place, line in enumerate(lines) if line.endswith(" make test"))

    assert "export QUOTABOT_TEST_PROFILE=thorough" in lines[:made]

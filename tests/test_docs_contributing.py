"""The patches of CONTRIBUTING.md fit the code: applied to a copy of the product, they do what they say."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from builders.docs import LANGUAGES, ROOT, section, text_of

PATCHES = [
    ROOT / "docs" / "examples" / f"{name}.patch"
    for name in ("add-a-text", "add-a-chat-command", "add-an-event", "add-a-job", "add-a-rule")
]
FILE = re.compile(r"^diff --git a/(\S+) b/\1\n(.*?)(?=^diff |\Z)", re.MULTILINE | re.DOTALL)
HUNK = re.compile(r"^@@ .*\n((?:[ +-].*\n|\n)+)", re.MULTILINE)
IN_EACH_LANGUAGE = pytest.mark.parametrize("language", LANGUAGES)
COPIED = ("bot", "handlers", "scheduler", "sandbox", "tests/builders")


def lines_of(diff: str, signs: str) -> str:
    """Return the lines of *diff* that begin with one of *signs*, without it; a blank line is context."""
    return "".join(line[1:] or "\n" for line in diff.splitlines(keepends=True) if line[0] in signs)


def changes() -> Iterator[tuple[str, list[str]]]:
    """Yield each file that a patch changes, with its hunks, in the order of the page."""
    for patch in PATCHES:
        for name, text in FILE.findall(patch.read_text(encoding="utf-8")):
            yield name, HUNK.findall(text)


def apply(path: Path, hunks: list[str]) -> None:
    """Change the file by the hunks, or make it. Each hunk must fit in one place only, wherever it is."""
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    for hunk in hunks:
        old, new = lines_of(hunk, " -\n"), lines_of(hunk, " +\n")
        assert text.count(old) == 1, f"{path.name}: fits in {text.count(old)} places:\n{hunk}"
        text = text.replace(old, new)
    path.write_text(text, encoding="utf-8")


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Return a copy of the product with all examples applied; its bytecode does not stay."""
    folder = tmp_path_factory.mktemp("contributing")
    for room in COPIED:
        shutil.copytree(ROOT / room, folder / room, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", folder)
    shutil.copy(ROOT / "tests" / "conftest.py", folder / "tests")
    shutil.copy(ROOT / "tests" / "examples" / "contributing.py", folder / "tests" / "test_examples.py")
    for name, hunks in changes():
        apply(folder / name, hunks)
    yield folder
    if sys.pycache_prefix is not None:
        shutil.rmtree(Path(sys.pycache_prefix) / folder.relative_to("/"), ignore_errors=True)


def run(folder: Path, *command: str) -> None:
    found = subprocess.run(
        [sys.executable, *command],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert found.returncode == 0, found.stdout + found.stderr


@IN_EACH_LANGUAGE
def test_the_page_shows_a_patch_of_each_kind(language: str) -> None:
    shown = re.findall(
        r"^\| [^|]+ \| \[([\w-]+\.patch)\]\(docs/examples/\1\)",
        section("CONTRIBUTING", "Five examples", language),
        re.M,
    )
    rooms = {name.partition("/")[0] for name, _ in changes()}

    assert shown == [patch.name for patch in PATCHES]
    assert set(PATCHES) == set((ROOT / "docs" / "examples").glob("*.patch"))
    assert rooms == {"bot", "handlers", "scheduler", "pyproject.toml"}


def test_the_examples_work(copy: Path) -> None:
    run(copy, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/test_examples.py")


def test_the_examples_look_like_the_code(copy: Path) -> None:
    changed = sorted({name for name, _ in changes() if name.endswith(".py")})

    run(copy, "-m", "ruff", "format", "--check", *changed)
    run(copy, "-m", "ruff", "check", *changed)


def test_the_examples_keep_the_import_order(copy: Path) -> None:
    script = "import sys; from importlinter.cli import lint_imports_command; lint_imports_command()"

    run(copy, "-c", script, "--no-cache")


@IN_EACH_LANGUAGE
def test_every_target_of_make_that_the_page_names_exists(language: str) -> None:
    targets = set(re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    named = {
        target
        for words in re.findall(r"`make ([\w -]+)`", text_of("CONTRIBUTING", language))
        for target in words.split()
    }

    assert {"lint", "test"} <= named
    assert named <= targets


def test_the_hooks_run_tools_of_the_environment_and_load_none_from_elsewhere() -> None:
    hooks = (ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8")

    assert re.findall(r"^  - repo: (.+)$", hooks, re.MULTILINE) == ["local"]
    assert set(re.findall(r"^        language: (.+)$", hooks, re.MULTILINE)) == {"system"}
    tools = re.findall(r"^        entry: (\S+)", hooks, re.MULTILINE)
    assert len(tools) == 4
    assert [tool for tool in tools if not (Path(sys.executable).parent / Path(tool).name).exists()] == []

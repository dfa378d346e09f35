"""The examples of CONTRIBUTING.md fit the code: applied to a copy of the product, they do what they say."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
# A file that is there stands in backticks, as on all pages; one that the example makes is bold.
STEP = re.compile(
    r"^(In|New file|At the end of) (?:`|\*\*)([\w./-]+)(?:`|\*\*):\n\n```(\w+)\n(.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
COPIED = ("bot", "handlers", "scheduler", "sandbox", "tests/builders")


def lines_of(diff: str, signs: str) -> str:
    """Return the lines of *diff* that begin with one of *signs*, without it; a blank line is context."""
    return "".join(line[1:] or "\n" for line in diff.splitlines(keepends=True) if line[0] in signs)


def apply(kind: str, path: Path, text: str) -> None:
    """Do one step of the page. A diff must fit in one place only."""
    if kind == "New file":
        assert not path.exists()
        path.write_text(text, encoding="utf-8")
        return
    before = path.read_text(encoding="utf-8")
    if kind == "At the end of":
        path.write_text(before + text, encoding="utf-8")
        return
    old, new = lines_of(text, " -\n"), lines_of(text, " +\n")
    assert before.count(old) == 1, f"{path.name}: fits in {before.count(old)} places:\n{old}"
    path.write_text(before.replace(old, new), encoding="utf-8")


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a copy of the product with all examples applied."""
    folder = tmp_path_factory.mktemp("contributing")
    for room in COPIED:
        shutil.copytree(ROOT / room, folder / room, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", folder)
    shutil.copy(ROOT / "tests" / "conftest.py", folder / "tests")
    shutil.copy(ROOT / "tests" / "examples" / "contributing.py", folder / "tests" / "test_examples.py")
    for kind, name, _, text in STEP.findall(PAGE):
        apply(kind, folder / name, text)
    return folder


def run(folder: Path, *command: str) -> None:
    found = subprocess.run(
        [sys.executable, *command],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder), "PYTHONPYCACHEPREFIX": str(folder / "bytecode")},
        capture_output=True,
        text=True,
        check=False,
    )

    assert found.returncode == 0, found.stdout + found.stderr


def test_the_page_has_an_example_of_each_kind() -> None:
    headings = re.findall(r"^### (.+)$", PAGE, re.MULTILINE)
    rooms = {name.partition("/")[0] for _, name, _, _ in STEP.findall(PAGE)}

    assert headings == ["A text", "A chat command", "An event", "A job", "A rule"]
    assert rooms == {"bot", "handlers", "scheduler", "pyproject.toml"}
    assert len(STEP.findall(PAGE)) == len(re.findall(r"^```(?:diff|python|toml)$", PAGE, re.MULTILINE))


def test_the_examples_work(copy: Path) -> None:
    run(copy, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/test_examples.py")


def test_the_examples_look_like_the_code(copy: Path) -> None:
    changed = sorted({name for _, name, _, _ in STEP.findall(PAGE) if name.endswith(".py")})

    run(copy, "-m", "ruff", "format", "--check", *changed)
    run(copy, "-m", "ruff", "check", *changed)


def test_the_examples_keep_the_import_order(copy: Path) -> None:
    script = "import sys; from importlinter.cli import lint_imports_command; lint_imports_command()"

    run(copy, "-c", script, "--no-cache")


def test_every_target_of_make_that_the_page_names_exists() -> None:
    targets = set(re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    named = {target for words in re.findall(r"`make ([\w -]+)`", PAGE) for target in words.split()}

    assert {"lint", "test"} <= named
    assert named <= targets


def test_the_hooks_run_tools_of_the_environment_and_load_none_from_elsewhere() -> None:
    hooks = (ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8")

    assert re.findall(r"^  - repo: (.+)$", hooks, re.MULTILINE) == ["local"]
    assert set(re.findall(r"^        language: (.+)$", hooks, re.MULTILINE)) == {"system"}
    tools = re.findall(r"^        entry: (\S+)", hooks, re.MULTILINE)
    assert len(tools) == 4
    assert [tool for tool in tools if not (Path(sys.executable).parent / Path(tool).name).exists()] == []

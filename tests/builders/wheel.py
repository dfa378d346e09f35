"""Builders of the wheel that deployments install; it is built from a copy, because building leaves files."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
_IMPORTED = re.compile(r'^\s*(?:from|import) (\w+)|"-m", "(\w+)"', re.MULTILINE)


def shipped_folders() -> set[str]:
    """Return the folders of the product: `bot`, and what is imported or started from there on."""
    folders, found = {path.parent.name for path in ROOT.glob("*/__init__.py")}, {"bot"}
    while True:
        text = "\n".join(
            path.read_text(encoding="utf-8") for folder in found for path in (ROOT / folder).rglob("*.py")
        )
        more = {name for pair in _IMPORTED.findall(text) for name in pair} & folders
        if more <= found:
            return found
        found |= more


def shipped_files() -> set[str]:
    """Return every file of these folders, by its path in the repository; what Python compiled is none."""
    return {
        path.relative_to(ROOT).as_posix()
        for folder in shipped_folders()
        for path in (ROOT / folder).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


def build_wheel(folder: Path) -> Path:
    """Build the wheel in *folder* with the locked build backend; return it."""
    source = folder / "source"
    source.mkdir()
    for path in ROOT.iterdir():
        if path.is_file():
            shutil.copy(path, source)
        elif (path / "__init__.py").exists():
            shutil.copytree(path, source / path.name, ignore=shutil.ignore_patterns("__pycache__"))
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--disable-pip-version-check", "--no-index"]
    options = ["--no-deps", "--no-build-isolation", "--wheel-dir", str(folder), str(source)]
    subprocess.run([*command, *options], check=True)
    (wheel,) = folder.glob("*.whl")
    return wheel

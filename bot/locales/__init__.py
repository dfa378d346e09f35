"""The texts that people read, a file for each language: a further language is a further file."""

from __future__ import annotations

from pathlib import Path

FOLDER = Path(__file__).parent
DEFAULT = "zh-CN"


def languages() -> tuple[str, ...]:
    """Return the names of all languages, the default first; no file is opened."""
    return tuple(
        sorted((file.stem for file in FOLDER.glob("*.toml")), key=lambda name: (name != DEFAULT, name))
    )


def file_of(language: str) -> Path:
    """Return the file of *language*, one of `languages`."""
    return FOLDER / f"{language}.toml"

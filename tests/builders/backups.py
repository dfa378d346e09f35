"""A configuration on either engine, for the tests of backups."""

from __future__ import annotations

from pathlib import Path

import pytest

from builders import config as config_files
from builders.copy import ROSTER
from builders.postgres import programs


def write_config(folder: Path, where: Path | str, *, more: str = "") -> Path:
    """A configuration in *folder* whose store is at *where*."""
    (folder / "roster.csv").write_text(ROSTER, encoding="utf-8")
    url = f"sqlite:///{where}" if isinstance(where, Path) else where
    path = folder / "config.toml"
    path.write_text(config_files.MINIMAL + f'[store]\nurl = "{url}"\n' + more, encoding="utf-8")
    return path


def use_programs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let `pg_dump` be the one of the tests' server."""
    monkeypatch.setenv("PATH", f"{programs() / 'pginstall/bin'}:/usr/bin:/bin")

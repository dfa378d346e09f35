"""The audit of dependencies: what uv finds fails, what uv cannot ask is said aloud and does not fail."""

from __future__ import annotations

import importlib.util
import re
import tomllib
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parent.parent


@pytest.fixture
def audit() -> ModuleType:
    spec = importlib.util.spec_from_file_location("audit", ROOT / "deploy" / "audit.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def uv_that(folder: Path, *, says: str, code: int) -> str:
    path = folder / "uv"
    path.write_text(f"#!/bin/sh\necho '{says}' >&2\nexit {code}\n")
    path.chmod(0o755)
    return str(path)


@pytest.mark.parametrize(
    ("says", "code", "ends", "told"),
    [
        pytest.param("Found no known vulnerabilities", 0, 0, "requirements.txt: Found no", id="none"),
        pytest.param("Found 1 known vulnerability in flask", 1, 1, "in flask", id="one"),
        pytest.param("error: Request failed after 3 retries", 2, 0, "SKIPPED", id="no OSV"),
        pytest.param("error: Failed to fetch: https://pypi.org/simple/a/", 2, 0, "SKIPPED", id="no index"),
        pytest.param("error: unexpected argument", 2, 1, "unexpected argument", id="a fault of ours"),
    ],
)
def test_what_uv_says_decides(
    audit: ModuleType,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    says: str,
    code: int,
    ends: int,
    told: str,
) -> None:
    ended = audit.audit("requirements.txt", uv=uv_that(tmp_path, says=says, code=code))

    assert ended == ends
    assert told in capsys.readouterr().out


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt"])
def test_every_pinned_package_is_audited(audit: ModuleType, name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    project = tomllib.loads(audit.project_of(text))["project"]

    assert len(project["dependencies"]) == len(re.findall(r"^\S+==", text, re.MULTILINE)) > 40
    assert not [line for line in project["dependencies"] if "--hash" in line or line.endswith("\\")]

"""The release: bill of materials and licences say what ships; the recipe needs the folder alone."""

from __future__ import annotations

import json
import re
import runpy
import shlex
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bot import __version__

ROOT = Path(__file__).parent.parent
DIST = runpy.run_path(str(ROOT / "deploy" / "dist.py"), run_name="dist")
# Only on other systems: of these the lock has lines, and this environment has no package.
ELSEWHERE = {
    "colorama",
    "tzdata",
    "exceptiongroup",
    "async-timeout",
    "greenlet",
    "typing-extensions",
    "backports-zstd",
}


@pytest.fixture(scope="module")
def packages() -> list[dict[str, Any]]:
    """Metadata of what the lock names, as installed here; development packages are left out."""
    inspect = [sys.executable, "-m", "pip", "inspect", "--local", "--disable-pip-version-check"]
    done = subprocess.run(inspect, check=True, capture_output=True, text=True)
    found = [one["metadata"] for one in json.loads(done.stdout)["installed"]]
    return [one for one in found if name_of(one) in locked() or one["name"] == "wecom-quota-bot"]


def name_of(package: dict[str, Any]) -> str:
    return re.sub(r"[-_.]+", "-", package["name"]).lower()


def locked() -> set[str]:
    text = (ROOT / "requirements.txt").read_text(encoding="utf-8")
    return set(re.findall(r"^([a-z0-9-]+)==", text, re.MULTILINE)) - {"setuptools"}


def test_the_bill_names_every_locked_package_with_version_and_licence(packages: list[dict[str, Any]]) -> None:
    bill = DIST["bill_of"](packages, version=__version__, at=datetime(2026, 11, 30, tzinfo=UTC))
    named = {component["name"].lower().replace("_", "-"): component for component in bill["components"]}

    assert (bill["bomFormat"], bill["specVersion"]) == ("CycloneDX", "1.6")
    assert bill["metadata"]["component"]["version"] == __version__
    assert locked() - set(named) - ELSEWHERE == set()
    assert [name for name, component in named.items() if not component.get("licenses")] == []
    refs = {component["bom-ref"] for component in bill["components"]}
    assert set(bill["dependencies"][0]["dependsOn"]) == refs
    assert all(re.fullmatch(r"pkg:pypi/[a-z0-9-]+@\S+", ref) for ref in refs)


def test_the_licences_stand_in_a_table(packages: list[dict[str, Any]]) -> None:
    table = DIST["licence_table"](packages)

    assert re.search(r"^\| Flask \| \S+ \| BSD-3-Clause \|$", table, re.MULTILINE)
    assert "see its files" not in table


@pytest.mark.parametrize(
    ("metadata", "licence"),
    [
        pytest.param({"name": "a", "license_expression": "MIT"}, "MIT", id="an expression"),
        pytest.param({"name": "a", "license": "BSD"}, "BSD", id="a name"),
        pytest.param(
            {"name": "a", "license": "x" * 99, "classifier": ["License :: OSI Approved :: MIT License"]},
            "MIT License",
            id="a whole text, and a classifier",
        ),
        pytest.param({"name": "a", "license": "UNKNOWN"}, "", id="nothing"),
    ],
)
def test_a_licence_is_read_from_wherever_it_is_stated(metadata: dict[str, Any], licence: str) -> None:
    assert DIST["licence_of"](metadata) == licence


def test_the_recipe_of_the_image_needs_only_what_the_folder_has() -> None:
    lines = DIST["_IMAGE"].replace("\\\n", " ").splitlines()
    words = [shlex.split(line) for line in lines if line and not line.startswith("#")]
    copied = [source for word in words if word[0] == "COPY" for source in word[1:-1]]

    assert copied == ["requirements.txt", "*.whl"]
    assert ["USER", "10001:10001"] in words

"""Build what a release consists of, and try it in an empty environment, with the demo's tour: `make dist`.

dist/ then has the wheel, the locked requirements, the recipe of the image, a software bill of materials
(CycloneDX 1.6), the licences of all that ships, and the checksums of these files.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
NAME = "wecom-quota-bot"
# Licences that a package states by a text only, or not in its metadata; looked up in its sources.
KNOWN = {"wechatpy": "MIT", "pylopdf-fonts-zh-cn": "OFL-1.1", "optionaldict": "MIT"}
_LONGEST_NAME = 60
_DEVELOPMENT = {"pytest", "mypy", "ruff", "hypothesis"}
_LICENCE_FILES = re.compile(r"(licen[cs]e|copying|notice|ofl)", re.IGNORECASE)

_IMAGE = """\
# The image from the wheel, out of this folder alone:  docker build -t quotabot dist
FROM python:3.12-slim
ARG PIP_INDEX_URL
ARG PIP_TRUSTED_HOST
COPY requirements.txt *.whl /tmp/dist/
RUN pip install --no-cache-dir --disable-pip-version-check --require-hashes -r /tmp/dist/requirements.txt \\
    && pip install --no-cache-dir --disable-pip-version-check --no-deps /tmp/dist/*.whl \\
    && rm -r /tmp/dist \\
    && groupadd --gid 10001 quotabot \\
    && useradd --uid 10001 --gid quotabot --home-dir /var/lib/quotabot --no-create-home quotabot \\
    && install -d -o quotabot -g quotabot -m 700 /var/lib/quotabot
ENV PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 \\
    QUOTABOT_CONFIG=/etc/quotabot/config.toml STATE_DIRECTORY=/var/lib/quotabot
USER 10001:10001
WORKDIR /var/lib/quotabot
EXPOSE 8080
ENTRYPOINT ["quotabot"]
CMD ["serve"]
"""


def licence_of(package: Mapping[str, Any]) -> str:
    """Return the licence that the metadata of *package* states, in a few words; empty if none."""
    if expression := package.get("license_expression"):
        return str(expression)
    if known := KNOWN.get(package["name"].lower()):
        return known
    stated = str(package.get("license") or "").strip()
    if stated not in ("", "UNKNOWN") and len(stated) <= _LONGEST_NAME and "\n" not in stated:
        return stated
    lines = [line for line in package.get("classifier", []) if line.startswith("License ::")]
    names = [line.rpartition(" :: ")[2] for line in lines]
    return " AND ".join(name for name in names if name != "OSI Approved")


def bill_of(packages: Iterable[Mapping[str, Any]], *, version: str, at: datetime) -> dict[str, Any]:
    """Return the bill of materials of the installed *packages* (metadata as `pip inspect` gives it)."""
    others = sorted((one for one in packages if one["name"] != NAME), key=lambda one: one["name"].lower())
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid.uuid4()}",
        "version": 1,
        "metadata": {
            "timestamp": at.isoformat(timespec="seconds"),
            "component": {
                "type": "application",
                "bom-ref": f"pkg:pypi/{NAME}@{version}",
                "name": NAME,
                "version": version,
                "purl": f"pkg:pypi/{NAME}@{version}",
                "licenses": [{"license": {"id": "Apache-2.0"}}],
            },
        },
        "components": [_component(one) for one in others],
        "dependencies": [{"ref": f"pkg:pypi/{NAME}@{version}", "dependsOn": [_purl(one) for one in others]}],
    }


def _component(package: Mapping[str, Any]) -> dict[str, Any]:
    licence = licence_of(package)
    component = {
        "type": "library",
        "bom-ref": _purl(package),
        "name": package["name"],
        "version": package["version"],
        "purl": _purl(package),
    }
    return component | ({"licenses": [{"license": {"name": licence}}]} if licence else {})


def _purl(package: Mapping[str, Any]) -> str:
    name = re.sub(r"[-_.]+", "-", package["name"]).lower()
    return f"pkg:pypi/{name}@{package['version']}"


def licence_table(packages: Iterable[Mapping[str, Any]]) -> str:
    """Return a page with the licence of each package."""
    rows = [
        f"| {one['name']} | {one['version']} | {licence_of(one) or 'see its files'} |"
        for one in sorted(packages, key=lambda one: str(one["name"]).lower())
    ]
    head = ["# Licences of what ships", "", "The texts stand in the folder `licences`.", ""]
    return "\n".join([*head, "| package | version | licence |", "| --- | --- | --- |", *rows]) + "\n"


def build(folder: Path) -> str:
    """Fill *folder*; return the version. Raises CalledProcessError if something does not work."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    with tempfile.TemporaryDirectory(prefix="quotabot-dist-") as place:
        wheel = _wheel(folder, Path(place))
        shutil.copy(ROOT / "requirements.txt", folder)
        shutil.copy(ROOT / "CHANGELOG.md", folder)
        (folder / "Dockerfile").write_text(_IMAGE, encoding="utf-8")
        python = _installed(folder, wheel, Path(place) / "venv")
        version = _tried(python, Path(place))
        packages = [one["metadata"] for one in _json(python, "-m", "pip", "inspect", "--local")["installed"]]
        packages = [one for one in packages if one["name"].lower() not in {"pip", "setuptools"}]
        if strange := _DEVELOPMENT & {one["name"].lower() for one in packages}:
            sys.exit(f"development packages in a deployment: {', '.join(sorted(strange))}")
        bill = bill_of(packages, version=version, at=datetime.now(UTC))
        (folder / "sbom.cdx.json").write_text(json.dumps(bill, indent=2) + "\n", encoding="utf-8")
        (folder / "LICENCES.md").write_text(licence_table(packages), encoding="utf-8")
        _copy_licences(Path(place) / "venv", folder / "licences")
    files = sorted(one for one in folder.iterdir() if one.is_file())
    sums = [f"{hashlib.sha256(one.read_bytes()).hexdigest()}  {one.name}\n" for one in files]
    (folder / "SHA256SUMS").write_text("".join(sums), encoding="utf-8")
    return version


def _wheel(folder: Path, place: Path) -> Path:
    """Build the wheel from a copy of the source: building leaves files."""
    unneeded = ("__pycache__", ".*", "dist", "tests", "bench", "pictures", "docs", "*.egg-info")
    shutil.copytree(ROOT, place / "source", ignore=shutil.ignore_patterns(*unneeded))
    options = ["--quiet", "--disable-pip-version-check", "--no-index", "--no-deps", "--no-build-isolation"]
    command = [sys.executable, "-m", "pip", "wheel", *options, "--wheel-dir", str(folder)]
    subprocess.run([*command, str(place / "source")], check=True)
    (wheel,) = folder.glob("*.whl")
    return wheel


def _installed(folder: Path, wheel: Path, venv: Path) -> Path:
    """Install from *folder* alone into an empty environment; return its Python."""
    subprocess.run([sys.executable, "-m", "venv", str(venv)], check=True)
    python = venv / "bin" / "python"
    pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "--require-hashes", "-r", str(folder / "requirements.txt")], check=True)
    subprocess.run([*pip, "--no-deps", str(wheel)], check=True)
    subprocess.run([str(python), "-m", "pip", "check"], check=True, stdout=subprocess.DEVNULL)
    return python


def _tried(python: Path, place: Path) -> str:
    """Try the installed program in an empty folder; return its version."""
    empty = place / "empty"
    empty.mkdir()
    program = str(python.with_name("quotabot"))
    described = _json(Path(program), "help-json")
    answers = {
        "--language": "en",
        "--source": "csv",
        "--corp-id": "ww0123456789abcdef",
        "--agent-id": "1000002",
        "--secret-env": "HOME",  # any variable that is set
        "--public-url": "https://quota.example.com",
        "--admins": "zhangsan,lisi",
        "--target": "50",
    }
    command = [program, "init", *(word for pair in answers.items() for word in pair)]
    subprocess.run(command, cwd=empty, check=True, stdout=subprocess.DEVNULL)
    checked = subprocess.run([program, "check"], cwd=empty, check=False, capture_output=True, text=True)
    if checked.returncode:
        sys.exit(f"the installed program refuses the file that it wrote:\n{checked.stderr}")
    environ = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    subprocess.run([program, "demo", "--tour"], cwd=empty, env=environ, check=True)
    return str(described["version"])


def _copy_licences(venv: Path, folder: Path) -> None:
    """Copy the licence texts that the packages bring."""
    for info in sorted(venv.glob("lib/python*/site-packages/*.dist-info")):
        texts = [one for one in info.rglob("*") if one.is_file() and _LICENCE_FILES.match(one.name)]
        for text in texts:
            target = folder / info.name.removesuffix(".dist-info") / text.name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(text, target)


def _json(program: Path, *arguments: str) -> dict[str, Any]:
    done = subprocess.run([str(program), *arguments], check=True, capture_output=True, text=True)
    read: dict[str, Any] = json.loads(done.stdout)
    return read


def main() -> None:
    """Build into the folder that is named."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?", default=ROOT / "dist")
    folder = parser.parse_args().folder
    version = build(folder)
    print(f"{folder}: wheel, image recipe, SBOM and licences of {version}, tried in an empty environment")


if __name__ == "__main__":
    main()

"""Install the wheel as a deployment does, without development packages, and play its tour: `make smoke`."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from builders.wheel import ROOT, build_wheel

_DEVELOPMENT = {"pytest", "mypy", "ruff", "hypothesis"}


def main() -> None:
    """Raise an error at the first step that fails."""
    with tempfile.TemporaryDirectory(prefix="quotabot-smoke-") as place:
        folder = Path(place)
        (folder / "built").mkdir()
        wheel = build_wheel(folder / "built")
        subprocess.run([sys.executable, "-m", "venv", str(folder / "venv")], check=True)
        pip = [str(folder / "venv/bin/python"), "-m", "pip", "--disable-pip-version-check"]
        run = [*pip, "install", "--quiet"]
        subprocess.run(
            [*run, "--require-hashes", "--requirement", str(ROOT / "requirements.txt")], check=True
        )
        subprocess.run([*run, "--no-deps", str(wheel)], check=True)
        subprocess.run([*pip, "check"], check=True)
        listed = subprocess.run(
            [*pip, "list", "--format", "json"], check=True, capture_output=True, text=True
        )
        strange = _DEVELOPMENT & {one["name"].lower() for one in json.loads(listed.stdout)}
        assert not strange, f"development packages in a deployment: {', '.join(sorted(strange))}"
        empty = folder / "empty"
        empty.mkdir()
        environ = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
        subprocess.run(
            [str(folder / "venv/bin/quotabot"), "demo", "--tour"], cwd=empty, env=environ, check=True
        )
    print("smoke: the wheel is installed without development packages, and the demo's tour came to its end")


if __name__ == "__main__":
    main()

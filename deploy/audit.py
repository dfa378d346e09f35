"""`make audit`: known vulnerabilities of the locked packages, from the OSV database by way of `uv audit`.

Exit code 1 if there are any. Where OSV or the index cannot be reached it says SKIPPED and exits 0: a machine
without a network must be able to build.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
_PINNED = re.compile(r"^([A-Za-z0-9._-]+(?:\[[\w,-]+\])?==[^\\]+?)\s*\\?$", re.MULTILINE)
_LONGEST_S = 120
# What uv says when a server could not be asked; anything else that fails is a fault of ours.
_UNREACHABLE = re.compile(r"Request failed|error sending request|Failed to fetch|network connectivity", re.I)


def project_of(requirements: str) -> str:
    """Return a project that needs just the packages pinned in *requirements*; uv audits nothing else."""
    pinned = "".join(f"  '''{line}''',\n" for line in _PINNED.findall(requirements))
    head = '[project]\nname = "audited"\nversion = "0"\nrequires-python = ">=3.11"\n'
    return f"{head}dependencies = [\n{pinned}]\n"


def audit(name: str, *, uv: str) -> int:
    """Audit the lock file *name* and say what came of it; return the exit code."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "pyproject.toml").write_text(project_of((ROOT / name).read_text(encoding="utf-8")))
        try:
            done = subprocess.run(
                [uv, "audit"], cwd=folder, capture_output=True, text=True, timeout=_LONGEST_S, check=False
            )
        except subprocess.TimeoutExpired:
            return _skipped(name, f"no answer within {_LONGEST_S} s")
    told = (done.stdout + done.stderr).strip()
    if done.returncode and _UNREACHABLE.search(told):
        return _skipped(name, next(iter(re.findall(r"error: (.+)", told)), "no network"))
    print(f"{name}: {told}")
    return int(done.returncode != 0)


def _skipped(name: str, why: str) -> int:
    print(f"SKIPPED: {name} was not audited, nobody could be asked for vulnerabilities ({why})")
    return 0


if __name__ == "__main__":
    uv = str(Path(sys.executable).parent / "uv")
    sys.exit(max(audit(name, uv=uv) for name in ("requirements.txt", "requirements-dev.txt")))

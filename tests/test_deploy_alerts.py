"""The alert rules, tried by Prometheus' own tool: each fires for its fault, none while all is well."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

MONITORING = Path(__file__).parent.parent / "deploy" / "monitoring"
PROMTOOL = shutil.which("promtool")

pytestmark = pytest.mark.skipif(
    PROMTOOL is None, reason="SKIPPED: no promtool (apt-get install prometheus), so no alert rule is tried"
)


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(("check", "rules", "alerts.yml"), id="read"),
        pytest.param(("test", "rules", "alerts.test.yml"), id="tried", marks=pytest.mark.lasting),
    ],
)
def test_the_rules_hold(arguments: tuple[str, ...]) -> None:
    assert PROMTOOL is not None
    done = subprocess.run([PROMTOOL, *arguments], cwd=MONITORING, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout + done.stderr
    assert "SUCCESS" in done.stdout + done.stderr

"""A machine's clock that a test sets while a service runs: libfaketime, steered by a file."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from builders.e2e import ROOT, at

LIBRARY = next(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"), None)


@dataclass
class MachineClock:
    """The clock of the processes that get `environ`. The monotonic clock stays as it is."""

    file: Path

    def set(self, text: str) -> None:
        """Let it be *text* in China from now on."""
        offset = round(at(text).timestamp() - time.time())
        new = self.file.with_suffix(".new")
        new.write_text(f"{offset:+d}\n", encoding="utf-8")
        new.replace(self.file)

    @property
    def environ(self) -> dict[str, str]:
        """What a process needs to live by it."""
        if LIBRARY is None:
            pytest.skip("clocks are set with libfaketime (Debian: apt-get install faketime)")
        return {
            "LD_PRELOAD": str(LIBRARY),
            "FAKETIME_TIMESTAMP_FILE": str(self.file),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "NO_FAKE_STAT": "1",  # else Python would take every compiled file for an old one
            "PYTHONPATH": str(ROOT / "tests" / "faked_date"),
        }

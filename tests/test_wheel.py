"""The wheel has all of the product: what it lacks would be missed in a deployment only."""

from __future__ import annotations

from pathlib import Path
from zipfile import ZipFile

from builders.wheel import build_wheel, shipped_files, shipped_folders


def test_the_wheel_has_every_file_of_the_product_and_no_other(tmp_path: Path) -> None:
    with ZipFile(build_wheel(tmp_path)) as wheel:
        names = {name for name in wheel.namelist() if not name.endswith("/")}
        metadata = {name for name in names if name.partition("/")[0].endswith(".dist-info")}
        (scripts,) = (name for name in metadata if name.endswith("/entry_points.txt"))
        entry_points = wheel.read(scripts).decode()

    assert sorted(names - metadata) == sorted(shipped_files())
    assert "quotabot = bot.cli.main:main" in entry_points


def test_the_product_is_more_than_its_first_folder() -> None:
    assert {"bot", "handlers", "sandbox", "scheduler"} <= shipped_folders()
    assert {Path(name).suffix for name in shipped_files()} >= {
        ".py",
        ".sql",
        ".html",
        ".css",
        ".json",
        ".typed",
    }

"""Wrong files: the configuration, quotas, and what is imported as CSV and XLSX.

Each is taken, or refused with faults that name file and line. Nothing of a refused file is stored, and no
fault tells a secret.
"""

from __future__ import annotations

import io
import random
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import xlsxwriter
from builders.config import ENVIRON
from builders.e2e import rows_of, where

from bot.config import ConfigError, load
from bot.config.quotas_file import load_quotas
from bot.features.imports.absences import AbsenceLines
from bot.features.imports.csv_import import ImportingError, Lines, import_file
from bot.features.imports.facts import FactLines
from bot.features.imports.roster import RosterLines
from bot.features.renames.rename import RenameLines
from bot.services import Services
from fuzz.mutate import broken
from fuzz.tally import Tally

ROOT = Path(__file__).parents[2]
_SECRETS = {"WECOM_SECRET": "fuzz-corp-secret", "ROBOT_SOUTH": "fuzz-robot-key"}
_ROWS: dict[str, tuple[str, ...]] = {
    "roster": (
        "userid,name,department,role,leader_of,joined_on,left_on,share",
        "zhangsan,员工甲,1;2,客户经理,1,2026-01-05,,0.5",
        "lisi,员工乙,1,,,2026/1/5,2027.12.31,1",
    ),
    "absences": (
        "userid,from,to,kind",
        "zhangsan,2026-11-24,2026-11-25,年假",
        "lisi,20261102,2026/11/4,病假",
    ),
    "facts": (
        "external_userid,manager,account,real_name",
        "wm-jia,zhangsan,1,true",
        "wm-yi,lisi,否,",
        "wm-bing,,0,是",
    ),
    "renames": ("old_userid,userid", "zhangsan,zhang3", "lisi,li4"),
}
_TABLES = ("roster_lines", "absences", "facts", "renames", "audit")
_CODES = ("utf-8", "utf-8-sig", "gb18030", "utf-16")


def configurations(seed: int, cases: int, folder: Path) -> Tally:
    """Try *cases* of a wrong config.toml."""
    texts = [(ROOT / "config.example.toml").read_bytes()]
    texts += [path.read_bytes() for path in sorted((ROOT / "docs" / "examples").glob("*.toml"))]
    config = load(ROOT / "config.example.toml", environ=ENVIRON)
    path, tally, environ = folder / "config.toml", Tally(), ENVIRON | _SECRETS
    for number in range(cases):
        rng = random.Random(f"{seed}:config:{number}")
        text = rng.choice(texts)
        path.write_bytes(broken(rng, text, others=tuple(texts)))
        is_whole = b"[wecom]" in text
        try:
            _ = load(path, environ=environ) if is_whole else load_quotas(path, config=config)
            tally.outcomes["taken"] += 1
        except ConfigError as error:
            told = "\n".join(map(str, error.faults))
            if not error.faults or any(secret in told for secret in environ.values()):
                tally.fail(number, f"no fault, or a secret in it: {told[:200]}")
            else:
                tally.outcomes["refused"] += 1
        except Exception as error:  # noqa: BLE001 - it is what we look for
            tally.fail(number, f"{type(error).__name__}: {error}")
    return tally


def imports(seed: int, cases: int, services: Services, folder: Path) -> Tally:
    """Try *cases* of wrong files of all four kinds."""
    tally = Tally()
    for number in range(cases):
        rng = random.Random(f"{seed}:import:{number}")
        what = rng.choice(list(_ROWS))
        path = folder / "file"
        path.write_bytes(_file(rng, _ROWS[what]))
        before = _held(services)
        try:
            lines = _lines(what, services, path)
            report = import_file(services, lines, path, by="人事", skip_bad=rng.random() < 0.3, dry_run=False)
        except ImportingError:
            outcome, stored = "refused", False
        except Exception as error:  # noqa: BLE001 - it is what we look for
            tally.fail(number, f"{what}: {type(error).__name__}: {error}")
            continue
        else:
            outcome, stored = ("stored", True) if report.stored else ("refused", False)
            if not stored and not report.faults.count:
                tally.fail(number, f"{what}: refused without a fault")
                continue
        if not stored and _held(services) != before:
            tally.fail(number, f"{what}: refused, and something is stored")
        else:
            tally.outcomes[f"{what} {outcome}"] += 1
    return tally


def _lines(what: str, services: Services, path: Path) -> Lines[Any]:
    makers: dict[str, Callable[[], Lines[Any]]] = {
        "roster": lambda: RosterLines(services, path),
        "absences": lambda: AbsenceLines(services, path),
        "facts": lambda: FactLines(services, path),
        "renames": lambda: RenameLines(services, path, by="人事"),
    }
    return makers[what]()


def _held(services: Services) -> list[int]:
    place = where(services)
    return [rows_of(place, f"SELECT count(*) AS n FROM {table}")[0]["n"] for table in _TABLES]


def _file(rng: random.Random, rows: tuple[str, ...]) -> bytes:
    """Return a wrong CSV file in one of the encodings, or a wrong spreadsheet."""
    if rng.random() < 0.4:
        return _spreadsheet(rng, rows)
    text = "\r\n".join(rows) + "\r\n"
    if rng.random() < 0.5:  # wrong as text, right as bytes
        return (
            broken(rng, text.encode()).decode(errors="replace").encode(rng.choice(_CODES), errors="replace")
        )
    return broken(rng, text.replace(",", rng.choice(",;\t")).encode(rng.choice(_CODES)))


def _spreadsheet(rng: random.Random, rows: tuple[str, ...]) -> bytes:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        sheet = book.add_worksheet()
        for at, row in enumerate(rows):
            for column, cell in enumerate(row.split(",")):
                (sheet.write_number if cell.isdecimal() and at else sheet.write_string)(
                    at, column, _typed(cell, at)
                )
    if rng.random() < 0.3:
        return broken(rng, out.getvalue())
    return _with_wrong_part(rng, out.getvalue())


def _typed(cell: str, at: int) -> Any:
    return int(cell) if cell.isdecimal() and at else cell


def _with_wrong_part(rng: random.Random, book: bytes) -> bytes:
    """Return the workbook with wrong XML inside a right archive."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(book)) as old, zipfile.ZipFile(out, "w") as new:
        names = [name for name in old.namelist() if name.startswith("xl/")]
        wrong = rng.choice(names)
        for name in old.namelist():
            part = old.read(name)
            new.writestr(name, broken(rng, part) if name == wrong else part)
    return out.getvalue()

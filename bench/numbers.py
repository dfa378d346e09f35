"""`python -m bench.numbers`: what the numbers of a bank cost beside the bare query over the same adds.

A synthetic store is made directly: people in teams of ten, each with some adds in November. Each measurement
has a process of its own, so that its peak of memory is its own.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import resource
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from bot.cli.main import spare_the_collector

if TYPE_CHECKING:
    from bot.store.store import Store

ROOT = Path(__file__).parents[1]
NOW = datetime(2026, 11, 24, 9, 7, tzinfo=ZoneInfo("Asia/Shanghai"))
MONTH_S = int(datetime(2026, 11, 1, tzinfo=NOW.tzinfo).timestamp())
TEAM, UNIT = 10, 5000  # direct reports of a leader, and people below a head
LARGE, LARGE_TEAM = 450_000, 5000  # people of the largest bank, and of its first team; the others have 50
_FIRST_UNIT = 1_000_000  # the number of a department
CONFIG = """
[wecom]
corp_id = "ww0123456789abcdef"
agent_id = 1000002
secret = "made-up"
callback_token = "QDG6eK"
callback_aes_key = "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C"
[store]
url = "sqlite:///bank.db"
[[quotas]]
id = "cm-monthly"
period = "month"
target = 50
[quotas.counting]
keep_days = 7
"""

Row = tuple[str, str, str, str, str]  # id, measure, value, beside, ratio


def make_bank(folder: Path, *, people: int, adds: int, team: int = TEAM, first_team: int = 0) -> Path:
    """Make a configuration and a store of so many *people* with *adds* each; return the configuration.

    They are in teams of *team*; the first *first_team* of them are one more. The first of a team leads it;
    5,000 people have a head.
    """
    from bot.config import load
    from bot.core.people import Departments
    from bot.features.people import directory
    from bot.services import Directory
    from bot.store.store import Store

    path = folder / "config.toml"
    path.write_text(CONFIG, encoding="utf-8")
    config, store = load(path, environ={}), Store(folder / "bank.db")
    with store.transaction():
        now = str(int(NOW.timestamp()))
        for mark in ("first_start", "record_began", "compared_whole", "timetable_seen", "directory_read_at"):
            store.marks.put(mark, now)
        _fill(store, people=people, adds=adds, team=team, first_team=first_team)
        stamp = directory.stamp(config, store)
        directory.note_recorded(config, Directory((), Departments(), stamp), store)
    store.close()
    return path


@contextlib.contextmanager
def large_bank(kept: Path | None) -> Iterator[Path]:
    """Yield the configuration of a bank of the whole size: that *kept* in a folder, made if it is not there.

    None: made anew, and removed.
    """
    with contextlib.ExitStack() as stack:
        folder = kept or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix=".bench-", dir=ROOT)))
        if not (folder / "whole").exists():
            folder.mkdir(parents=True, exist_ok=True)
            make_bank(folder, people=LARGE, adds=50, team=50, first_team=LARGE_TEAM)
            (folder / "whole").touch()
        yield folder / "config.toml"


def _fill(store: Store, *, people: int, adds: int, team: int, first_team: int) -> None:
    """Store people, their adds, departments and heads."""
    step = 23 * 86_400 // adds

    def team_of(n: int) -> int:
        return 0 if n < first_team else n // team

    def leads(n: int) -> bool:
        return n == 0 or (n >= first_team and n % team == 0)

    members = (
        (f"u{n:06d}", f"员工{n}", str(team_of(n)) if leads(n) else "", "2026-01-01") for n in range(people)
    )
    store.engine.append("members", ("userid", "name", "leader_of", "read_on"), members)
    store.engine.append(
        "memberships",
        ("userid", "since", "departments", "role"),
        ((f"u{n:06d}", "", str(team_of(n)), "客户经理") for n in range(people)),
    )
    store.engine.append(
        "adds",
        ("userid", "external_userid", "added_at", "nth"),
        (
            (f"u{n:06d}", f"wm{n:06d}{k:03d}", MONTH_S + k * step + n % 997, 1)
            for n in range(people)
            for k in range(adds)
        ),
    )
    units = range(-(-people // UNIT))
    heads = ((f"head{n:02d}", f"主管{n}", str(_FIRST_UNIT + n), "2026-01-01") for n in units)
    store.engine.append("members", ("userid", "name", "leader_of", "read_on"), heads)
    own = ((f"head{n:02d}", "", str(_FIRST_UNIT + n), "主管") for n in units)
    store.engine.append("memberships", ("userid", "since", "departments", "role"), own)
    teams = ((n, f"团队{n}", _FIRST_UNIT + n * team // UNIT) for n in range(-(-people // team)))
    above = ((_FIRST_UNIT + n, f"部门{n}", 0) for n in units)
    store.address_book.put_departments([*above, *teams], read_on=NOW.date())
    store.members.put_tree(store.address_book.departments().parents, since=None)


def bare_query(folder: Path) -> float:
    """Return the seconds of the bare GROUP BY over the adds of the month."""
    with contextlib.closing(sqlite3.connect(folder / "bank.db")) as connection:
        began = time.perf_counter()
        connection.execute(
            "SELECT userid, COUNT(*), SUM(ended_at IS NULL) FROM adds WHERE added_at >= ? GROUP BY userid",
            (MONTH_S,),
        ).fetchall()
        return time.perf_counter() - began


def everybody(path: Path) -> dict[str, float]:
    """Compute everybody's exact figures, ranks included, and read them once."""
    from bot.features.standings.selection import select_rows

    with opened(path) as services:
        began, rows = time.perf_counter(), 0
        with select_rows(services, at=NOW, shows=lambda _row: True) as selection:
            for _ in selection.rows:
                rows += 1
        return {"seconds": time.perf_counter() - began, "rows": rows}


def one_person(path: Path) -> dict[str, float]:
    """Ask for one person as a user does, in a process of its own that finds its bytecode."""
    command = [
        sys.executable,
        "-c",
        "from bot.cli.main import main; main()",
        "progress",
        "--config",
        str(path),
    ]
    command += ["--at", NOW.isoformat(), "--user", "u000007", "--format", "json"]
    environ = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    environ["PYTHONPYCACHEPREFIX"] = str(path.parent / "bytecode")
    found: dict[str, float] = {}
    for _ in range(2):  # the first one makes the bytecode
        before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
        done = subprocess.run(command, cwd=ROOT, capture_output=True, check=True, env=environ)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        found = {
            "seconds": time.perf_counter() - began,
            "cpu": after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime,
            "rows": len(json.loads(done.stdout)["rows"]),
            "child_mb": after.ru_maxrss / 1024,
        }
    return found


def keep(path: Path) -> dict[str, float]:
    """Refresh the kept figures of everybody once."""
    from bot.features.standings.figures import keep_figures

    with opened(path) as services:
        began = time.perf_counter()
        keep_figures(services)
        return {"seconds": time.perf_counter() - began}


def morning(path: Path, *, whole: bool) -> dict[str, float]:
    """Fire the morning's job; return when the first messages were committed and, if *whole*, all of them."""
    from scheduler.runs import fire
    from scheduler.timetable import Firing

    class _EnoughError(BaseException):
        pass

    with opened(path) as services:
        began, first = time.perf_counter(), list[float]()

        def ring() -> None:
            first.append(time.perf_counter() - began)
            if not whole:
                raise _EnoughError

        services.outbox_signal.ring = ring  # type: ignore[method-assign]  # to see each commit
        with contextlib.suppress(_EnoughError):
            fire(services, Firing("progress", int(NOW.timestamp()) - int(whole)), now=NOW)
        return {"seconds": time.perf_counter() - began, "first": first[0]}


def words(path: Path) -> dict[str, float]:
    """Let a person say 进度 and the head of 5,000 people 团队; return the processor time until each answer.

    The kept figures are there, and the service has answered before.
    """
    from handlers.inbox import work_off

    with opened(path) as services:

        def say(userid: str, text: str) -> float:
            number = time.perf_counter_ns()
            body = (
                f"<xml><ToUserName>ww</ToUserName><FromUserName>{userid}</FromUserName>"
                f"<CreateTime>{int(NOW.timestamp())}</CreateTime><MsgType>text</MsgType>"
                f"<Content>{text}</Content><MsgId>{number}</MsgId><AgentID>1000002</AgentID></xml>"
            ).encode()
            with services.store.transaction():
                row = {"hash": str(number), "body": body, "received_at": int(services.store.now())}
                services.store.engine.run_many("inbox_add", [row])
            began = time.process_time()
            work_off(services)
            return time.process_time() - began

        say("u000003", "进度")
        return {
            "word": statistics.median(say(f"u{n:06d}", "进度") for n in range(4, 9)),
            "first_team": say("head00", "团队"),
            "team": statistics.median(say("head00", "团队") for _ in range(3)),
        }


@contextlib.contextmanager
def opened(path: Path) -> Iterator[object]:
    """Open the services of the configuration at *path*, as of NOW."""
    from bot.app.bootstrap import open_services
    from bot.config import load

    class _Clock:
        def now(self) -> datetime:
            return NOW

    with open_services(load(path, environ={}), clock=_Clock()) as services:
        yield services


PARTS: dict[str, Callable[[Path], dict[str, float]]] = {
    "everybody": everybody,
    "one": one_person,
    "keep": keep,
    "words": words,
    "first": lambda path: morning(path, whole=False),
    "morning": lambda path: morning(path, whole=True),
}


def measured(part: str, path: Path) -> dict[str, float]:
    """Return what *part* measures in a process of its own, with its peak of memory in MB."""
    command = [sys.executable, "-m", "bench.numbers", "--part", part, str(path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, check=False, text=True)
    if done.returncode:
        raise RuntimeError(done.stderr)
    report: dict[str, float] = json.loads(done.stdout)
    return report


def rows(*, large: bool = False, kept: Path | None = None) -> list[Row]:
    """Return the rows of the table; *large*: of the whole size, in the bank *kept* in a folder."""
    if not large:
        return compared(people=2000, adds=50)
    with large_bank(kept) as path:
        return measured_rows(path, people=LARGE)


def compared(*, people: int, adds: int, whole_morning: bool = True) -> list[Row]:
    """Return the rows for a bank of so many *people* with *adds* each."""
    with tempfile.TemporaryDirectory(prefix=".bench-", dir=ROOT) as name:
        return measured_rows(
            make_bank(Path(name), people=people, adds=adds), people=people, whole_morning=whole_morning
        )


def measured_rows(path: Path, *, people: int, whole_morning: bool = True) -> list[Row]:
    """Return the rows for the bank at *path*; its morning is planned in it, once."""
    query_s = bare_query(path.parent)
    all_of_them, first = measured("everybody", path), measured("first", path)
    kept, one = measured("keep", path), measured("one", path)
    said = measured("words", path)
    found: list[Row] = [
        _beside_query("P2", f"figures of {people} people, s", all_of_them["seconds"], query_s),
        _memory("P2", "peak of it, MB", all_of_them["peak_mb"], 400),
        _time("P2b", "first message after the firing, s", first["first"], 10),
        _memory("P2b", "peak until then, MB", first["peak_mb"], 400),
        _beside_query("P7", "kept figures refreshed, s", kept["seconds"], query_s),
        _time("P7", "progress --user, s", one["seconds"], 1),
        _time("P7", "processor time of it, s", one["cpu"], 1),
        _memory("P7", "peak of it, MB", one["child_mb"], 200),
        _time("P7", "进度, s of CPU", said["word"], 0.5),
        _time("P7", "团队, s of CPU", said["team"], 1),
        _time("P7", "团队, the first", said["first_team"], 1),
    ]
    if whole_morning:
        planned = measured("morning", path)
        pace = 60 * people / planned["seconds"]
        found += [
            ("P2b", "planned messages a minute", f"{pace:.0f}", "6000", f"{pace / 6000:.1f}"),
            _memory("P2b", "peak of the morning, MB", planned["peak_mb"], 400),
        ]
    return found


def _beside_query(number: str, what: str, seconds: float, query_s: float) -> Row:
    return number, what, f"{seconds:.2f}", f"{query_s:.3f} GROUP BY", f"{seconds / query_s:.1f}"


def _time(number: str, what: str, seconds: float, most: int) -> Row:
    return number, what, f"{seconds:.2f}", f"{most}", f"{seconds / most:.2f}"


def _memory(number: str, what: str, megabytes: float, most: int) -> Row:
    return number, what, f"{megabytes:.0f}", f"{most}", f"{megabytes / most:.2f}"


def main() -> None:
    """Print the table; with --part one measurement as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=2000)
    parser.add_argument("--adds", type=int, default=50)
    parser.add_argument("--no-morning", action="store_true", help="leave out planning everybody")
    parser.add_argument("--part", nargs=2, metavar=("PART", "CONFIG"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.part:
        spare_the_collector()  # as every command does
        report = PARTS[options.part[0]](Path(options.part[1]))
        report["peak_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(json.dumps(report))
        return
    print(f"{os.cpu_count()} cores; {options.people} people with {options.adds} adds each")
    found = compared(people=options.people, adds=options.adds, whole_morning=not options.no_morning)
    for row in [("id", "measure", "value", "beside", "ratio"), *found]:
        print(f"{row[0]:<5}{row[1]:<40}{row[2]:>12}  {row[3]:<20}{row[4]:>8}")


if __name__ == "__main__":
    main()

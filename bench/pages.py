"""`python -m bench.pages`: what a page costs, compared with a small team and a small bank.

The application renders each page in a process of its own, without a network. Times are processor time: on
an idle machine, a reader waits that long. The bank's kept figures are fresh, as a running service has them.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench.numbers import LARGE, LARGE_TEAM, ROOT, large_bank, make_bank, opened
from bench.rows import Row, ratio, shown

TEAM = 50
SMALL_BANK = 1000
ROUNDS = 9
IN_TEAM_MS, IN_ME_MS = 300.0, 150.0  # the most that a reader should wait


def ask(path: Path, *, userid: str, page: str) -> dict[str, float]:
    """Ask for *page* as *userid*: first with nothing remembered, then again; ms of processor time."""
    from bot.app.service import open_app
    from bot.features.access.session import Sessions
    from bot.web.pages.door import SESSION_COOKIE

    with opened(path) as services, open_app(services) as (app, _):
        client = app.test_client()
        client.set_cookie(SESSION_COOKIE, Sessions(services).begin(userid))
        client.get(page)  # the first page of a process reads templates, texts and people
        services.people.derived.clear()  # as after a change of people, or a refresh of kept figures
        taken = []
        for _ in range(1 + ROUNDS):
            began = time.process_time()
            answer = client.get(page)
            taken.append(1000 * (time.process_time() - began))
            if answer.status_code != 200:
                raise RuntimeError(f"{page} of {userid}: {answer.status}")
        return {"first": taken[0], "again": statistics.median(taken[1:])}


def keep(path: Path) -> None:
    """Refresh the kept figures of everybody."""
    from bot.features.standings.figures import keep_figures

    with opened(path) as services:
        keep_figures(services)


def measured(path: Path, *, userid: str, page: str) -> dict[str, float]:
    """Return what `ask` measures in a process of its own."""
    command = [sys.executable, "-m", "bench.pages", "--ask", str(path), userid, page]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, check=False, text=True)
    if done.returncode:
        raise RuntimeError(done.stderr)
    report: dict[str, float] = json.loads(done.stdout)
    return report


def rows(*, large: bool = False, kept: Path | None = None) -> list[Row]:
    """Return the rows of the table; *large*: in a bank of the whole size, *kept* in a folder."""
    if not large:
        return compared(7000, 10)
    with large_bank(kept) as path:
        return _beside_small(path, people=LARGE, adds=50, large_team=LARGE_TEAM)


def compared(people: int, adds: int, *, large_team: int = LARGE_TEAM) -> list[Row]:
    """Return the rows for a bank of so many *people* with *adds* each, one team of *large_team* in it."""
    with tempfile.TemporaryDirectory(prefix=".bench-", dir=ROOT) as name:
        path = make_bank(Path(name), people=people, adds=adds, team=TEAM, first_team=large_team)
        return _beside_small(path, people=people, adds=adds, large_team=large_team)


def _beside_small(path: Path, *, people: int, adds: int, large_team: int) -> list[Row]:
    with tempfile.TemporaryDirectory(prefix=".bench-", dir=ROOT) as name:
        other = make_bank(Path(name), people=SMALL_BANK, adds=adds, team=TEAM)
        keep(path), keep(other)
        last = f"u{(people - 1) // TEAM * TEAM:06d}"
        many, few = (measured(path, userid=userid, page="/team") for userid in ("u000000", last))
        own, beside = (measured(one, userid="u000001", page="/me") for one in (path, other))
    of_50, of_bank = f"{few['again']:.0f} team of {TEAM}", f"{beside['again']:.0f} bank of {SMALL_BANK}"
    team, me = f"/team of {large_team}", f"/me in a bank of {people}"

    def limited(what: str, taken: float, most: float) -> Row:
        return "P9", f"{what}, ms", f"{taken:.0f}", f"{most:.0f}", ratio(taken, most)

    return [
        limited(f"{team}, first time", many["first"], IN_TEAM_MS),
        limited(team, many["again"], IN_TEAM_MS),
        ("P9", f"{team}, ms", f"{many['again']:.0f}", of_50, ratio(many["again"], few["again"])),
        limited(f"{me}, first time", own["first"], IN_ME_MS),
        limited(me, own["again"], IN_ME_MS),
        ("P9", f"{me}, ms", f"{own['again']:.0f}", of_bank, ratio(own["again"], beside["again"])),
    ]


def main() -> None:
    """Print the table; with --ask one measurement as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=7000)
    parser.add_argument("--adds", type=int, default=10)
    parser.add_argument("--team", type=int, default=LARGE_TEAM)
    parser.add_argument("--ask", nargs=3, metavar=("CONFIG", "USERID", "PAGE"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.ask:
        path, userid, page = options.ask
        print(json.dumps(ask(Path(path), userid=userid, page=page)))
        return
    print(shown(compared(options.people, options.adds, large_team=options.team)))


if __name__ == "__main__":
    main()

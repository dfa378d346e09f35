"""Slow commands show how far they are, on a terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from builders.e2e import FakeTime, add_customers, at, command_here, installation, write_config, write_roster

from bot.cli import bars as bars_module
from bot.cli import import_, replay, simulate

Told = list[tuple[str, int, int | None]]


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> Told:
    """What the bars of all commands were told."""
    heard: Told = []

    @contextmanager
    def listening() -> Iterator[Callable[[str, int, int | None], None]]:
        yield lambda step, done, total: heard.append((step, done, total))

    for command in (import_, replay, simulate):
        monkeypatch.setattr(command, "bars", listening)
    return heard


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("replay", "--check"), [("relations", 2, 2)]),
        (("import", "absences", "absences.csv"), [("checked", 1, 1), ("stored", 1, None)]),
        (("import", "facts", "facts.csv"), [("checked", 1, 1), ("stored", 1, None)]),
        (
            ("simulate", "--quotas", "other.toml", "--from", "2026-11-01", "--to", "2026-11-30"),
            [("results", 1, 2), ("results", 2, 2)],
        ),
    ],
)
def test_a_slow_command_tells_how_far_it_is(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    told: Told,
    arguments: tuple[str, ...],
    expected: Told,
) -> None:
    write_roster(tmp_path, "zhang,员工甲,1,客户经理,,,,")
    more = '[quotas.counting]\nrequired_facts = ["ja"]\n'
    path = write_config(tmp_path, more=more)
    quota = path.read_text(encoding="utf-8").partition("[[quotas]]")[2].partition("[quotas.")[0]
    (tmp_path / "other.toml").write_text(f"[[quotas]]{quota}", encoding="utf-8")
    (tmp_path / "absences.csv").write_text("userid,from,to,kind\nzhang,2026-11-03,2026-11-04,leave\n")
    (tmp_path / "facts.csv").write_text("external_userid,ja\nwm-1,1\n")
    clock = FakeTime(at("2026-11-23T10:00"))
    with installation(path, clock) as services:
        add_customers(services, "zhang", at("2026-11-03T10:00"), at("2026-11-04T10:00"))
    monkeypatch.setattr("bot.app.bootstrap.RealClock", lambda: clock)
    monkeypatch.chdir(tmp_path)

    done = command_here(capsys, monkeypatch)(*arguments, "--config", str(path))

    assert (done.code, told) == (0, expected), done.err


def test_a_step_may_have_no_known_end() -> None:
    with bars_module.bars() as tell:
        tell("checked", 1, None)
        tell("checked", 2, 2)

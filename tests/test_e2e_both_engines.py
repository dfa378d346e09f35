"""The same on both engines: what people received, every number, byte for byte; what was closed stays."""

from __future__ import annotations

import re
from contextlib import closing
from pathlib import Path

import pytest
from builders.e2e import QUOTA, FakeTime, add_customers, at, command, installation, write_config, write_roster
from builders.stores import make_complete

from bot.app.demo import running, this_day, workday_in_mid_month
from bot.cli.tour import play
from bot.features.close import results, settle
from bot.services import Services
from bot.store.store import Store

SECONDS = re.compile(r"用时 \d+ 秒")
PORT = re.compile(r"(?<=127\.0\.0\.1:)\d+")  # of the bot's pages, which cards link to
LOGGED = re.compile(r"^.*message sent .*\n", re.MULTILINE)  # a log line, in the order of the sender
CODE = re.compile(r"\b[0-9A-Z]{4}(-[0-9A-Z]{4}){3}\b")  # of a statement: keys are each installation's own


def day_on(store: str, capsys: pytest.CaptureFixture[str]) -> tuple[str, str]:
    """What the tour printed on *store*, and `progress --format json` afterwards."""
    day = workday_in_mid_month(this_day())
    with running(f"{day}T08:55:00", language="zh-CN", speed=0.0, store=store) as demo:
        capsys.readouterr()
        play(demo, day=day)
        told = capsys.readouterr().out
        numbers = command(
            *("progress", "--config", str(demo.config_path), "--at", f"{day}T18:00", "--format", "json")
        )
    assert numbers.code == 0, numbers.err
    for differs in (SECONDS, CODE, PORT, LOGGED):
        told = differs.sub("", told)
    return told, numbers.out


@pytest.mark.lasting
def test_the_day_of_the_tour_is_the_same_on_both_engines(
    postgres_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with closing(Store(postgres_url)) as store:
        make_complete(store)  # as the other one is
    embedded = day_on("sqlite:///quotabot.db", capsys)
    scaled_out = day_on(postgres_url, capsys)

    assert "员工丁" in embedded[0]
    assert scaled_out == embedded


def test_a_closed_periods_figures_do_not_change_whatever_comes_late(
    tmp_path: Path, place: Path | str
) -> None:
    write_roster(tmp_path, "zhang,员工甲,1,客户经理,,,,", "li,员工乙,1,客户经理,,,,")
    store = place if isinstance(place, str) else f"sqlite:///{place}"
    config = write_config(tmp_path, quotas=QUOTA.replace("50", "3"), store=store)
    closed, over = at("2026-12-08T08:42"), at("2026-12-15T18:00")
    with installation(config, FakeTime(closed)) as services:
        add_customers(services, "zhang", *(at(f"2026-11-{day:02d}T10:00") for day in (3, 4, 5)))
        add_customers(services, "li", at("2026-11-03T10:00"))
        settle.close_due(services, at=closed)
        preliminary = lines(services)
        add_customers(services, "li", at("2026-11-20T10:00"))
        settle.close_due(services, at=closed)
        results.sign(services, "cm-monthly", "2026-11", by="人事", at=over)
        add_customers(services, "li", at("2026-11-21T10:00"))
        settle.close_due(services, at=over)
        final = lines(services)
        whole = services.store.audit.broken_at() is None

    assert preliminary == {"li": (1, "preliminary"), "zhang": (3, "preliminary")}
    assert final == {"li": (2, "final"), "zhang": (3, "final")}  # what came before the signature favours li
    assert whole


def lines(services: Services) -> dict[str, tuple[int, str]]:
    """Counted and state of each person's newest line."""
    newest = services.store.results.newest("cm-monthly", "2026-11")
    return {userid: (one.line.counted, one.state.value) for userid, one in newest.items()}

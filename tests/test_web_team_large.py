"""/team of a leader of many: the page of a small team, from the kept figures, however many they are."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import pytest
from builders.e2e import QUOTA, FakeTime, add_customers, at
from builders.pages import enter, plain, token_in, web, words
from builders.reviews import DEPARTMENTS, branch
from builders.work import counted_work
from flask import Flask

from bot.features.chat import desk
from bot.features.standings import figures
from bot.features.standings.figures import keep_figures
from bot.services import Services
from bot.web.pages import team_large, team_people

NOON = "2026-11-24T12:00"
SECOND = QUOTA.replace("cm-monthly", "vip-monthly").replace("target = 50", "target = 10")


def roster(people: int) -> list[str]:
    """*people* under `boss`, and a team of six below; some joined lately, one has no name."""
    own = [f"p{n:02},{'Ann' if n % 4 else '员工'}{n},11,客户经理,,,," for n in range(people - 2)]
    below = [f"south{n},南{n}号,12,客户经理,,,," for n in range(6)]
    return [
        "boss,主管甲,11,主管,11,,,",
        *own,
        "q1,,11,客户经理,,,,",
        "q2,新人,11,客户经理,,2026-11-23,,",
        "south,主管南,12,主管,12,,,",
        *below,
    ]


@contextmanager
def bank(folder: Path, *, people: int = 12, quotas: str = QUOTA + SECOND) -> Iterator[tuple[Flask, Services]]:
    """A leader of *people*, with six more in a team below; their figures are kept."""
    tree = DEPARTMENTS.replace("11,一部,1", "11,一部,1\n12,二部,11")
    with branch(
        folder, when=at(NOON), more="", quotas=quotas, roster=tuple(roster(people)), departments=tree
    ) as services:
        for n in range(people - 2):
            add_customers(services, f"p{n:02}", *(at(f"2026-11-03T10:{k:02}") for k in range(n % 5 * 12)))
        keep_figures(services)
        with web(services) as app:
            yield app, services


@pytest.fixture
def is_large(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a team of fourteen be a large one."""
    for module, name in ((team_large, "MANY"), (desk, "PIECE"), (figures, "FEW")):
        monkeypatch.setattr(module, name, 13)


def page(app: Flask, services: Services, query: str = "") -> str:
    answer = enter(app, services, "boss").get(f"/team{query}")
    assert answer.status_code == 200
    return plain(answer.text)


def section(text: str, name: str) -> str:
    found = re.search(rf'<section class="card" id="{name}".*?</section>', text, re.DOTALL)
    return found[0] if found else ""


def live(app: Flask, services: Services, query: str = "") -> str:
    """The same page from figures that are computed now."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(team_large, "MANY", 10_000)
        patch.setattr(desk, "PIECE", 10_000)
        return page(app, services, query)


def later(services: Services, moment: str) -> None:
    clock = services.clock
    assert isinstance(clock, FakeTime)
    clock.set(moment)


@pytest.mark.usefixtures("is_large")
def test_sums_teams_and_help_are_those_of_a_small_team(tmp_path: Path) -> None:
    with bank(tmp_path) as (app, services):
        kept, computed = page(app, services), live(app, services)

    parts = ("quota-1", "quota-2", "subteams", "help")
    shown = {part: [read(section(one, part)) for one in (kept, computed)] for part in parts}
    assert [part for part, (one, other) in shown.items() if one != other or not other] == []
    assert head(kept) == head(computed)


def read(text: str) -> str:
    """The words of a section without its chart day by day, which a large team has not."""
    charts = r'<figure class="chart-with-table">\s*<figcaption>[^<]*逐日合计.*?</figure>'
    return words(re.sub(charts, "", text, flags=re.DOTALL))


def head(text: str) -> str:
    """The words of the evening message."""
    return words(text[text.index('id="today"') : text.index('id="quota-1"')])


@pytest.mark.usefixtures("is_large")
@pytest.mark.parametrize("sort", [*team_people.SORTS])
@pytest.mark.parametrize("direction", ["asc", "desc"])
def test_the_list_has_the_same_order(tmp_path: Path, sort: str, direction: str) -> None:
    with bank(tmp_path) as (app, services):
        for query in (f"?sort={sort}&direction={direction}", f"?sort={sort}&direction={direction}&q=ann1"):
            kept, computed = page(app, services, query), live(app, services, query)

            assert read(section(kept, "people")) == read(section(computed, "people"))
            assert section(kept, "people").count("<tr>") > 2


@pytest.mark.usefixtures("is_large")
@pytest.mark.parametrize(
    "query", ["?q=员工", "?q=ANN", "?q=q1", "?q=%25", "?quota=vip-monthly", "?page=2", "?page=9", "?q=nobody"]
)
def test_the_list_finds_the_same_people(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, query: str) -> None:
    monkeypatch.setattr(team_people, "A_PAGE", 7)
    with bank(tmp_path) as (app, services):
        kept, computed = (section(one(app, services, query), "people") for one in (page, live))

    assert read(kept) == read(computed)


@pytest.mark.usefixtures("is_large")
def test_the_page_says_of_when_its_figures_are(tmp_path: Path) -> None:
    with bank(tmp_path) as (app, services):
        later(services, "2026-11-24T12:20")
        add_customers(services, "p00", at("2026-11-24T12:10"))
        kept = page(app, services)

        later(services, "2026-11-24T15:00")
        old = page(app, services)

    assert "截至 11-24 周二 12:00 的数字" in words(kept)
    assert "截至 11-24 周二 15:00 的数字" in words(old)  # too old: computed anew


@pytest.mark.usefixtures("is_large")
def test_the_next_refresh_shows_what_came_since(tmp_path: Path) -> None:
    with bank(tmp_path) as (app, services):
        before = page(app, services)
        add_customers(services, "p00", *(at(f"2026-11-24T11:{n:02}") for n in range(30)))
        later(services, "2026-11-24T12:40")
        keep_figures(services)
        after = page(app, services)

    assert section(before, "quota-1") != section(after, "quota-1")
    assert "截至 11-24 周二 12:40 的数字" in words(after)


@pytest.mark.usefixtures("is_large")
def test_only_the_first_to_help_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(team_large, "MOST_TO_HELP", 2)
    with bank(tmp_path, quotas=QUOTA) as (app, services):
        behind = section(live(app, services), "help").count('name="whom"')
        shown = section(page(app, services), "help")

    assert behind > 3
    assert shown.count('name="whom"') == 2
    assert f"另有 {behind - 2} 位" in words(shown)


@pytest.mark.usefixtures("is_large")
def test_help_is_noted_with_the_pace_of_now(tmp_path: Path) -> None:
    with bank(tmp_path, quotas=QUOTA) as (app, services):
        client = enter(app, services, "boss")
        token = token_in(client.get("/team").text)
        client.post("/team/coach", data={"token": token, "whom": "p00"})
        (mark,) = services.store.coaching.marks(since=date(2026, 11, 1))
        after = client.get("/team").text

    assert (mark.userid, mark.quota, mark.pace) == ("p00", "cm-monthly", 0)
    assert "您已说要帮" in section(after, "help")
    assert "员工0 主管甲 还没满一周" in words(section(after, "coaching"))


@pytest.mark.usefixtures("is_large")
def test_the_export_has_all_pages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(team_people, "A_PAGE", 2)
    with bank(tmp_path, quotas=QUOTA) as (app, services):
        client = enter(app, services, "boss")
        form = {"token": token_in(client.get("/team").text), "form": "csv", "sort": "counted", "q": "ann"}
        done = client.post("/team/export", data=form)
        rows = list(csv.DictReader(io.StringIO(done.data.decode("utf-8-sig"))))
        first = section(page(app, services, "?sort=counted&q=ann"), "people")

    names = re.findall(r'<th scope="row">([^<]+)</th>', first)
    assert len(rows) > 4
    assert [row["姓名"] for row in rows][:2] == names


@pytest.mark.usefixtures("is_large")
def test_what_is_read_does_not_grow_with_the_team(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(team_people, "A_PAGE", 5)
    monkeypatch.setattr(team_large, "MOST_TO_HELP", 2)
    seen = []
    for people in (12, 40):
        folder = tmp_path / str(people)
        folder.mkdir()
        with bank(folder, people=people, quotas=QUOTA) as (app, services):
            page(app, services)  # the sums are made once for each refresh
            with counted_work(services) as work:
                page(app, services)
            seen.append(work)

    assert seen[0].statements["figures_listed"] == 2
    assert (seen[0].statements, seen[0].rows) == (seen[1].statements, seen[1].rows)

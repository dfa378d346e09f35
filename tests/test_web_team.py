"""/team: a leader sees their own people by name, teams below as figures, and nobody else's."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator
from datetime import date
from html import unescape
from pathlib import Path
from zipfile import ZipFile

import pytest
from builders.chat import say
from builders.e2e import QUOTA, add_customers, at
from builders.pages import by_hand, enter, plain, token_in, web, words
from builders.reviews import DEPARTMENTS, ROSTER, branch, lost_contact
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from bot.core.workdays import epoch_of
from bot.services import Services
from bot.store.sync import WHOLE
from bot.web.pages import team_people

NOON = at("2026-11-24T12:00")
SOUTH = tuple(f"south{n},南{n}号,12,客户经理,,,," for n in range(1, 6))
SMALL = tuple(f"west{n},西{n}号,13,客户经理,,,," for n in range(1, 4))
PEOPLE = (
    *ROSTER,
    *SOUTH,
    *SMALL,
    "south,主管南,12,主管,12,,,",
    "west,主管西,13,主管,13,,,",
    "desk,员工直,1,客户经理,,,,",
)
TREE = DEPARTMENTS + "12,二部,1\n13,三部,1\n"
CHART = re.compile(r'data-chart="([^"]*)"')


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Services]:
    with branch(tmp_path, when=NOON, more="", roster=PEOPLE, departments=TREE) as opened:
        yield opened


@pytest.fixture
def app(services: Services) -> Iterator[Flask]:
    with web(services) as app:
        yield app


def page(app: Flask, services: Services, userid: str = "team", query: str = "") -> str:
    answer = enter(app, services, userid).get(f"/team{query}")
    assert answer.status_code == 200
    return plain(answer.text)


def section(text: str, name: str) -> str:
    found = re.search(rf'<section class="card" id="{name}".*?</section>', text, re.DOTALL)
    return found[0] if found else ""


def names_in_list(text: str) -> list[str]:
    return re.findall(r'<th scope="row">([^<]+)</th>', section(text, "people"))


def send(client: FlaskClient, path: str, **form: str) -> TestResponse:
    return client.post(f"/team/{path}", data={"token": token_in(client.get("/team").text), **form})


# --- words and sums ---


def test_the_page_begins_with_the_words_of_the_chat(app: Flask, services: Services) -> None:
    add_customers(services, "zhang", at("2026-11-03T10:00"), at("2026-11-24T10:00"))

    said = say(services, "team", "团队")
    shown = page(app, services)

    assert f'<h1 class="lead" id="today">{said[0]}</h1>' in shown
    assert [line for line in said[1:-1] if line not in words(shown)] == []


def test_the_sums_go_from_added_to_counted(app: Flask, services: Services) -> None:
    add_customers(services, "zhang", at("2026-11-03T10:00"), at("2026-11-24T10:00"))
    add_customers(services, "li", at("2026-11-04T10:00"))
    lost_contact(services)

    shown = section(page(app, services), "quota-1")
    sums = re.findall(r"<dt>([^<]+)</dt><dd>(\d+)", shown)

    assert dict(sums) == {
        "目标": "100",
        "新增合计": "4",
        "已计入和待确认": "3",
        "已计入": "2",
        "待补": "0",
        "未计入": "1",
        "已流失": "1",
    }
    assert "2 位有目标的人合计" in words(shown)


def test_the_distribution_and_the_course_have_their_tables(app: Flask, services: Services) -> None:
    add_customers(services, "zhang", *(at(f"2026-11-03T10:{n:02d}") for n in range(11)))  # 22 % of 50

    shown = section(page(app, services), "quota-1")
    bars, lines = (json.loads(unescape(data)) for data in CHART.findall(shown))
    drawn = {one["name"]: one["values"] for one in lines["series"]}

    assert bars["series"][0]["values"] == [1, 1, 0, 0, 0, 0]
    assert '20–39%</th><td class="number">1</td>' in shown
    assert (drawn["匀速"][-1], drawn["已计入"][22:25]) == (100, [11, 11, None])
    assert shown.count("<details>") == 2


def test_without_the_whole_record_the_page_says_so(app: Flask, services: Services) -> None:
    services.store.marks.clear(WHOLE)

    assert "数字可能偏低" in page(app, services)


def test_before_their_turn_leaders_get_no_figures(tmp_path: Path) -> None:
    with branch(tmp_path, when=NOON, more='[rollout]\nmode = "shadow"\n') as services, web(services) as app:
        add_customers(services, "zhang", at("2026-11-24T10:00"))
        shown = page(app, services)
        helped = by_hand(app, services, "team", "/team/coach", whom="li")
        marks = services.store.coaching.marks(since=date(2026, 11, 1))
        file = by_hand(app, services, "team", "/team/export", form="csv").data.decode("utf-8-sig")

    assert "这里还在试运行" in shown
    assert [part for part in ("data-chart", 'id="people"', "员工甲") if part in shown] == []
    assert (helped.status_code, marks) == (303, [])
    assert len(file.splitlines()) == 1


def test_a_leader_of_nobody_reads_so(tmp_path: Path) -> None:
    roster = (*ROSTER, "lonely,主管丁,12,主管,12,,,")
    with (
        branch(tmp_path, when=NOON, more="", roster=roster, departments=TREE) as services,
        web(services) as app,
    ):
        shown = page(app, services, "lonely")

    assert "您负责的部门里没有要考核的人" in shown
    assert 'id="people"' not in shown


# --- names ---


def test_a_leader_of_leaders_reads_names_of_direct_reports_only(app: Flask, services: Services) -> None:
    add_customers(services, "south1", at("2026-11-03T10:00"))
    below = ["员工甲", "员工乙", *(f"南{n}号" for n in range(1, 6)), *(f"西{n}号" for n in range(1, 4))]

    shown = page(app, services, "head")

    assert names_in_list(shown) == ["员工直"]
    assert [name for name in below if name in shown] == []


def test_teams_of_five_are_figures_and_smaller_ones_are_not_shown(app: Flask, services: Services) -> None:
    add_customers(services, "south1", at("2026-11-03T10:00"))

    shown = section(page(app, services, "head"), "subteams")
    rows = [words(row) for row in re.findall(r"<tr><th scope=row>.*?</tr>", shown, re.DOTALL)]

    assert [row.split()[:4] for row in rows] == [["二部", "主管南", "5", "0%"]]
    assert "主管西" not in shown


def in_a_tree(groups: dict[str, int]) -> tuple[str, ...]:
    """Department 12 with *groups* of people in departments below it, each with a leader; two are in 12."""
    lines = ["south,主管南,12,主管,12,,,", "near1,近1,12,客户经理,,,,", "near2,近2,12,客户经理,,,,"]
    for number, people in groups.items():
        lines.append(f"lead{number},组长{number},{number},主管,{number},,,")
        lines += [f"p{number}-{n},组员{number}-{n},{number},客户经理,,,," for n in range(people)]
    return ("head,主管乙,1,主管,1,,,", *lines)


@pytest.mark.parametrize(
    ("groups", "shown"),
    [
        pytest.param(
            {"121": 5, "122": 6}, ["二部", "└ 二组"], id="two would be left: the smaller team goes, too"
        ),
        pytest.param({"121": 5, "122": 6, "123": 3}, ["二部", "└ 一组", "└ 二组"], id="five are left"),
        pytest.param({"121": 3, "122": 4}, ["二部"], id="only small ones"),
    ],
)
def test_teams_within_a_team_are_figures_of_five_and_more(
    tmp_path: Path, groups: dict[str, int], shown: list[str]
) -> None:
    tree = DEPARTMENTS + "12,二部,1\n121,一组,12\n122,二组,12\n123,三组,12\n"
    roster = in_a_tree(groups)
    with (
        branch(tmp_path, when=NOON, more="", roster=roster, departments=tree) as services,
        web(services) as app,
    ):
        found = page(app, services, "head")

    rows = re.findall(r"<th scope=row>([^<]+)</th>", section(found, "subteams"))
    assert sorted(rows) == sorted(shown)
    assert [name for name in ("组员", "组长", "近1") if name in found] == []


@pytest.mark.parametrize("path", ["", "?q=south", "?q=南1号", "?quota=cm-monthly&sort=name"])
def test_nothing_in_the_address_brings_others_in(app: Flask, services: Services, path: str) -> None:
    shown = page(app, services, "team", path)

    assert [name for name in names_in_list(shown) if name not in ("员工甲", "员工乙")] == []
    assert "南1号</th>" not in shown


# --- search, order, pages ---


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        pytest.param("", ["员工乙", "员工甲"], id="the lowest pace first"),
        pytest.param("?direction=desc", ["员工甲", "员工乙"], id="the other way round"),
        pytest.param("?sort=counted", ["员工乙", "员工甲"], id="by a figure"),
        pytest.param("?sort=no-such&page=x&direction=y", ["员工乙", "员工甲"], id="nonsense"),
        pytest.param("?q=ZHANG", ["员工甲"], id="by userid"),
        pytest.param("?q=工乙", ["员工乙"], id="by name"),
        pytest.param("?q=%3Cb%3E", [], id="nobody"),
    ],
)
def test_the_list_is_searched_and_sorted(
    app: Flask, services: Services, query: str, shown: list[str]
) -> None:
    add_customers(services, "zhang", at("2026-11-03T10:00"))

    assert names_in_list(page(app, services, "team", query)) == shown


def test_what_was_searched_stays_in_its_field_and_is_no_markup(app: Flask, services: Services) -> None:
    shown = page(app, services, "team", "?q=%22%3E%3Cscript%3E")

    assert 'value="&#34;&gt;&lt;script&gt;"' in shown
    assert "没有符合的人" in shown


def test_a_long_list_has_pages(app: Flask, services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(team_people, "A_PAGE", 2)

    first, last = (page(app, services, "south", f"?sort=name&page={number}") for number in (1, 99))

    assert names_in_list(first) == ["南1号", "南2号"]
    assert names_in_list(last) == ["南5号"]
    assert 'href="team?sort=name&amp;page=2#people"' in first


# --- help ---


def test_who_is_behind_can_be_helped_from_the_page(app: Flask, services: Services) -> None:
    add_customers(services, "zhang", *(at(f"2026-11-03T10:{n:02d}") for n in range(50)))
    client = enter(app, services, "team")
    before = section(client.get("/team").text, "help")

    done = send(client, "coach", whom="li")
    after = client.get("/team").text

    assert (done.status_code, done.headers["Location"]) == (303, "../team")
    assert re.findall(r'name="whom" value="(\w+)"', before) == ["li"]
    assert 'name="whom"' not in section(after, "help")
    assert "您已说要帮" in section(after, "help")
    (mark,) = services.store.coaching.marks(since=date(2026, 11, 1))
    assert (mark.leader, mark.userid, mark.quota) == ("team", "li", "cm-monthly")
    assert "11-24 周二 员工乙 主管甲 还没满一周" in words(section(after, "coaching"))


def test_nobody_is_helped_who_is_not_led_directly(app: Flask, services: Services) -> None:
    send(enter(app, services, "head"), "coach", whom="zhang")

    assert services.store.coaching.marks(since=date(2026, 11, 1)) == []


@pytest.mark.parametrize(("adds", "effect"), [(50, "已跟上"), (20, "有起色"), (0, "还没变化")])
def test_after_a_week_the_page_says_what_came_of_it(
    app: Flask, services: Services, adds: int, effect: str
) -> None:
    day = date(2026, 11, 16)
    services.store.coaching.mark("team", "li", day, at=epoch_of(at("2026-11-16T12:00")))
    services.store.coaching.note_pace("team", "li", day, quota="cm-monthly", pace=10)
    add_customers(services, "li", *(at(f"2026-11-17T10:{n:02d}") for n in range(adds)))

    assert f"员工乙 主管甲 {effect}" in words(section(page(app, services), "coaching"))


def test_who_asked_for_help_is_named_to_their_leader(app: Flask, services: Services) -> None:
    say(services, "li", "求助")

    assert "请您帮忙：员工乙 11-24" in words(section(page(app, services), "help"))


# --- export ---


def test_the_export_has_what_was_seen_and_leaves_a_trace(app: Flask, services: Services) -> None:
    add_customers(services, "zhang", at("2026-11-03T10:00"))
    client = enter(app, services, "team")

    done = send(client, "export", form="csv", sort="counted", direction="desc")
    rows = list(csv.DictReader(io.StringIO(done.data.decode("utf-8-sig"))))
    one = list(
        csv.DictReader(io.StringIO(send(client, "export", form="csv", q="li").data.decode("utf-8-sig")))
    )

    assert done.headers["Content-Disposition"] == 'attachment; filename="team-20261124-1200.csv"'
    assert [(row["账号"], row["姓名"], row["已计入"]) for row in rows] == [
        ("zhang", "员工甲", "1"),
        ("li", "员工乙", "0"),
    ]
    assert [row["账号"] for row in one] == ["li"]
    acts = [act for act in services.store.audit.acts() if act.act == "export"]
    assert [(act.actor, act.subject, json.loads(act.detail)) for act in acts] == [
        ("team", "team", {"people": 2, "rows": 2, "format": "csv"}),
        ("team", "team", {"people": 1, "rows": 1, "format": "csv"}),
    ]
    assert [len(services.store.exports.of(userid, since=0)) for userid in ("zhang", "li", "south1")] == [
        1,
        2,
        0,
    ]


def test_a_spreadsheet_has_the_teams_as_totals_and_no_names_below(app: Flask, services: Services) -> None:
    done = send(enter(app, services, "head"), "export", form="xlsx")
    text = "".join(
        ZipFile(io.BytesIO(done.data)).read(name).decode()
        for name in ("xl/sharedStrings.xml", "xl/workbook.xml")
    )

    assert "员工直" in text
    assert [name for name in ("员工甲", "南1号", "西1号") if name in text] == []
    assert done.headers["Cache-Control"] == "no-store"


def test_a_name_in_the_file_is_no_formula(tmp_path: Path) -> None:
    roster = ("eve,=HYPERLINK(1),11,客户经理,,,,", *ROSTER)
    with branch(tmp_path, when=NOON, more="", roster=roster) as services, web(services) as app:
        done = send(enter(app, services, "team"), "export", form="csv")

    assert "'=HYPERLINK(1)" in done.data.decode("utf-8-sig")
    assert ",=HYPERLINK" not in done.data.decode("utf-8-sig")


def test_an_employee_gets_no_file(app: Flask, services: Services) -> None:
    done = by_hand(app, services, "zhang", "/team/export", form="csv")

    assert done.status_code == 403
    assert [act.act for act in services.store.audit.acts() if act.act == "export"] == []


# --- several quotas ---


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_a_team_below_has_each_quota_by_name(tmp_path: Path, language: str) -> None:
    second = QUOTA.replace("cm-monthly", "vip-monthly")
    more = f'[locale]\nlanguage = "{language}"\n'
    with (
        branch(
            tmp_path, when=NOON, more=more, quotas=QUOTA + second, roster=PEOPLE, departments=TREE
        ) as services,
        web(services) as app,
    ):
        shown = words(section(page(app, services, "head"), "subteams"))

    assert "cm-monthly 0% / 0%" in shown
    assert "vip-monthly 0% / 0%" in shown


def test_two_quotas_are_told_apart_and_never_summed(tmp_path: Path) -> None:
    second = QUOTA.replace("cm-monthly", "vip-monthly").replace("target = 50", "target = 10")
    with (
        branch(tmp_path, when=NOON, more="", quotas=QUOTA + second) as services,
        web(services) as app,
    ):
        add_customers(services, "zhang", at("2026-11-03T10:00"))
        both = page(app, services)
        one = page(app, services, "team", "?quota=vip-monthly")

    assert len(re.findall(r'id="quota-\d"', both)) == 2
    assert names_in_list(both).count("员工甲") == 2
    assert names_in_list(one).count("员工甲") == 1
    assert "cm-monthly" in section(both, "people")

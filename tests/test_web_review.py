"""/review: a reviewer sees their cases with evidence, then the effect, then decides; nobody else can."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from builders.e2e import FakeTime, at, outbox_rows
from builders.pages import by_hand, enter, plain, token_in, web, words
from builders.reviews import (
    BURST_ID,
    BURST_RULE,
    HOLD,
    ROSTER,
    TUESDAY,
    branch,
    burst,
    lost_contact,
    morning,
    numbers,
)
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from bot.features.reviews.cases import load_cases
from bot.features.reviews.decide import answer, open_appeal
from bot.messages.catalog import texts_in
from bot.services import Services
from bot.store.sync import WHOLE
from bot.web.pages import review as review_page

ADMIN = '[admins]\nuserids = ["boss"]\n'
PEOPLE = (*ROSTER, "boss,管理员,1,科技,,,,")


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Services]:
    with branch(tmp_path, more=BURST_RULE + ADMIN, roster=PEOPLE) as opened:
        yield opened


@pytest.fixture
def app(services: Services) -> Iterator[Flask]:
    with web(services) as app:
        yield app


def appeal(services: Services, text: str = "柜面误删") -> None:
    lost_contact(services)
    open_appeal(services, "zhang", "wm-lost", text=text, at=TUESDAY)


def send(client: FlaskClient, path: str, **form: str | list[str]) -> TestResponse:
    """Send a form of the page with its token."""
    token = token_in(client.get("/review").text)
    return client.post(f"/review/{path}", data={"token": token, **form})


def decision(client: FlaskClient, *ids: str, accept: bool = True, reason: str = "有录音") -> TestResponse:
    """Decide without looking at the effect, and look at the page again."""
    form = {"case": list(ids), "decision": "accept" if accept else "reject", "reason": reason}
    done = send(client, "decide", **form)
    assert (done.status_code, done.headers["Location"]) == (303, "../review")
    return client.get("/review")


def ids_on(page: str) -> list[str]:
    """The cases that can be ticked."""
    return re.findall(r'name="case" value="([^"]+)"', page)


# --- who sees what ---


@pytest.mark.parametrize(
    ("userid", "shown"),
    [
        pytest.param("head", ["appeal:1"], id="the leader's leader"),
        pytest.param("team", [], id="the direct leader"),
        pytest.param("boss", [], id="an administrator before their turn"),
    ],
)
def test_a_case_is_shown_to_whom_it_has_reached(
    app: Flask, services: Services, userid: str, shown: list[str]
) -> None:
    appeal(services)

    page = enter(app, services, userid).get("/review").text

    assert ids_on(page) == shown
    assert ("现在没有等您决定的事" in page) is not shown


def test_it_goes_one_up_after_three_workdays_and_stays_with_those_below(
    app: Flask, services: Services
) -> None:
    appeal(services)
    assert isinstance(services.clock, FakeTime)
    services.clock.set("2026-11-30T09:00")

    shown = {userid: ids_on(enter(app, services, userid).get("/review").text) for userid in ("head", "boss")}

    assert shown == {"head": ["appeal:1"], "boss": ["appeal:1"]}


def test_a_case_has_its_evidence_and_what_was_said(app: Flask, services: Services) -> None:
    appeal(services, text="客户在柜台误删")

    page = words(enter(app, services, "head").get("/review").text)

    assert "员工甲 申诉" in page
    assert "11-04 添加的客户 …lost" in page
    assert "客户在柜台误删" in page
    assert "客户添加不满 7 天即流失" in page
    assert "11-04 10:00 添加（企业微信通知）" in page
    assert "11-06 10:00 客户删除员工（企业微信通知）" in page
    assert "11-27 周五 18:00 前没有决定，就请上一级看" in page


def test_a_question_is_shown_once_the_person_has_had_their_say(app: Flask, services: Services) -> None:
    burst(services)
    morning(services, TUESDAY)
    before = ids_on(enter(app, services, "head").get("/review").text)
    answer(services, BURST_ID, "那天支行开放日", at=at("2026-11-25T11:00"))
    assert isinstance(services.clock, FakeTime)
    services.clock.set("2026-11-25T11:00")

    page = enter(app, services, "head").get("/review").text

    assert (before, ids_on(page)) == ([], [BURST_ID])
    assert "那天支行开放日" in page
    assert "新增 16 位" in words(page)


# --- the effect first ---


def test_the_effect_is_shown_before_anything_is_decided(app: Flask, services: Services) -> None:
    appeal(services)
    client = enter(app, services, "head")

    shown = send(client, "effect", case="appeal:1", decision="accept", reason="有录音")
    against = send(client, "effect", case="appeal:1", decision="reject", reason="无凭据")

    assert "cm-monthly 2026-11：已计入 0 → 1；未计入 1 → 0" in words(shown.text)
    assert "数字没有变化" in words(against.text)
    assert "还没有执行" in shown.text
    assert [case.id for case in load_cases(services, at=TUESDAY)] == ["appeal:1"]
    assert numbers(services, "zhang", TUESDAY) == (0, 0, 1, ())


def test_what_is_tried_is_seen_by_nobody_else(app: Flask, services: Services) -> None:
    """A service answers others meanwhile: people read within the trial must not stay in memory."""
    appeal(services)
    people = services.people

    send(enter(app, services, "head"), "effect", case="appeal:1", decision="accept", reason="有录音")

    assert services.people is not None
    assert people is None or services.people.by_userid == people.by_userid


@pytest.mark.parametrize(
    ("form", "missing"),
    [
        pytest.param({"reason": "有录音"}, "请先勾选要决定的事项。", id="no case"),
        pytest.param({"case": "appeal:1", "reason": " "}, "请写下理由。", id="no reason"),
        pytest.param(
            {"case": "appeal:99", "reason": "有录音"}, "请先勾选要决定的事项。", id="a foreign case"
        ),
    ],
)
def test_a_form_that_lacks_something_says_so(
    app: Flask, services: Services, form: dict[str, str], missing: str
) -> None:
    appeal(services)

    answer = send(enter(app, services, "head"), "effect", decision="accept", **form)

    assert (answer.status_code, missing in answer.text) == (400, True)
    assert '<link rel="stylesheet" href="../static/page.css' in answer.text


def test_on_an_incomplete_record_the_effect_says_so(app: Flask, services: Services) -> None:
    appeal(services)
    client = enter(app, services, "head")
    whole = client.get("/review").text
    services.store.marks.clear(WHOLE)

    shown = [
        client.get("/review").text,
        send(client, "effect", case="appeal:1", decision="accept", reason="有录音").text,
    ]

    assert "客户名单还没有核对完" not in whole
    assert ["客户名单还没有核对完" in page for page in shown] == [True, True]


# --- decisions ---


def test_an_accepted_appeal_counts_and_its_author_is_told(app: Flask, services: Services) -> None:
    appeal(services)

    after = decision(enter(app, services, "head"), "appeal:1")

    assert "已决定 1 件" in plain(after.text)
    assert "appeal:1：通过" in plain(after.text)
    assert numbers(services, "zhang", TUESDAY) == (1, 0, 0, ())
    told = [row for row in outbox_rows(services) if row["key"].startswith("decided:appeal:1")]
    assert [row["to_userid"] for row in told] == ["zhang"]
    assert "有录音" in told[0]["content"]
    entry = services.store.audit.acts()[-1]
    assert (entry.actor, entry.act, entry.subject) == ("head", "review accept", "appeal:1")


def test_several_are_decided_at_once(app: Flask, services: Services) -> None:
    appeal(services)
    burst(services)
    morning(services, TUESDAY)
    answer(services, BURST_ID, "开放日", at=TUESDAY)
    client = enter(app, services, "head")
    listed = ids_on(client.get("/review").text)

    after = decision(client, *listed, reason="查过")

    assert sorted(listed) == ["appeal:1", BURST_ID]
    assert "已决定 2 件" in plain(after.text)
    assert ids_on(after.text) == []


@pytest.mark.parametrize(
    "userid", [pytest.param("team", id="the direct leader"), pytest.param("boss", id="before their turn")]
)
def test_who_may_not_decide_changes_nothing(app: Flask, services: Services, userid: str) -> None:
    appeal(services)

    after = decision(enter(app, services, userid), "appeal:1")

    assert "已决定 0 件" in plain(after.text)
    assert numbers(services, "zhang", TUESDAY) == (0, 0, 1, ())
    assert [case.id for case in load_cases(services, at=TUESDAY)] == ["appeal:1"]


def test_nobody_decides_by_bearing_the_name_of_a_reviewer(tmp_path: Path) -> None:
    """The command line takes names; a page knows who is asking."""
    roster = (*ROSTER[:-1], "head,boss,1,主管,1,,,", "boss,主管丁,1,主管,,,,")
    with branch(tmp_path, more=BURST_RULE + ADMIN, roster=roster) as services, web(services) as app:
        appeal(services)
        after = decision(enter(app, services, "boss"), "appeal:1")

    assert "已决定 0 件" in plain(after.text)


def test_a_case_that_was_decided_meanwhile_is_said_so(
    app: Flask, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    appeal(services)
    client = enter(app, services, "head")
    before = load_cases(services, at=TUESDAY)
    decision(client, "appeal:1")
    monkeypatch.setattr(review_page, "load_cases_of", lambda *_, **__: before)
    monkeypatch.setattr(review_page.ReviewPage, "case", lambda _self, case: {"id": case.id})
    token = token_in(client.get("/review").text)
    form = {"token": token, "case": "appeal:1", "decision": "accept", "reason": "有录音"}

    client.post("/review/decide", data=form)
    monkeypatch.undo()

    assert "刚刚已有人决定" in client.get("/review").text


def test_held_contacts_wait_with_their_question(tmp_path: Path) -> None:
    with branch(tmp_path, more=HOLD) as services, web(services) as app:
        burst(services)
        morning(services, TUESDAY)
        answer(services, BURST_ID, "开放日", at=TUESDAY)
        client = enter(app, services, "head")
        page = words(client.get("/review").text)
        after = decision(client, BURST_ID, accept=False, reason="没有活动")

    assert "决定之前，其中 16 位暂列待确认" in page
    assert "已确认" in plain(after.text)


# --- leave ---


def test_a_leader_confirms_the_leave_of_their_people_with_its_effect(app: Flask, services: Services) -> None:
    days = (at("2026-11-26T00:00").date(), at("2026-11-27T00:00").date())
    services.store.preferences.add_leave("zhang", *days, at=1)
    pages = {userid: enter(app, services, userid) for userid in ("team", "head", "boss")}
    shown = {userid: 'name="leave"' in client.get("/review").text for userid, client in pages.items()}
    page = words(pages["team"].get("/review").text)

    done = send(pages["team"], "leave", leave="zhang:2026-11-26:2026-11-27")
    after = pages["team"].get("/review").text

    assert shown == {"team": True, "head": False, "boss": True}
    assert "员工甲 11-26 至 11-27" in page
    assert "目标折算为 45（原 50）" in page
    assert done.status_code == 303
    assert "已确认员工甲" in after
    assert 'name="leave"' not in after
    assert len(services.store.contact_knowledge.absences()["zhang"]) == 2


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_leave_waits_as_cases_do_and_is_said_without_a_stray_blank(tmp_path: Path, language: str) -> None:
    days = (at("2026-11-26T00:00").date(), at("2026-11-27T00:00").date())
    with (
        branch(tmp_path, more=f'[locale]\nlanguage = "{language}"\n') as services,
        web(services) as app,
    ):
        nothing = words(enter(app, services, "team").get("/review").text)
        services.store.preferences.add_leave("zhang", *days, at=1)
        page = words(enter(app, services, "team").get("/review").text)

    texts = texts_in(language)
    assert texts["pages.review.none"] in nothing
    assert texts["pages.review.fair"].strip() not in nothing  # there is nothing to be fair about
    assert texts["pages.review.none"] not in page
    assert texts["pages.review.head"].say(n=1) in page
    assert [text for text in (" :", " ：") if text in page] == []


@pytest.mark.parametrize(
    ("userid", "leave"),
    [
        pytest.param("head", "zhang:2026-11-26:2026-11-27", id="by the leader's leader"),
        pytest.param("team", "li:2026-11-26:2026-11-27", id="that nobody noted"),
        pytest.param("team", "team:2026-11-26:2026-11-27", id="of oneself"),
        pytest.param("team", "nonsense", id="a foreign key"),
    ],
)
def test_other_leave_is_not_confirmed(app: Flask, services: Services, userid: str, leave: str) -> None:
    days = (at("2026-11-26T00:00").date(), at("2026-11-27T00:00").date())
    for member in ("zhang", "team"):
        services.store.preferences.add_leave(member, *days, at=1)

    by_hand(app, services, userid, "/review/leave", leave=leave)

    assert services.store.contact_knowledge.absences() == {}


# --- form ---


def test_many_cases_come_in_pages(app: Flask, services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    appeal(services)
    burst(services)
    morning(services, TUESDAY)
    answer(services, BURST_ID, "开放日", at=TUESDAY)
    monkeypatch.setattr(review_page, "A_PAGE", 1)
    client = enter(app, services, "head")

    pages = [plain(client.get(f"/review?page={number}").text) for number in (1, 2, 99, "x")]

    assert [len(ids_on(page)) for page in pages] == [1, 1, 1, 1]
    assert ids_on(pages[0]) != ids_on(pages[1]) == ids_on(pages[2])
    assert "第 1 页，共 2 页" in pages[0]
    assert 'rel="next" href="review?page=2"' in pages[0]


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_the_page_is_whole_in_both_languages(tmp_path: Path, language: str) -> None:
    more = f'{BURST_RULE}[locale]\nlanguage = "{language}"\n'
    with branch(tmp_path, more=more) as services, web(services) as app:
        appeal(services, text="a slip")
        days = (at("2026-11-26T00:00").date(),) * 2
        services.store.preferences.add_leave("team", *days, at=1)
        client = enter(app, services, "head")
        effect = send(client, "effect", case="appeal:1", decision="accept", reason="ok").text
        shown = client.get("/review").text

    for page in (shown, effect):
        ids = re.findall(r'\sid="([^"]+)"', page)
        assert len(ids) == len(set(ids))
        assert re.findall(r"<script|<style| style=", page) == []
        text = re.sub("员工.|主管.", "", words(page))
        assert (re.search(r"[\u4e00-\u9fff]", text) is None) is (language == "en"), text

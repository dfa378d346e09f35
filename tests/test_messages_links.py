"""Where messages lead: to the page that shows more, if the bank has given the bot an address."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from builders.chat import say
from builders.e2e import add_customers, at, outbox_rows
from builders.pages import enter, web
from builders.reviews import TUESDAY, branch, lost_contact, morning

from bot.features.reviews.decide import CaseDecision, open_appeal
from bot.features.reviews.notice import decide_and_tell
from bot.messages.forms import forms_of
from bot.messages.message import Card, Keep, Line, Message, Part
from bot.services import Services
from scheduler.planner import plan

PUBLIC = "https://quota.example.com/bot"
PAGE = f"{PUBLIC}/me"
FIRST, LAST = (Line((Part(words),), Keep.ALWAYS) for words in ("first", "last"))


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Services]:
    with branch(tmp_path, when=at("2026-11-24T12:00"), more="") as opened:
        yield opened


def publish(services: Services) -> None:
    server = services.config.server.model_copy(update={"public_url": PUBLIC})
    services.use(services.config.model_copy(update={"server": server}), services.directory)


def form(row: dict[str, Any], msgtype: str) -> dict[str, Any]:
    """One form of a stored message."""
    forms = json.loads(row["forms"])
    return next(one["body"] for one in forms if one["msgtype"] == msgtype)  # type: ignore[no-any-return]


@pytest.mark.parametrize("style", ["card", "markdown", "text"])
def test_each_form_leads_to_the_page(style: str) -> None:
    message = Message((FIRST, LAST), card=Card(rows=(), body=(), buttons=()), page="/me")

    forms = {
        one.msgtype: one.body for one in forms_of(message, style=style, language="en", task_id="t", page=PAGE)
    }

    assert forms["text"]["content"] == f'first\n<a href="{PAGE}">See it on the page</a>\nlast'
    assert forms.get("markdown", {}).get("content") in (None, f"first\n[See it on the page]({PAGE})\nlast")
    if style == "card":
        assert forms["template_card"]["card_action"] == {"type": 1, "url": PAGE}


def test_a_message_without_a_page_is_as_before() -> None:
    message = Message((FIRST, LAST), card=Card(rows=(), body=(), buttons=()))

    forms = forms_of(message, style="card", language="en", task_id="t", link=f"{PUBLIC}/about")

    assert [one.body.get("card_action") for one in forms] == [
        {"type": 1, "url": f"{PUBLIC}/about"},
        None,
        None,
    ]
    assert "See it" not in str(forms)


def test_the_link_gives_way_before_the_message(services: Services) -> None:
    long = tuple(Line((Part("x" * 400),), Keep.CORE) for _ in range(5))

    (form,) = forms_of(
        Message((FIRST, *long, LAST), page="/me"), style="text", language="en", task_id="t", page=PAGE
    )

    assert PAGE not in str(form.body["content"])
    assert str(form.body["content"]).count("x" * 400) == 5


def test_without_an_address_nothing_leads_anywhere(services: Services) -> None:
    lost_contact(services)
    for words in ("进度", "明细", "为什么 lost", "排名"):
        say(services, "zhang", words)

    assert "http" not in "".join(row["forms"] for row in outbox_rows(services))


@pytest.mark.parametrize(
    ("words", "path"),
    [
        pytest.param("进度", "/me", id="progress"),
        pytest.param("明细", "/me#contacts", id="the list"),
        pytest.param("为什么 lost", "/me?period=2026-11#contact-wm-lost", id="one contact"),
        pytest.param("申诉 lost 误删", "/me?period=2026-11#contact-wm-lost", id="an appeal"),
        pytest.param("排名", "/me?rank=1#rank", id="the rank"),
    ],
)
def test_an_answer_leads_to_its_place_on_the_page_which_is_there(
    services: Services, words: str, path: str
) -> None:
    publish(services)
    lost_contact(services)

    say(services, "zhang", words)
    markdown = form(outbox_rows(services)[-1], "markdown")["content"]
    with web(services) as app:
        shown = enter(app, services, "zhang").get(path.partition("#")[0])

    assert f"[在网页上看]({PUBLIC}{path})" in markdown
    assert shown.status_code == 200
    assert f'id="{path.partition("#")[2] or "main"}"' in shown.text


@pytest.mark.parametrize("said", ["why", "appeal", "decision"])
def test_a_contact_is_at_its_link_when_the_period_is_over(tmp_path: Path, said: str) -> None:
    with branch(tmp_path, when=at("2026-12-03T12:00"), more="") as services:
        publish(services)
        lost_contact(services)
        say(services, "zhang", "明细 2026-11")
        if said == "why":
            say(services, "zhang", "为什么 1")
        else:
            say(services, "zhang", "申诉 lost 误删")
        if said == "decision":
            decision = CaseDecision(accept=False, by="head", reason="没有录音")
            decide_and_tell(services, "appeal:1", decision, at=at("2026-12-03T12:05"))
        markdown = form(outbox_rows(services)[-1], "markdown")["content"]
        (link,) = re.findall(rf"\({PUBLIC}(.*?)\)", markdown)
        with web(services) as app:
            shown = enter(app, services, "zhang").get(link.partition("#")[0]).text

    assert f'id="{link.partition("#")[2]}"' in shown
    assert link.endswith("#contact-wm-lost")


def test_the_list_of_another_period_leads_to_that_period(services: Services) -> None:
    publish(services)
    add_customers(services, "zhang", at("2026-10-12T10:00"))

    say(services, "zhang", "明细 2026-10")

    assert f"({PAGE}?period=2026-10#contacts)" in form(outbox_rows(services)[-1], "markdown")["content"]


def test_the_mornings_card_opens_the_page_and_keeps_its_buttons(services: Services) -> None:
    publish(services)
    messages = [one for one in plan(services, "progress", at=TUESDAY) if one.to_userid == "zhang"]
    card = json.loads(messages[0].forms)[0]["body"]

    assert card["card_type"] == "button_interaction"
    assert card["card_action"] == {"type": 1, "url": PAGE}
    assert [button["key"] for button in card["button_list"]][-3:] == ["list", "mute", "leave"]


def test_a_decision_leads_to_its_contact_and_a_case_to_the_reviewers_page(services: Services) -> None:
    publish(services)
    lost_contact(services)
    open_appeal(services, "zhang", "wm-lost", text="误删", at=TUESDAY)
    cases = morning(services, TUESDAY)
    decide_and_tell(services, "appeal:1", CaseDecision(accept=True, by="head", reason="有录音"), at=TUESDAY)

    assert [f"({PUBLIC}/review)" in text for key, text in cases.items() if key.startswith("review:")] == [
        True
    ]
    told = outbox_rows(services)[-1]
    assert f"({PAGE}?period=2026-11#contact-wm-lost)" in form(told, "markdown")["content"]

"""The receiver over HTTP: WeCom's official vectors, and every sample event of its documents."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from builders.service import Callback, Site, contact_event, rows, running, sealed, services

from bot.core.relations import RelationKind
from handlers.inbox import work_off

SAMPLES = sorted((Path(__file__).parent / "samples").glob("*.xml"))
ECHO = "P9nAzCzyDtyTWESHep1vC5X9xho/qYX3Zpb4yKa9SKld1DsH3Iyt3tP3zNdtp+4RPcs8TgAE7OaBO+FZXvnaqQ=="
ECHO_QUERY = "msg_signature=5c45ff5e21c57e6ad56bac8758b79b1d9ac89fd3&timestamp=1409659589&nonce=263014780"
MESSAGE = (
    "RypEvHKD8QQKFhvQ6QleEB4J58tiPdvo+rtK1I9qca6aM/wvqnLSV5zEPeusUiX5L5X/0lWfrf0QADHHhGd3QczcdCUpj911L3vg3W/sYY"
    "vuJTs3TUUkSUXxaccAS0qhxchrRYt66wiSpGLYL42aM6A8dTT+6k4aSknmPj48kzJs8qLjvd4Xgpue06DOdnLxAUHzM6+kDZ+HMZfJYuR+"
    "LtwGc2hgf5gsijff0ekUNXZiqATP7PF5mZxZ3Izoun1s4zG4LUMnvw2r+KqCKIw+3IQH03v+BCA9nMELNqbSf6tiWSrXJB3LAVGUcallcr"
    "w8V2t9EL4EhzJWrQUax5wLVMNS0+rUPA3k22Ncx4XXZS9o0MBH27Bo6BpNelZpS+/uh9KsNlY6bHCmJU9p8g7m3fVKn28H3KDYA5Pl/T8Z"
    "1ptDAVe0lXdQ2YoyyH2uyPIGHBZZIs2pDBS8R07+qN+E7Q=="
)
PLAIN = b"""<xml><ToUserName><![CDATA[wx5823bf96d3bd56c7]]></ToUserName>
<FromUserName><![CDATA[mycreate]]></FromUserName>
<CreateTime>1409659813</CreateTime>
<MsgType><![CDATA[text]]></MsgType>
<Content><![CDATA[hello]]></Content>
<MsgId>4561255354251345929</MsgId>
<AgentID>218</AgentID>
</xml>"""


@pytest.fixture(scope="module")
def official(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A bot with the corp of WeCom's own vectors, which takes callbacks of any age."""
    folder = tmp_path_factory.mktemp("official")
    with (
        services(folder, corp="wx5823bf96d3bd56c7", server="callback_max_age = 0") as opened,
        running(opened) as site,
    ):
        yield site


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with services(tmp_path) as opened, running(opened) as site:
        yield site


@pytest.mark.parametrize(
    "echo",
    [
        pytest.param(
            "P9nAzCzyDtyTWESHep1vC5X9xho%2FqYX3Zpb4yKa9SKld1DsH3Iyt3tP3zNdtp%2B4RPcs8TgAE7OaBO%2BFZXvnaqQ%3D%3D",
            id="encoded as the document prints it",
        ),
        pytest.param(ECHO, id="not encoded at all: + arrives as a blank"),
        pytest.param(ECHO.replace("+", "%2B"), id="only + encoded"),
        pytest.param(ECHO.replace("=", "%3d").replace("+", "%2b"), id="encoded in lower case"),
    ],
)
def test_the_official_address_check_gets_its_19_bytes_and_nothing_else(official: Site, echo: str) -> None:
    answer = official.ask("GET", f"/callback?{ECHO_QUERY}&echostr={echo}")

    assert (answer.status, answer.body) == (200, b"1616140317555161061")
    assert answer.headers["content-type"].startswith("text/plain")


def test_the_official_message_is_stored_once_with_its_exact_bytes(official: Site) -> None:
    callback = Callback(
        query=(
            ("msg_signature", "477715d11cdb4164915debcba66cb864d751f3e6"),
            ("timestamp", "1409659813"),
            ("nonce", "1372623149"),
        ),
        body=f"<xml><AgentID>218</AgentID><Encrypt><![CDATA[{MESSAGE}]]></Encrypt></xml>".encode(),
    )

    answers = [official.post(callback) for _ in range(3)]

    assert [(answer.status, answer.body) for answer in answers] == [(200, b"")] * 3
    assert [body for _, body, _ in official.inbox()] == [PLAIN]


# Contacts, the corp's tags, and members: read again where the directory is WeCom's.
HANDLED = (
    *("change_external_contact-", "change_external_tag-", "subscribe", "change_contact-create_user"),
    *("change_contact-update_user", "change_contact-delete_user", "change_contact-update_tag"),
    *("text", "click", "template_card_event"),
)


def test_every_sample_event_is_stored_once_and_none_of_them_fails(site: Site) -> None:
    samples = {path.stem: path.read_bytes() for path in SAMPLES}

    statuses = [site.post(sealed(body)).status for body in samples.values() for _ in range(2)]
    work_off(site.services)

    assert len(samples) >= 20
    assert set(statuses) == {200}
    states = {body: state for _, body, state in site.inbox()}
    assert len(site.inbox()) == len(samples)
    assert {name: states[body] for name, body in samples.items()} == {
        name: "done" if name.startswith(HANDLED) else "ignored" for name in samples
    }


def test_the_sample_contact_events_become_facts_of_their_kind(site: Site) -> None:
    for path in SAMPLES:
        site.post(sealed(path.read_bytes()))
    work_off(site.services)

    facts = rows(site.path, "SELECT userid, external_userid, kind FROM relation_events ORDER BY kind")

    assert [(userid, customer[-1:], kind) for userid, customer, kind in facts] == [
        ("sales01", "1", RelationKind.ADDED),
        ("sales01", "1", RelationKind.EDITED),
        ("sales01", "2", RelationKind.HALF_ADDED),
        ("sales01", "3", RelationKind.LOST_BY_CUSTOMER),
        ("sales02", "4", RelationKind.TRANSFER_FAILED),
        ("sales01", "1", RelationKind.TRANSFERRED),
    ]


@pytest.mark.parametrize(
    "agent",
    [
        pytest.param("", id="no AgentID"),
        pytest.param("<AgentID></AgentID>", id="an empty one"),
        pytest.param("<AgentID><![CDATA[2000003]]></AgentID>", id="the system app's"),
    ],
)
def test_the_outer_agent_id_decides_nothing(site: Site, agent: str) -> None:
    plain = sealed(contact_event())
    callback = Callback(query=plain.query, body=plain.body.replace(b"</xml>", agent.encode() + b"</xml>"))

    assert site.post(callback).status == 200
    assert len(site.inbox()) == 1


def test_the_content_type_of_the_push_does_not_matter(site: Site) -> None:
    for number, kind in enumerate(("text/xml", "application/json", "application/x-www-form-urlencoded", "")):
        callback = sealed(contact_event(customer=f"wm{number}"))

        assert site.ask("POST", callback.target, callback.body, headers={"Content-Type": kind}).status == 200
    assert len(site.inbox()) == 4

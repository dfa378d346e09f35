"""A leader's export: uploaded, sent behind its answer, on record, and forgotten once it is sent."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from builders.chat import arrive, text_event
from builders.delivery import Post, post
from builders.e2e import outbox_rows
from builders.reviews import branch
from builders.sandbox import Api, make_api
from builders.spreadsheet import read_back
from werkzeug.test import TestResponse

from bot.store.outbox import Lane
from sandbox import media


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Post]:
    with post(tmp_path) as opened:
        yield opened


def file_row(office: Post, *, body: bytes = b"PK\x03\x04 a file") -> None:
    office.services.store.attachments.put("export:1", filename="team-zg01.xlsx", body=body, at=0)
    until = int(office.clock()) + 7200
    office.put("file:1", content="export:1", msgtype="file", lane=Lane.FAST, expires_at=until)


def test_a_file_is_uploaded_sent_and_forgotten(office: Post) -> None:
    file_row(office)
    office.drain()

    assert office.phone() == ["[文件] team-zg01.xlsx (11 B)"]
    assert office.states() == {"file:1": "sent"}
    assert [media.body for media in office.world.media.files.values()] == [b"PK\x03\x04 a file"]
    assert office.services.store.attachments.get("export:1") is None


def test_an_upload_that_fails_is_tried_again_and_the_file_sent_once(office: Post) -> None:
    file_row(office)
    office.world.faults.arm({"read_error": {"errcode": -1, "times": 2}})
    office.drain()
    waiting = office.states()
    for _ in range(3):
        office.later(20)

    assert waiting == {"file:1": "pending"}
    assert office.phone() == ["[文件] team-zg01.xlsx (11 B)"]


def test_a_token_that_ended_is_replaced(office: Post) -> None:
    office.put("progress:before")
    office.drain()
    office.world.tokens.revoke()
    file_row(office)
    office.drain()
    office.later(20)

    assert office.states()["file:1"] == "sent"


def test_a_file_that_wecom_refuses_is_a_dead_letter(office: Post) -> None:
    file_row(office, body=b"tiny")
    office.drain()

    assert office.states()["file:1"] == "failed"
    assert "40006" in office.row("file:1")["error"]
    assert [text.split("\n")[0] for text in office.phone()] == ["**您要的文件没有发成**"]


def test_a_file_that_is_gone_is_a_dead_letter(office: Post) -> None:
    office.put("file:1", content="export:1", msgtype="file", lane=Lane.FAST)
    office.drain()

    assert office.states()["file:1"] == "failed"
    assert [text.split("\n")[0] for text in office.phone()] == ["**您要的文件没有发成**"]


def test_an_export_has_the_leader_s_people_and_his_name(tmp_path: Path) -> None:
    with branch(tmp_path, roster=ROSTER) as services:
        arrive(services, text_event("team", "导出", msgid="7"))
        stored = services.store.attachments.get("export:7")
        acts = [act for act in services.store.audit.acts() if act.act == "export"]
        exports = {
            who: [one.by for one in services.store.exports.of(who, since=0)] for who in ("zhang", "wang")
        }
        keys = [(row["key"], row["msgtype"], row["content"]) for row in outbox_rows(services)]

    assert stored is not None
    filename, body = stored
    (sheet,) = read_back(body)
    cells = [value for _, value in sheet.cells.values()]
    assert filename == "team-team-20261124-0907.xlsx"
    assert any("导出人：主管甲（team），2026-11-24 09:07" in cell for cell in cells)
    assert {"员工甲", "员工乙"} <= set(cells)
    assert "员工丙" not in cells
    assert [(act.actor, act.subject) for act in acts] == [("team", "team")]
    assert exports == {"zhang": ["team"], "wang": []}
    assert [key for key, _, _ in keys] == ["answer:7", "file:7"]
    assert keys[1][1:] == ("file", "export:7")


ROSTER = (
    "zhang,员工甲,11,客户经理,,,,",
    "li,员工乙,11,客户经理,,,,",
    "wang,员工丙,1,客户经理,,,,",
    "team,主管甲,11,主管,11,,,",
)


# --- the sandbox's side ---


@pytest.fixture
def api() -> Api:
    return make_api()


def upload(api: Api, body: bytes, *, kind: str = "file", name: str = "a.xlsx") -> TestResponse:
    return api.client.post(
        "/cgi-bin/media/upload",
        query_string={"access_token": api.token, "type": kind},
        data={"media": (io.BytesIO(body), name)},
    )


def test_an_uploaded_file_has_an_id_for_three_days(api: Api) -> None:
    answer = upload(api, b"123456").json
    media_id = answer["media_id"]
    message = {"msgtype": "file", "text": None, "file": {"media_id": media_id}}

    first = api.send(**message).json["errcode"]
    api.real.now += 3 * 24 * 3600 + 1
    api.token = api.gettoken().json["access_token"]

    assert (answer["errcode"], answer["errmsg"], answer["type"]) == (0, "", "file")
    assert (first, api.send(**message).json["errcode"]) == (0, 40007)
    assert api.client.get(f"/sandbox/media/{media_id}").data == b"123456"


@pytest.mark.parametrize(
    ("body", "kind", "errcode"),
    [
        pytest.param(b"", "file", 44001, id="empty"),
        pytest.param(b"12345", "file", 40006, id="five bytes are too few"),
        pytest.param(b"1234567", "voice", 45001, id="too big"),
        pytest.param(b"123456", "music", 40004, id="no such type"),
    ],
)
def test_what_media_upload_refuses(
    api: Api, monkeypatch: pytest.MonkeyPatch, body: bytes, kind: str, errcode: int
) -> None:
    monkeypatch.setitem(media.LARGEST, "voice", 6)  # two megabytes would take their time

    assert upload(api, body, kind=kind).json["errcode"] == errcode


def test_a_file_message_needs_a_known_file(api: Api) -> None:
    answers = [api.send(msgtype="file", text=None, file=part).json for part in ({}, {"media_id": "none"})]

    assert [answer["errcode"] for answer in answers] == [41006, 40007]

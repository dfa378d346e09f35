"""Answers without end, packed or not: a call takes so much memory and no more."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator

import pytest
from test_wecom_client import TOKEN, Far, calling, far_end, reply, send

from bot.wecom import transport
from bot.wecom.errors import UnknownOutcomeError


@pytest.fixture
def far() -> Iterator[Far]:
    with far_end() as far:
        yield far


def answer_of(megabytes: int) -> bytes:
    return json.dumps({"errcode": 0, "errmsg": "ok", "follow_user": ["y" * 1_048_575] * megabytes}).encode()


def test_an_answer_of_10_mb_is_read_like_any_other(far: Far) -> None:
    far.answer = reply(200, answer_of(10))
    with calling(far.url) as client:
        answer = client.read("externalcontact/get_follow_user_list", token=TOKEN)

    assert len(answer["follow_user"]) == 10


@pytest.mark.parametrize("packed", [False, True], ids=["as it is", "packed"])
def test_an_answer_without_end_is_given_up_and_may_have_been_carried_out(
    far: Far, packed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transport, "MOST_BYTES", 2**20)
    body = answer_of(3)
    far.answer = (
        reply(200, gzip.compress(body), head="Content-Encoding: gzip\r\n") if packed else reply(200, body)
    )
    with calling(far.url) as client, pytest.raises(UnknownOutcomeError, match="larger than 1 MB"):
        send(client)
    far.answer = reply(200, answer_of(0))
    with calling(far.url) as client:
        assert send(client)["errcode"] == 0


def test_a_packed_answer_is_unpacked(far: Far) -> None:
    far.answer = reply(200, gzip.compress(answer_of(0)), head="Content-Encoding: gzip\r\n")
    with calling(far.url) as client:
        assert send(client)["errcode"] == 0

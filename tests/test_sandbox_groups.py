"""webhook/send of the sandbox answers as WeCom does."""

from __future__ import annotations

import base64
import hashlib
import json
import re

import pytest
from builders.sandbox import Api, make_api

from sandbox.groups import KEY

PNG = b"\x89PNG\r\n\x1a\n" + b"x" * 100


@pytest.fixture
def api() -> Api:
    return make_api()


def say(api: Api, body: object, *, key: str = KEY) -> int:
    data = body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=False).encode()
    return int(api.client.post("/cgi-bin/webhook/send", query_string={"key": key}, data=data).json["errcode"])


def markdown(content: str) -> dict[str, object]:
    return {"msgtype": "markdown", "markdown": {"content": content}}


def image(data: bytes, *, md5: str = "") -> dict[str, object]:
    return {
        "msgtype": "image",
        "image": {
            "base64": base64.b64encode(data).decode(),
            "md5": md5 or hashlib.md5(data).hexdigest(),
        },
    }


@pytest.mark.parametrize(
    ("body", "answer"),
    [
        pytest.param(markdown("**好**"), 0, id="markdown"),
        pytest.param(markdown("好" * 1365), 0, id="4095 bytes"),
        pytest.param(markdown("好" * 1366), 40058, id="4098 bytes are refused, not cut"),
        pytest.param({"msgtype": "text", "text": {"content": "好"}}, 0, id="text"),
        pytest.param(markdown(""), 44004, id="nothing to say"),
        pytest.param(image(PNG), 0, id="a picture"),
        pytest.param(image(PNG, md5="0" * 32), 301019, id="another checksum"),
        pytest.param(image(b"GIF89a" + b"x" * 100), 40123, id="no PNG or JPG"),
        pytest.param(image(PNG + b"x" * 2 * 1024 * 1024), 93018, id="over 2 MB"),
        pytest.param(image(b""), 93017, id="an empty picture"),
        pytest.param({"msgtype": "sticker"}, 40008, id="an unknown type"),
        pytest.param(b"{", 40008, id="no JSON"),
    ],
)
def test_each_body_has_its_answer(api: Api, body: object, answer: int) -> None:
    assert say(api, body) == answer


def test_a_wrong_key_is_refused_and_a_robot_can_be_broken_and_mended(api: Api) -> None:
    unknown = say(api, markdown("好"), key="nobody")
    api.client.post("/sandbox/robots", json={"key": KEY, "errcode": 93004})
    broken = say(api, markdown("好"))
    api.client.post("/sandbox/robots", json={"key": KEY, "errcode": 0})

    assert (unknown, broken, say(api, markdown("好"))) == (93000, 93004, 0)


def test_the_21st_message_of_a_minute_blocks_the_robot_for_a_minute_and_no_other(api: Api) -> None:
    api.client.post("/sandbox/robots", json={"key": "second", "group": "二部群"})
    answers = [say(api, markdown(f"{number}")) for number in range(21)]
    other = say(api, markdown("好"), key="second")
    api.real.now += 59
    during = say(api, markdown("好"))
    api.real.now += 2

    assert answers == [0] * 20 + [45009]
    assert (other, during, say(api, markdown("好"))) == (0, 45009, 0)


def test_the_page_shows_what_a_robot_posted(api: Api) -> None:
    say(api, markdown("**全队 20 人**"))
    say(api, image(PNG))

    page = api.client.get("/").text
    groups = api.client.get("/sandbox/messages").json["groups"]
    assert "<b>全队 20 人</b>" in page
    (address,) = re.findall(r'<img alt="图片" src="([^"]+)">', page)
    assert api.client.get(address).data == PNG
    assert api.client.get(address.replace("/1", "/0")).status_code == 404
    assert [post["msgtype"] for post in groups["支行工作群"]] == ["markdown", "image"]


def test_without_a_key_a_control_says_how_it_is_used(api: Api) -> None:
    assert api.client.post("/sandbox/robots", json={}).status_code == 400

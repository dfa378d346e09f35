"""The sandbox's envelope against WeCom's official vectors, in both directions."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.wxcrypto import Codec, CryptoError

OFFICIAL = Codec(
    token="QDG6eK",
    aes_key="jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C",
    receive_id="wx5823bf96d3bd56c7",
)
ECHO = "P9nAzCzyDtyTWESHep1vC5X9xho/qYX3Zpb4yKa9SKld1DsH3Iyt3tP3zNdtp+4RPcs8TgAE7OaBO+FZXvnaqQ=="
XML = (
    "RypEvHKD8QQKFhvQ6QleEB4J58tiPdvo+rtK1I9qca6aM/wvqnLSV5zEPeusUiX5L5X/0lWfrf0QADHHhGd3QczcdCUpj911L3vg3W/s"
    "YYvuJTs3TUUkSUXxaccAS0qhxchrRYt66wiSpGLYL42aM6A8dTT+6k4aSknmPj48kzJs8qLjvd4Xgpue06DOdnLxAUHzM6+kDZ+HMZfJ"
    "YuR+LtwGc2hgf5gsijff0ekUNXZiqATP7PF5mZxZ3Izoun1s4zG4LUMnvw2r+KqCKIw+3IQH03v+BCA9nMELNqbSf6tiWSrXJB3LAVGU"
    "callcrw8V2t9EL4EhzJWrQUax5wLVMNS0+rUPA3k22Ncx4XXZS9o0MBH27Bo6BpNelZpS+/uh9KsNlY6bHCmJU9p8g7m3fVKn28H3KDY"
    "A5Pl/T8Z1ptDAVe0lXdQ2YoyyH2uyPIGHBZZIs2pDBS8R07+qN+E7Q=="
)
XML_PLAIN = """<xml><ToUserName><![CDATA[wx5823bf96d3bd56c7]]></ToUserName>
<FromUserName><![CDATA[mycreate]]></FromUserName>
<CreateTime>1409659813</CreateTime>
<MsgType><![CDATA[text]]></MsgType>
<Content><![CDATA[hello]]></Content>
<MsgId>4561255354251345929</MsgId>
<AgentID>218</AgentID>
</xml>"""
JSON = (
    "CZWs4CWRpI4VolQlvn4dlEC1alN2MUEY2VklGehgBVLBrlVF7SyT+SV+Toj43l4ayJ9UMGKphktKKmP7B2j/P1ey67XB8PBgS7Wr5/8+"
    "w/yWriZv3Vmoo/MH3/1HsIWZrPQ3N2mJrelStIfI2Y8kLKXA7EhfZgZX4o+ffdkZDM76SEl79Ib9mw7TGjZ9Aw/x/A2VjNbV1E8BtEbR"
    "xYYcQippYNw7hr8sFfa3nW1xLdxokt8QkRX83vK3DFP2F6TQFPL2Tu98UwhcUpPvdJBuu1/yiOQIScppV3eOuLWEsko="
)
JSON_PLAIN = (
    '{"ToUserName":"wx5823bf96d3bd56c7","FromUserName":"mycreate","CreateTime": 1409659813,'
    '"MsgType":"text","Content":"hello","MsgId":4561255354251345929,"AgentID": 218}'
)
SUCCESS = "sKqRbbiSUnDhFHOvPjtUMbWS28WQJEcq+Mzda1Jz7/48f8S/Ty+bA9T4kUGo9xXppbi6Xb5CJDNdGLzlBP6xcQ=="
HELLO = "sKqRbbiSUnDhFHOvPjtUMcz5e5v/T1qahgU5bEXs6+b+WLmbSqsxxIWwQYiTSp1nlFtebetk/ZnmGvgg5Lxukg=="
WHOLE_BLOCK = (
    "sKqRbbiSUnDhFHOvPjtUMSs1k8K1CdhVATTBQNj5RGfr2SSogQPwiaREvDG6j+anDDTQGRPc5XVafaRf07vjdJWo03DV9aa/cArn/HDt"
    "V476heTTKpJSMh7JMO1cnA3V"
)


@pytest.mark.parametrize(
    ("encrypt", "timestamp", "nonce", "signature", "plain"),
    [
        pytest.param(
            ECHO,
            "1409659589",
            "263014780",
            "5c45ff5e21c57e6ad56bac8758b79b1d9ac89fd3",
            "1616140317555161061",
            id="A1, the address check",
        ),
        pytest.param(
            XML,
            "1409659813",
            "1372623149",
            "477715d11cdb4164915debcba66cb864d751f3e6",
            XML_PLAIN,
            id="A2, a message",
        ),
        pytest.param(
            JSON,
            "1409659813",
            "1372623149",
            "0623cbc5a8cbee5bcc137c70de99575366fc2af3",
            JSON_PLAIN,
            id="A3, the JSON variant",
        ),
    ],
)
def test_the_official_vectors_open_and_bear_the_official_signature(
    encrypt: str, timestamp: str, nonce: str, signature: str, plain: str
) -> None:
    assert OFFICIAL.decrypt(encrypt).decode() == plain
    assert OFFICIAL.sign(timestamp=timestamp, nonce=nonce, encrypt=encrypt) == signature


@pytest.mark.parametrize(
    ("plain", "random16", "expected", "signature"),
    [
        pytest.param("1616140317555161061", b"c41b64491c2468d0", ECHO, "", id="A1 backwards"),
        pytest.param(XML_PLAIN, b"0960688932c47ef1", XML, "", id="A2 backwards"),
        pytest.param(
            "success",
            b"0123456789abcdef",
            SUCCESS,
            "4a2a49d80077bb3a6435ec7c5a697ba1da3426ba",
            id="C, a short answer",
        ),
        pytest.param(
            "你好，世界",
            b"0123456789abcdef",
            HELLO,
            "c9d90d9c69be95e92fe8ffcc96787d22a04ac6d0",
            id="C, the length counts bytes",
        ),
        pytest.param(
            "x" * 26,
            b"0123456789abcdef",
            WHOLE_BLOCK,
            "0b9e8963df2a9c2f9a04526977a834ceca0da5cc",
            id="C, a whole block of padding",
        ),
    ],
)
def test_sealing_gives_the_bytes_of_the_vectors(
    plain: str, random16: bytes, expected: str, signature: str
) -> None:
    sealed = OFFICIAL.encrypt(plain.encode(), random16=random16)

    assert sealed == expected
    if signature:
        assert OFFICIAL.sign(timestamp="1700000000", nonce="123456789", encrypt=sealed) == signature


@given(st.binary(max_size=400))
def test_what_is_sealed_opens_again(message: bytes) -> None:
    assert OFFICIAL.decrypt(OFFICIAL.encrypt(message)) == message


def test_the_same_message_never_looks_the_same_twice() -> None:
    assert OFFICIAL.encrypt(b"x") != OFFICIAL.encrypt(b"x")


OTHER_CORP = Codec(token="t", aes_key=OFFICIAL.aes_key, receive_id="ww0000000000000000")


@pytest.mark.parametrize(
    ("encrypt", "reason"),
    [
        pytest.param("***", "not base64", id="no base64"),
        pytest.param("", "not whole blocks", id="nothing"),
        pytest.param(base64.b64encode(bytes(31)).decode(), "not whole blocks", id="a byte short"),
        pytest.param(base64.b64encode(bytes(64)).decode(), "wrong padding", id="noise"),
        pytest.param(OTHER_CORP.encrypt(b"x"), "another receiver", id="of another corp"),
    ],
)
def test_a_broken_envelope_says_at_which_step_it_broke(encrypt: str, reason: str) -> None:
    with pytest.raises(CryptoError, match=reason):
        OFFICIAL.decrypt(encrypt)

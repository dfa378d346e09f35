"""The crypto face: official vectors, sealing by somebody else, and everything that must not open."""

from __future__ import annotations

import base64
import struct
from dataclasses import replace

import pytest
from builders.config import AES_KEY, TOKEN
from builders.service import CODEC, encrypted_raw
from hypothesis import given
from hypothesis import strategies as st

from bot.wecom.crypto import CallbackCrypto, CallbackError, DecryptionError, ReceiverError, SignatureError
from sandbox.wxcrypto import Codec

OFFICIAL_CORP = "wx5823bf96d3bd56c7"
KEY = base64.b64decode(AES_KEY + "=")
JSON_TEXT = (
    "CZWs4CWRpI4VolQlvn4dlEC1alN2MUEY2VklGehgBVLBrlVF7SyT+SV+Toj43l4ayJ9UMGKphktKKmP7B2j/P1ey67XB8PBgS7Wr5/8+"
    "w/yWriZv3Vmoo/MH3/1HsIWZrPQ3N2mJrelStIfI2Y8kLKXA7EhfZgZX4o+ffdkZDM76SEl79Ib9mw7TGjZ9Aw/x/A2VjNbV1E8BtEbR"
    "xYYcQippYNw7hr8sFfa3nW1xLdxokt8QkRX83vK3DFP2F6TQFPL2Tu98UwhcUpPvdJBuu1/yiOQIScppV3eOuLWEsko="
)
SET_C = [
    pytest.param(
        b"success",
        "sKqRbbiSUnDhFHOvPjtUMbWS28WQJEcq+Mzda1Jz7/48f8S/Ty+bA9T4kUGo9xXppbi6Xb5CJDNdGLzlBP6xcQ==",
        "4a2a49d80077bb3a6435ec7c5a697ba1da3426ba",
        id="success",
    ),
    pytest.param(
        "你好，世界".encode(),
        "sKqRbbiSUnDhFHOvPjtUMcz5e5v/T1qahgU5bEXs6+b+WLmbSqsxxIWwQYiTSp1nlFtebetk/ZnmGvgg5Lxukg==",
        "c9d90d9c69be95e92fe8ffcc96787d22a04ac6d0",
        id="Chinese: bytes are counted, not characters",
    ),
    pytest.param(
        b"x" * 26,
        "sKqRbbiSUnDhFHOvPjtUMSs1k8K1CdhVATTBQNj5RGfr2SSogQPwiaREvDG6j+anDDTQGRPc5XVafaRf07vjdJWo03DV9aa/cArn/HDtV"
        "476heTTKpJSMh7JMO1cnA3V",
        "0b9e8963df2a9c2f9a04526977a834ceca0da5cc",
        id="a whole block of padding",
    ),
]


def crypto(*, corp_id: str = OFFICIAL_CORP, aes_key: str = AES_KEY) -> CallbackCrypto:
    return CallbackCrypto(token=TOKEN, aes_key=aes_key, corp_id=corp_id)


def test_the_official_json_message_opens() -> None:
    face = crypto()

    face.check_signature(
        "0623cbc5a8cbee5bcc137c70de99575366fc2af3",
        timestamp="1409659813",
        nonce="1372623149",
        encrypted=JSON_TEXT,
    )
    assert face.decrypt(JSON_TEXT) == (
        b'{"ToUserName":"wx5823bf96d3bd56c7","FromUserName":"mycreate","CreateTime": 1409659813,'
        b'"MsgType":"text","Content":"hello","MsgId":4561255354251345929,"AgentID": 218}'
    )


@pytest.mark.parametrize(("message", "encrypted", "signature"), SET_C)
def test_what_the_sandbox_seals_is_the_published_text_and_opens_here(
    message: bytes, encrypted: str, signature: str
) -> None:
    codec = Codec(token=TOKEN, aes_key=AES_KEY, receive_id=OFFICIAL_CORP)
    face = crypto()

    assert codec.encrypt(message, random16=b"0123456789abcdef") == encrypted
    assert face.decrypt(encrypted) == message
    assert face.signature("1700000000", "123456789", encrypted) == signature


@given(message=st.binary(max_size=300))
def test_whatever_is_sealed_opens_again(message: bytes) -> None:
    assert crypto(corp_id=CODEC.receive_id).decrypt(CODEC.encrypt(message)) == message


@pytest.mark.parametrize("last", "ABCD")
def test_the_two_spare_bits_of_the_key_may_be_anything(last: str) -> None:
    face = crypto(corp_id=CODEC.receive_id, aes_key=AES_KEY[:-1] + last)

    assert face.decrypt(CODEC.encrypt(b"hello")) == b"hello"


@given(text=st.text(max_size=200))
def test_no_text_lets_another_error_than_ours_out(text: str) -> None:
    with pytest.raises(CallbackError):
        crypto().decrypt(text)


@given(blocks=st.integers(1, 4), data=st.data())
def test_no_ciphertext_lets_another_error_than_ours_out(blocks: int, data: st.DataObject) -> None:
    cipher_text = data.draw(st.binary(min_size=32 * blocks, max_size=32 * blocks))

    with pytest.raises(CallbackError):
        crypto().decrypt(base64.b64encode(cipher_text).decode())


@given(plain=st.binary(min_size=1, max_size=80), padding=st.integers(1, 32))
def test_no_plaintext_lets_another_error_than_ours_out(plain: bytes, padding: int) -> None:
    whole = (plain + bytes([padding]) * padding).ljust(96, bytes([padding]))
    whole = whole[: len(whole) // 32 * 32]

    with pytest.raises(CallbackError):
        crypto().decrypt(base64.b64encode(encrypted_raw(whole, key=KEY)).decode())


@pytest.mark.parametrize("padding", range(1, 33))
def test_each_amount_of_padding_up_to_a_block_is_taken(padding: int) -> None:
    message = b"m" * (96 - padding - 20 - len(OFFICIAL_CORP))
    plain = bytes(16) + struct.pack(">I", len(message)) + message + OFFICIAL_CORP.encode()
    sealed = encrypted_raw(plain + bytes([padding]) * padding, key=KEY)

    assert crypto().decrypt(base64.b64encode(sealed).decode()) == message


@pytest.mark.parametrize(
    "padding",
    [
        pytest.param(b"\x00", id="zero"),
        pytest.param(b"\x21" * 33, id="more than a block"),
        pytest.param(b"\x03\x02\x03", id="bytes that differ"),
        pytest.param(b"\x03\x03", id="fewer bytes than it says"),
        pytest.param(b"\xff", id="as large as a byte"),
    ],
)
def test_wrong_padding_does_not_open(padding: bytes) -> None:
    head = bytes(16) + struct.pack(">I", 0) + OFFICIAL_CORP.encode()
    whole = head.ljust(96 - len(padding), b"\x01") + padding

    with pytest.raises(DecryptionError, match=r"padding|length"):
        crypto().decrypt(base64.b64encode(encrypted_raw(whole, key=KEY)).decode())


def test_a_text_for_another_receiver_says_so() -> None:
    with pytest.raises(ReceiverError):
        crypto(corp_id="ww00000000000000ff").decrypt(CODEC.encrypt(b"hello"))


@pytest.mark.parametrize(
    "signature",
    [
        pytest.param("", id="none"),
        pytest.param("0" * 40, id="zeros"),
        pytest.param("签名", id="not ASCII"),
        pytest.param("a" * 10_000, id="very long"),
    ],
)
def test_a_wrong_signature_is_an_error_of_ours_without_content(signature: str) -> None:
    with pytest.raises(SignatureError) as caught:
        crypto().check_signature(signature, timestamp="1", nonce="secret-nonce", encrypted="text")

    assert "secret-nonce" not in str(caught.value)


def test_the_four_strings_are_sorted_as_bytes() -> None:
    other = replace(CODEC, token="Zz")
    face = CallbackCrypto(token="Zz", aes_key=AES_KEY, corp_id=CODEC.receive_id)

    for timestamp, nonce, text in (("1", "a", "Z"), ("9", "é", "+"), ("5", "5", "5")):
        assert face.signature(timestamp, nonce, text) == other.sign(
            timestamp=timestamp, nonce=nonce, encrypt=text
        )

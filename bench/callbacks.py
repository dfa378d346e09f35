"""Callbacks as WeCom sends them, made before the clock starts; own crypto [90930, 90968]."""

from __future__ import annotations

import base64
import hashlib
import os
import struct
import time

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

TOKEN = "QDG6eK"
AES_KEY = "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C"
CORP_ID = "wx5823bf96d3bd56c7"

_RUN = os.urandom(8).hex()
_BLOCK = 32
_KEY = base64.b64decode(AES_KEY + "=")
_EVENT = (
    "<xml><ToUserName><![CDATA[{corp}]]></ToUserName><FromUserName><![CDATA[sys]]></FromUserName>"
    "<CreateTime>{at}</CreateTime><MsgType><![CDATA[event]]></MsgType>"
    "<Event><![CDATA[change_external_contact]]></Event>"
    "<ChangeType><![CDATA[add_external_contact]]></ChangeType>"
    "<UserID><![CDATA[sales{member:03d}]]></UserID>"
    "<ExternalUserID><![CDATA[wmBENCH{customer}]]></ExternalUserID>"
    "<State><![CDATA[]]></State><WelcomeCode><![CDATA[{welcome}]]></WelcomeCode></xml>"
)


def welcome_code(number: int) -> str:
    """Return the welcome code of a callback of this process."""
    return hashlib.sha256(f"{_RUN}:{number}".encode()).hexdigest()[:32]


def build(number: int, *, close: bool) -> bytes:
    """One whole HTTP request with an event of its own; *close* asks the server to end the connection."""
    at = int(time.time())
    event = _EVENT.format(
        corp=CORP_ID, at=at, member=number % 100, customer=os.urandom(12).hex(), welcome=welcome_code(number)
    )
    encrypted = _encrypt(event.encode())
    nonce = str(number)
    signature = hashlib.sha1("".join(sorted((TOKEN, str(at), nonce, encrypted))).encode()).hexdigest()
    body = (
        f"<xml><ToUserName><![CDATA[{CORP_ID}]]></ToUserName><AgentID><![CDATA[1000002]]></AgentID>"
        f"<Encrypt><![CDATA[{encrypted}]]></Encrypt></xml>"
    ).encode()
    head = (
        f"POST /callback?msg_signature={signature}&timestamp={at}&nonce={nonce} HTTP/1.1\r\n"
        f"Host: 127.0.0.1\r\nContent-Type: text/xml\r\nContent-Length: {len(body)}\r\n"
        f"{'Connection: close' if close else 'Connection: keep-alive'}\r\n\r\n"
    )
    return head.encode() + body


def _encrypt(message: bytes) -> str:
    plain = os.urandom(16) + struct.pack(">I", len(message)) + message + CORP_ID.encode()
    padding = _BLOCK - len(plain) % _BLOCK
    encryptor = Cipher(algorithms.AES(_KEY), modes.CBC(_KEY[:16])).encryptor()
    cipher_text = encryptor.update(plain + bytes([padding]) * padding) + encryptor.finalize()
    return base64.b64encode(cipher_text).decode()

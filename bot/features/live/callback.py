"""The callback address, tried as WeCom does: its address check, and an event that the bot ignores."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator
from urllib.parse import urlencode

from bot.config import Config
from bot.features.live.part import Part, PartState, ok, wrong
from bot.messages.catalog import Texts
from bot.wecom.crypto import CallbackCrypto
from bot.wecom.events import CHECK_EVENT
from bot.wecom.plain_http import HttpAnswer, NoAnswerError, fetch

CHECK_S, EVENT_S = 1.0, 5.0  # WeCom waits so long [90930]
_OK, _REFUSED = 200, 403
_GATEWAY = frozenset({502, 504})
_EVENT = (
    "<xml><ToUserName><![CDATA[{corp}]]></ToUserName><FromUserName><![CDATA[sys]]></FromUserName>"
    "<CreateTime>{now}</CreateTime><MsgType><![CDATA[event]]></MsgType><Event><![CDATA[{event}]]></Event>"
    "<Nonce>{nonce}</Nonce></xml>"
)


class CallbackCheck:
    """Plays WeCom against the public address."""

    def __init__(self, config: Config, texts: Texts) -> None:
        wecom = config.wecom
        self._config, self._texts = config, texts
        self._url = f"{config.server.public_url}/callback"
        self._crypto = CallbackCrypto(
            token=wecom.callback_token.get_secret_value(),
            aes_key=wecom.callback_aes_key.get_secret_value(),
            corp_id=wecom.corp_id,
        )

    def parts(self) -> Iterator[Part]:
        """Yield the address check, and if it is answered at all the event."""
        texts, echo = self._texts, secrets.token_hex(8).encode()
        encrypted = self._crypto.encrypt(echo)
        try:
            answer = self._send(encrypted, {"echostr": encrypted})
        except NoAnswerError as error:
            yield wrong("callback_check", texts["live.callback_unreachable"].say(url=self._url, why=error))
            part = texts.table("live.parts")["callback_check"]
            yield Part("callback_event", PartState.SKIPPED, texts["live.skipped"].say(part=part))
            return
        yield self._judged("callback_check", answer, body=echo, within_s=CHECK_S)
        corp, now = self._config.wecom.corp_id, int(time.time())
        event = _EVENT.format(corp=corp, now=now, event=CHECK_EVENT, nonce=secrets.token_hex(8))
        encrypted = self._crypto.encrypt(event.encode())
        try:
            answer = self._send(encrypted, {}, is_event=True)
        except NoAnswerError as error:
            yield wrong("callback_event", texts["live.callback_unreachable"].say(url=self._url, why=error))
            return
        yield self._judged("callback_event", answer, body=b"", within_s=EVENT_S)

    def _send(self, encrypted: str, more: dict[str, str], *, is_event: bool = False) -> HttpAnswer:
        wecom, stamp, nonce = self._config.wecom, str(int(time.time())), secrets.token_hex(5)
        signature = self._crypto.signature(stamp, nonce, encrypted)
        query = urlencode({"msg_signature": signature, "timestamp": stamp, "nonce": nonce, **more})
        packet = f"<xml><ToUserName>{wecom.corp_id}</ToUserName><Encrypt>{encrypted}</Encrypt></xml>"
        return fetch(
            f"{self._url}?{query}",
            body=packet.encode() if is_event else None,
            proxies=("", wecom.proxy),  # a bank's machine may reach its own public address by the proxy only
            ca_file=wecom.ca_file,
            timeout_s=EVENT_S,
        )

    def _judged(self, name: str, answer: HttpAnswer, *, body: bytes, within_s: float) -> Part:
        texts, status = self._texts, answer.status
        faults = texts.table("live.callback_faults")
        if status == _REFUSED and not answer.body:  # the bot's own has none, that of a firewall has
            return wrong(name, faults["refused"])
        if status in _GATEWAY:
            return wrong(name, faults["gateway"].say(status=status))
        if status != _OK:
            return wrong(name, faults["status"].say(status=status, url=self._url))
        if answer.body != body:
            return wrong(name, faults["body"].say(url=self._url))
        if answer.took_s > within_s:
            return wrong(name, faults["slow"].say(seconds=f"{answer.took_s:.1f}", most=f"{within_s:.0f}"))
        return ok(name, texts["live.callback"].say(url=self._url, ms=round(answer.took_s * 1000)))

"""The allowed content of a message/send request for each msgtype (90236), and its display on a phone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sandbox.cards import buttons_of, check_card, content_of_card, is_interactive
from sandbox.cards import string as _string
from sandbox.errors import ApiError
from sandbox.switches import ApiSwitches

TEXT_BYTES = 2048
MARKDOWN_BYTES = 2048
_TITLE_CHARS = 128
_DESCRIPTION_CHARS = 512
_URL_BYTES = 2048
_BUTTON_CHARS = 4

# WeCom accepts these too; the sandbox does not play them.
NOT_PLAYED = frozenset({"image", "voice", "video", "news", "mpnews", "miniprogram_notice"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """A checked message: *content* as plain text, *raw* as sent, *cut* if WeCom shortened it."""

    msgtype: str
    content: str
    raw: Mapping[str, object]
    cut: bool = False
    has_response_code: bool = False
    task_id: str = ""


class NotPlayedError(Exception):
    """A msgtype of WeCom that the sandbox does not play."""


def read_body(request: Mapping[str, object], switches: ApiSwitches) -> Body:
    """Return the checked body of *request*.

    Raises ApiError (40008 for an unknown msgtype, else the code for the type's fault) or NotPlayedError.
    """
    msgtype = request.get("msgtype")
    if not isinstance(msgtype, str) or msgtype not in _READERS:
        if msgtype in NOT_PLAYED:
            raise NotPlayedError(str(msgtype))
        raise ApiError(40008)
    part = request.get(msgtype)
    return _READERS[msgtype](part if isinstance(part, dict) else {}, switches)


def _text(part: Mapping[str, object], _switches: ApiSwitches) -> Body:
    content = _string(part, "content") or _refuse(44004)
    data = content.encode()
    # WeCom cuts bytes, not characters: half a character at the end becomes a replacement sign.
    shown = data[:TEXT_BYTES].decode(errors="replace")
    return Body(msgtype="text", content=shown, raw=part, cut=len(data) > TEXT_BYTES)


def _markdown(part: Mapping[str, object], switches: ApiSwitches) -> Body:
    content = _string(part, "content") or _refuse(44004)
    if len(content.encode()) > MARKDOWN_BYTES:
        stem = f"markdown.content exceed max length {MARKDOWN_BYTES}. invalid Request Parameter"
        raise ApiError(switches.markdown_over, stem=stem if switches.markdown_over == 40058 else "")
    return Body(msgtype="markdown", content=content, raw=part)


def _textcard(part: Mapping[str, object], _switches: ApiSwitches) -> Body:
    title = _string(part, "title") or _refuse(41016)
    description = _string(part, "description") or _refuse(41033)
    url = _string(part, "url")
    if not url.startswith(("http://", "https://")) or len(url.encode()) > _URL_BYTES:
        raise ApiError(40035)
    if len(_string(part, "btntxt")) > _BUTTON_CHARS:
        raise ApiError(
            40058, stem=f"textcard.btntxt exceed max length {_BUTTON_CHARS}. invalid Request Parameter"
        )
    cut = len(title) > _TITLE_CHARS or len(description) > _DESCRIPTION_CHARS
    content = f"{title[:_TITLE_CHARS]}\n{description[:_DESCRIPTION_CHARS]}"
    return Body(msgtype="textcard", content=content, raw=part, cut=cut)


def _template_card(part: Mapping[str, object], switches: ApiSwitches) -> Body:
    check_card(part, switches)
    return Body(
        msgtype="template_card",
        content=content_of_card(part, buttons_of(part)),
        raw=part,
        has_response_code=is_interactive(part),
        task_id=_string(part, "task_id"),
    )


def _refuse(errcode: int) -> str:
    raise ApiError(errcode)


def _file(part: Mapping[str, object], _switches: ApiSwitches) -> Body:
    return Body(msgtype="file", content=_string(part, "media_id") or _refuse(41006), raw=part)


_READERS: Mapping[str, Callable[[Mapping[str, object], ApiSwitches], Body]] = {
    "text": _text,
    "markdown": _markdown,
    "textcard": _textcard,
    "file": _file,
    "template_card": _template_card,
}

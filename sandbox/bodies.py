"""What a message/send request may say for each msgtype (90236), and what a phone then shows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sandbox.errors import ApiError
from sandbox.switches import ApiSwitches

TEXT_BYTES = 2048
MARKDOWN_BYTES = 2048
_TITLE_CHARS = 128
_DESCRIPTION_CHARS = 512
_URL_BYTES = 2048
_BUTTON_CHARS = 4

# WeCom takes these too; the sandbox does not play them.
NOT_PLAYED = frozenset({"image", "voice", "video", "news", "mpnews", "miniprogram_notice"})

_INTERACTIVE = {
    "button_interaction": ("button_list",),
    "vote_interaction": ("checkbox", "submit_button"),
    "multiple_interaction": ("select_list", "submit_button"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """A checked message: *content* as plain text, *raw* as sent, *cut* if WeCom shortened it."""

    msgtype: str
    content: str
    raw: Mapping[str, object]
    cut: bool = False
    has_response_code: bool = False


class NotPlayedError(Exception):
    """A msgtype that WeCom knows and the sandbox does not play."""


def read_body(request: Mapping[str, object], switches: ApiSwitches) -> Body:
    """Return the checked body of *request*.

    Raises ApiError (40008 for an unknown msgtype, then what the type demands) or NotPlayedError.
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
    # WeCom cuts bytes, not characters: half a character at the end shows as a replacement sign.
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


def _template_card(part: Mapping[str, object], _switches: ApiSwitches) -> Body:
    """Check what every card of its type must have; which of 42027-42051 names which lack is UNCONFIRMED."""
    kind = _string(part, "card_type")
    title = _string(_mapping(part, "main_title"), "title")
    has_menu = bool(_mapping(part, "action_menu"))
    if kind in _INTERACTIVE:
        complete = bool(title and part.get("task_id")) and all(part.get(name) for name in _INTERACTIVE[kind])
    elif kind == "text_notice":
        complete = bool((title or part.get("sub_title_text")) and _mapping(part, "card_action"))
    elif kind == "news_notice":
        picture = part.get("card_image") or part.get("image_text_area")
        complete = bool(title and picture and _mapping(part, "card_action"))
    else:
        complete = False
    if not complete or (has_menu and not part.get("task_id")):
        raise ApiError(42027)
    content = "\n".join(line for line in _card_lines(part, title) if line)
    has_code = kind in _INTERACTIVE or has_menu
    return Body(msgtype="template_card", content=content, raw=part, has_response_code=has_code)


def _card_lines(part: Mapping[str, object], title: str) -> list[str]:
    emphasis = _mapping(part, "emphasis_content")
    rows = part.get("horizontal_content_list")
    pairs = [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
    return [
        title,
        _string(_mapping(part, "main_title"), "desc"),
        f"{_string(emphasis, 'title')} {_string(emphasis, 'desc')}".strip(),
        _string(part, "sub_title_text"),
        *(f"{_string(row, 'keyname')}：{_string(row, 'value')}" for row in pairs),
    ]


def _string(part: Mapping[str, object], name: str) -> str:
    value = part.get(name)
    return value if isinstance(value, str) else ""


def _mapping(part: Mapping[str, object], name: str) -> Mapping[str, object]:
    value = part.get(name)
    return value if isinstance(value, dict) else {}


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

"""Template cards (90236): required parts of each type, length limits, and the display on a phone."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from sandbox.errors import ApiError
from sandbox.switches import ApiSwitches

Part = Mapping[str, object]

_TASK_ID = re.compile(r"[0-9A-Za-z_@-]{1,128}")
_KEY_BYTES = 1024
_ID_BYTES = 128
_URL_BYTES = 2048
_NOTICES = frozenset({"text_notice", "news_notice"})
_INTERACTIVE = frozenset({"button_interaction", "vote_interaction", "multiple_interaction"})

# Lists by name: the fewest and the most items of an existing list.
_ITEMS: Mapping[str, tuple[int, int]] = {
    "horizontal_content_list": (0, 6),
    "vertical_content_list": (0, 4),
    "jump_list": (0, 3),
    "button_list": (1, 6),
    "select_list": (1, 3),
}
# Advised lengths in characters (字); the switch card_text_over decides about longer texts.
_CHARS: Mapping[str, int] = {
    "source.desc": 20,
    "main_title.title": 36,
    "main_title.desc": 44,
    "emphasis_content.title": 14,
    "emphasis_content.desc": 22,
    "sub_title_text": 160,
    "horizontal_content_list.keyname": 5,
    "horizontal_content_list.value": 30,
    "vertical_content_list.title": 38,
    "vertical_content_list.desc": 160,
    "jump_list.title": 18,
    "button_list.text": 10,
    "submit_button.text": 10,
    "action_menu.action_list.text": 10,
}
_ADVICE_OF_TYPE: Mapping[tuple[str, str], int] = {
    ("vote_interaction", "main_title.title"): 16,
    ("vote_interaction", "main_title.desc"): 160,
    ("multiple_interaction", "main_title.desc"): 160,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Button:
    """A button on a phone; a press of one with a *url* sends no event."""

    text: str
    key: str
    url: str = ""
    enabled: bool = True


def check_card(card: Part, switches: ApiSwitches, *, is_update: bool = False) -> None:
    """Raise ApiError if WeCom would refuse *card*: 42014 for its task_id, 40058 for too long a text.

    The meaning of 42027 to 42051 is UNCONFIRMED; the switch card_fault gives the answer for all other faults.
    *is_update*: the card of message/update_template_card, without a task_id (94888).
    """
    for fault in _faults(card, is_update=is_update):
        raise ApiError(switches.card_fault, stem=f"invalid template_card, {fault}")
    task_id = card.get("task_id")
    if task_id is not None and not (isinstance(task_id, str) and _TASK_ID.fullmatch(task_id)):
        raise ApiError(42014)
    if switches.card_text_over == "shown":
        return
    for name, text in _texts(card):
        limit = _ADVICE_OF_TYPE.get((str(card.get("card_type")), name), _CHARS[name])
        if len(text) > limit:
            stem = f"template_card.{name} exceed max length {limit}. invalid Request Parameter"
            raise ApiError(40058, stem=stem)


def is_interactive(card: Part) -> bool:
    """Return whether a click on *card* sends an event, which requires a callback address."""
    return card.get("card_type") in _INTERACTIVE or bool(mapping(card, "action_menu"))


def lines_of(card: Part) -> list[str]:
    """Return the text of *card*, line by line, without its buttons."""
    title = mapping(card, "main_title")
    emphasis = mapping(card, "emphasis_content")
    said = [
        string(mapping(card, "source"), "desc"),
        string(title, "title"),
        f"{string(emphasis, 'title')} {string(emphasis, 'desc')}".strip(),
        *string(card, "sub_title_text").split("\n"),
        *(
            f"{string(row, 'keyname')}{_colon(string(row, 'keyname'))}{string(row, 'value')}"
            for row in items(card, "horizontal_content_list")
        ),
        *(f"{string(row, 'title')} {string(row, 'desc')}" for row in items(card, "vertical_content_list")),
        *string(mapping(card, "quote_area"), "quote_text").split("\n"),
        string(title, "desc"),
    ]
    return [line for line in said if line]


def buttons_of(card: Part) -> tuple[Button, ...]:
    """Return the buttons of *card*; replace_text replaces all of them with one disabled button."""
    if replaced := string(card, "replace_text"):
        return (Button(text=replaced, key="", enabled=False),)
    found = [
        Button(text=string(one, "text"), key=string(one, "key"), url=string(one, "url"))
        for one in items(card, "button_list")
    ]
    submit = mapping(card, "submit_button")
    if submit:
        found.append(Button(text=string(submit, "text"), key=string(submit, "key")))
    menu = items(mapping(card, "action_menu"), "action_list")
    return (*found, *(Button(text=string(one, "text"), key=string(one, "key")) for one in menu))


def _colon(name: str) -> str:
    return ": " if name.isascii() else "："


def content_of_card(card: Part, buttons: tuple[Button, ...]) -> str:
    """Return *card* with *buttons* as plain text; a disabled button is in other brackets."""
    shown = (f"［{button.text}］" if button.enabled else f"（{button.text}）" for button in buttons)
    return "\n".join(line for line in (*lines_of(card), "".join(shown)) if line)


def _faults(card: Part, *, is_update: bool) -> Iterator[str]:
    kind = card.get("card_type")
    if kind not in _NOTICES | _INTERACTIVE:
        yield "card_type"
        return
    yield from _lacks(card, str(kind))
    if not is_update and is_interactive(card) and not card.get("task_id"):
        yield "task_id is missing"
    for name, (fewest, most) in _ITEMS.items():
        value = card.get(name, [])
        if not isinstance(value, list) or (name in card and not fewest <= len(value) <= most):
            yield f"{name} must have {fewest} to {most} items"
    yield from _button_faults(card)
    yield from _row_faults(card)
    yield from _menu_faults(card)
    yield from _action_faults(card, needed=kind in _NOTICES)


def _lacks(card: Part, kind: str) -> Iterator[str]:
    title = string(mapping(card, "main_title"), "title")
    if kind == "text_notice":
        if not title and not string(card, "sub_title_text"):
            yield "main_title.title or sub_title_text is missing"
    elif not title:
        yield "main_title.title is missing"
    pictures = (
        string(mapping(card, "card_image"), "url"),
        string(mapping(card, "image_text_area"), "image_url"),
    )
    if kind == "news_notice" and not any(pictures):
        yield "card_image or image_text_area is missing"
    needed = {
        "button_interaction": ("button_list",),
        "vote_interaction": ("checkbox", "submit_button"),
        "multiple_interaction": ("select_list", "submit_button"),
    }
    for name in needed.get(kind, ()):
        if not card.get(name) and not string(card, "replace_text"):
            yield f"{name} is missing"
    if kind == "button_interaction" and card.get("jump_list"):
        yield "jump_list belongs to notices"


def _button_faults(card: Part) -> Iterator[str]:
    keys: list[str] = []
    for one in items(card, "button_list"):
        if not string(one, "text"):
            yield "button_list.text is missing"
        if one.get("style", 1) not in (1, 2, 3, 4):
            yield "button_list.style"
        kind = one.get("type", 0)
        if kind == 0:
            keys.append(string(one, "key"))
        elif kind != 1 or not _is_url(string(one, "url")):
            yield "button_list.type or url"
    yield from _key_faults(keys, "button_list.key")
    if "submit_button" in card:
        yield from _key_faults([string(mapping(card, "submit_button"), "key")], "submit_button.key")


def _menu_faults(card: Part) -> Iterator[str]:
    if "action_menu" not in card:
        return
    menu = items(mapping(card, "action_menu"), "action_list")
    if not 1 <= len(menu) <= 3:
        yield "action_menu.action_list must have 1 to 3 items"
    if not all(string(one, "text") for one in menu):
        yield "action_menu.action_list.text is missing"
    yield from _key_faults([string(one, "key") for one in menu], "action_menu.action_list.key")


def _key_faults(keys: list[str], name: str) -> Iterator[str]:
    if not all(keys):
        yield f"{name} is missing"
    if len(set(keys)) < len(keys):
        yield f"{name} is there twice"
    if any(len(key.encode()) > _KEY_BYTES for key in keys):
        yield f"{name} is longer than {_KEY_BYTES} bytes"


def _row_faults(card: Part) -> Iterator[str]:
    needed: Mapping[object, str] = {1: "url", 2: "media_id", 3: "userid"}
    for row in items(card, "horizontal_content_list"):
        kind = row.get("type", 0)
        if not string(row, "keyname"):
            yield "horizontal_content_list.keyname is missing"
        if kind != 0 and (kind not in needed or not string(row, needed[kind])):
            yield "horizontal_content_list.type"
    for one in items(card, "jump_list"):
        if not string(one, "title"):
            yield "jump_list.title is missing"
    for one in items(card, "vertical_content_list"):
        if not string(one, "title"):
            yield "vertical_content_list.title is missing"
    for one in items(card, "select_list"):
        if not string(one, "question_key") or not 1 <= len(items(one, "option_list")) <= 10:
            yield "select_list"
        if any(
            not 0 < len(string(option, "id").encode()) <= _ID_BYTES for option in items(one, "option_list")
        ):
            yield "select_list.option_list.id"


def _action_faults(card: Part, *, needed: bool) -> Iterator[str]:
    action = mapping(card, "card_action")
    if not action:
        if needed:
            yield "card_action is missing"
        return
    kind = action.get("type")
    if kind == 1:
        if not _is_url(string(action, "url")):
            yield "card_action.url"
    elif kind == 2:
        if not string(action, "appid"):
            yield "card_action.appid is missing"
    elif needed or kind != 0:
        yield "card_action.type"


def _texts(card: Part) -> Iterator[tuple[str, str]]:
    """Yield each text with an advised length, under its name in `_CHARS`."""
    for name in _CHARS:
        *way, last = name.split(".")
        parts: list[Part] = [card]
        for step in way:
            parts = [
                inner
                for part in parts
                for inner in (
                    items(part, step) if isinstance(part.get(step), list) else [mapping(part, step)]
                )
            ]
        yield from ((name, string(part, last)) for part in parts)


def _is_url(url: str) -> bool:
    return url.startswith(("http://", "https://")) and len(url.encode()) <= _URL_BYTES


def string(part: Part, name: str) -> str:
    """Return the text under *name*, empty if absent."""
    value = part.get(name)
    return value if isinstance(value, str) else ""


def mapping(part: Part, name: str) -> Part:
    """Return the object under *name*, empty if absent."""
    value = part.get(name)
    return value if isinstance(value, dict) else {}


def items(part: Part, name: str) -> list[Part]:
    """Return the objects in the list under *name*."""
    value = part.get(name)
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []

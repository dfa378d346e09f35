"""The app's menu: menu/create (90231), menu/get (90232), menu/delete (90233)."""

from __future__ import annotations

import json
from collections.abc import Mapping

from sandbox.errors import ApiError
from sandbox.sending import check_access
from sandbox.world import Call, World

_BUTTONS, _SUB_BUTTONS = 3, 5
_NAME_BYTES, _SUB_NAME_BYTES, _KEY_BYTES = 16, 40, 128
_OK: dict[str, object] = {"errcode": 0, "errmsg": "ok"}


def create(world: World, *, query: Mapping[str, str], raw: bytes, call: Call) -> dict[str, object]:
    """Replace the menu. Only buttons of type click and view are played. Raises ApiError."""
    with world.lock:
        _check(world, query, call)
        try:
            menu = json.loads(raw)
        except ValueError:
            raise ApiError(40035) from None
        buttons = menu.get("button") if isinstance(menu, dict) else None
        if not isinstance(buttons, list) or not 1 <= len(buttons) <= _BUTTONS:
            raise ApiError(40016)
        for button in buttons:
            _check_button(button)
        world.menu = menu
        return dict(_OK)


def get(world: World, *, query: Mapping[str, str], raw: bytes, call: Call) -> dict[str, object]:  # noqa: ARG001 - as all reads
    """Return the menu. Raises ApiError, 46003 without a menu."""
    with world.lock:
        _check(world, query, call)
        if world.menu is None:
            raise ApiError(46003)
        return {**_OK, **world.menu}


def delete(world: World, *, query: Mapping[str, str], raw: bytes, call: Call) -> dict[str, object]:  # noqa: ARG001 - as all reads
    """Remove the menu. Raises ApiError."""
    with world.lock:
        _check(world, query, call)
        world.menu = None
        return dict(_OK)


def _check(world: World, query: Mapping[str, str], call: Call) -> None:
    check_access(world, token=query.get("access_token"), ip=call.ip)
    agent = query.get("agentid", "")
    if not agent:
        raise ApiError(41011)
    if not agent.isdecimal():
        raise ApiError(40056)
    if int(agent) != world.app.agent_id:
        raise ApiError(301002)


def _check_button(button: object) -> None:
    if not isinstance(button, dict):
        raise ApiError(40035)
    if len(str(button.get("name") or "").encode()) not in range(1, _NAME_BYTES + 1):
        raise ApiError(40018)
    if "sub_button" not in button:
        _check_action(button)
        return
    below = button["sub_button"]
    if not isinstance(below, list) or not 1 <= len(below) <= _SUB_BUTTONS:
        raise ApiError(40023)
    for one in below:
        if not isinstance(one, dict) or "sub_button" in one:
            raise ApiError(40035)
        if len(str(one.get("name") or "").encode()) not in range(1, _SUB_NAME_BYTES + 1):
            raise ApiError(40025)
        _check_action(one)


def _check_action(button: Mapping[str, object]) -> None:
    kind = button.get("type")
    if kind not in ("click", "view"):
        raise ApiError(40017)
    value = str(button.get("key" if kind == "click" else "url") or "")
    if not 1 <= len(value.encode()) <= _KEY_BYTES:
        raise ApiError(40019 if kind == "click" else 40035)

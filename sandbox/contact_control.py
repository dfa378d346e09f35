"""The controls of contacts and tags: changes of a bank's program through the API, without any event."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, fields
from datetime import date

from flask import Blueprint, Response, jsonify, request

from sandbox.contacts import CORP, RULE_GROUP, Chats
from sandbox.control import ControlError, asked, told
from sandbox.world import World


def blueprint(world: World) -> Blueprint:
    """Return the routes; `docs/sandbox.md` describes each."""
    routes = Blueprint("contact_control", __name__, url_prefix="/sandbox")
    routes.register_error_handler(ControlError, told)
    _contact_routes(routes, world)
    _tag_routes(routes, world)
    _chat_routes(routes, world)
    return routes


def _contact_routes(routes: Blueprint, world: World) -> None:
    @routes.get("/contacts")
    def contacts() -> Response:
        userid = request.args.get("userid", "").lower()
        with world.lock:
            found = [one for one in world.contacts.all() if userid in ("", one.userid.lower())]
            return jsonify(contacts=[asdict(one) for one in found])

    @routes.post("/contacts")
    def change_contact() -> Response:
        wanted = asked()
        userid, external = _text(wanted, "userid"), _text(wanted, "external_userid")
        try:
            world.change_contact(userid, external, wanted)
        except ValueError as exc:
            raise ControlError(str(exc)) from exc
        with world.lock:
            contact = world.contacts.get(userid, external)
            return jsonify(asdict(contact) if contact else {})

    @routes.post("/scope")
    def change_scope() -> Response:
        wanted = asked()
        userid, is_in = _text(wanted, "userid").lower(), wanted.get("in_scope")
        if not isinstance(is_in, bool):
            raise ControlError("in_scope is true or false")
        with world.lock:
            scope = world.contacts.out_of_scope
            (scope.discard if is_in else scope.add)(userid)
            return jsonify(out_of_scope=sorted(scope))


def _tag_routes(routes: Blueprint, world: World) -> None:
    @routes.get("/tags")
    def tags() -> Response:
        with world.lock:
            return jsonify(tags=[asdict(tag) for tag in world.contacts.tags.values()])

    @routes.post("/tags")
    def new_tag() -> Response:
        wanted = asked()
        kind = wanted.get("kind", CORP)
        if kind not in (CORP, RULE_GROUP):
            raise ControlError(f"kind is {CORP} (corp) or {RULE_GROUP} (rule group), not {kind!r}")
        with world.lock:
            tag = world.contacts.new_tag(_text(wanted, "group"), _text(wanted, "name"), kind=kind)
            return jsonify(asdict(tag))


def _chat_routes(routes: Blueprint, world: World) -> None:
    @routes.post("/chats")
    def change_chats() -> Response:
        """Set one member's chats of one day for get_user_behavior_data, instead of the made-up ones."""
        wanted = asked()
        userid, day = _text(wanted, "userid").lower(), _day(_text(wanted, "day"))
        numbers = {name: value for name, value in wanted.items() if name not in ("userid", "day")}
        allowed = [field.name for field in fields(Chats)]
        if not set(numbers) <= set(allowed) or any(type(value) is not int for value in numbers.values()):
            raise ControlError(f"whole numbers of {', '.join(allowed)}")
        with world.lock:
            world.chats[userid, day] = chats = Chats(**numbers)
        return jsonify(asdict(chats))


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as exc:
        raise ControlError(f"day is like 2026-11-23, not {text!r}") from exc


def _text(wanted: Mapping[str, object], name: str) -> str:
    value = wanted.get(name)
    if not isinstance(value, str) or not value:
        raise ControlError(f"{name} is missing")
    return value

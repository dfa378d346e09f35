"""The controls under /sandbox/: tests and the demo read and set them. WeCom has none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from flask import Blueprint, Response, jsonify, request

from sandbox.callbacks import Batch, CallbackSender
from sandbox.clock import ClockError
from sandbox.events import Event, SpecError, complete_transfers, compose
from sandbox.faults import FaultError
from sandbox.history import CHINA, history
from sandbox.staffing import StaffingError, carry_out, state
from sandbox.switches import SwitchError, changed
from sandbox.trail import wanted
from sandbox.world import World

_WAIT = 120.0
_WATCHED_S = 15.0  # after the last look at the page


class ControlError(ValueError):
    """A wrong use of a control; the text says the right one."""


def blueprint(world: World, sender: CallbackSender) -> Blueprint:
    """Return the routes; `docs/sandbox.md` describes each."""
    routes = Blueprint("control", __name__, url_prefix="/sandbox")
    for error in (ControlError, ClockError, SpecError, FaultError, SwitchError, StaffingError):
        routes.register_error_handler(error, told)
    _state_routes(routes, world, sender)
    _people_routes(routes, world)
    _log_routes(routes, world, sender)
    _event_routes(routes, world, sender)
    return routes


def fire(
    world: World, sender: CallbackSender, specs: list[Mapping[str, object]], **overrides: object
) -> tuple[list[Event], Batch]:
    """Compose *specs* and start sending them; *overrides* are callback switches for this call only."""
    switches = changed(world.callbacks, overrides)
    events = [event for spec in specs for event in compose(world, spec)]
    return events, sender.send(events, switches=switches)


def _state_routes(routes: Blueprint, world: World, sender: CallbackSender) -> None:
    @routes.get("/health")
    def health() -> Response:
        return jsonify(ok=True)

    @routes.get("/app")
    def app() -> Response:
        return jsonify(asdict(world.app))

    @routes.get("/clock")
    def read_clock() -> Response:
        return _clock(world)

    @routes.post("/clock")
    def set_clock() -> Response:
        _set_clock(world, asked())
        sender.send(complete_transfers(world))
        return _clock(world)

    @routes.get("/faults")
    def read_faults() -> Response:
        return jsonify(world.faults.state())

    @routes.post("/faults")
    def arm_faults() -> Response:
        _arm(world, asked())
        return jsonify(world.faults.state())

    @routes.get("/switches")
    def read_switches() -> Response:
        return _switches(world)

    @routes.post("/switches")
    def set_switches() -> Response:
        _set_switches(world, asked())
        return _switches(world)


def _people_routes(routes: Blueprint, world: World) -> None:
    @routes.get("/people")
    def people() -> Response:
        with world.lock:
            return jsonify(people=[asdict(person) for person in world.people.values()])

    @routes.post("/people")
    def change_person() -> Response:
        wanted = asked()
        try:
            person = world.change_person(
                str(wanted.get("userid", "")), visible=wanted.get("visible"), licensed=wanted.get("licensed")
            )
        except KeyError as exc:
            raise ControlError(f"nobody has the userid {exc.args[0]!r}") from exc
        return jsonify(asdict(person))


def _log_routes(routes: Blueprint, world: World, sender: CallbackSender) -> None:
    @routes.get("/calls")
    def calls() -> Response:
        path = request.args.get("path")
        with world.lock:
            lines = [asdict(call) for call in world.calls if path in (None, call.path)]
            return jsonify(calls=lines, gettoken={"calls": world.tokens.calls, "issued": world.tokens.issued})

    @routes.get("/messages")
    def messages() -> Response:
        userid = request.args.get("userid", "").lower()
        with world.lock:
            box = world.mailbox
            keys = [userid] if userid else sorted({*world.people, *box.messages})
            return jsonify(
                members={key: [asdict(message) for message in box.messages.get(key, ())] for key in keys},
                said={key: [asdict(one) for one in box.said.get(key, ())] for key in keys},
                dropped=[asdict(message) for message in box.dropped if userid in ("", message.to)],
                duplicates=[asdict(message) for message in box.duplicates if userid in ("", message.to)],
                groups={robot.group: [asdict(one) for one in robot.posts] for robot in world.robots.values()},
                customers=[
                    asdict(one) for one in world.welcomes.greetings if userid in ("", one.userid.lower())
                ],
            )

    @routes.get("/beside")
    def ask_beside() -> Response:
        with world.lock:
            watched = world.real() - world.looked_at < _WATCHED_S
            return jsonify(wanted=wanted(world, sender), language=world.language, is_watched=watched)

    @routes.post("/beside")
    def put_beside() -> Response:
        given = asked()
        if missing := {"language", "queue", "contacts", "figures"} - given.keys():
            raise ControlError(f"beside lacks {', '.join(sorted(missing))}")
        world.beside = given
        return jsonify(ok=True)

    @routes.get("/deliveries")
    def deliveries() -> Response:
        done = sender.wait(_timeout()) if _wants_to_wait() else None
        return jsonify(done=done, deliveries=[asdict(delivery) for delivery in list(sender.deliveries)])


def _event_routes(routes: Blueprint, world: World, sender: CallbackSender) -> None:
    @routes.get("/directory")
    def read_directory() -> Response:
        return jsonify(state(world))

    @routes.post("/directory")
    def change_directory() -> Response:
        wanted = asked()
        acts = wanted.get("acts", [wanted])
        if not isinstance(acts, list) or not all(isinstance(act, dict) for act in acts):
            raise ControlError('acts must be a list of objects like {"act": "leave", "userid": "yg01"}')
        events = [event for act in acts for event in carry_out(world, act)]
        batch = sender.send(events, switches=world.callbacks)
        if _wants_to_wait():
            batch.done.wait(_timeout())
        return jsonify(events=[_named(event) for event in events], **_counts(batch), **state(world))

    @routes.post("/events")
    def fire_events() -> Response:
        wanted = asked()
        specs = wanted.pop("events") if "events" in wanted else [wanted]
        if not isinstance(specs, list) or not all(isinstance(spec, dict) for spec in specs):
            raise ControlError('events must be a list of objects like {"kind": "add", "userid": "yg01"}')
        overrides = {} if specs[:1] == [wanted] else wanted
        events, batch = fire(world, sender, specs, **overrides)
        if _wants_to_wait():
            batch.done.wait(_timeout())
        return jsonify(events=[_named(event) for event in events], **_counts(batch))

    @routes.get("/transfers")
    def transfers() -> Response:
        with world.lock:
            return jsonify(transfers=[asdict(transfer) for transfer in world.transfers.all])

    @routes.post("/history")
    def send_history() -> Response:
        wanted = asked()
        until = _moment(wanted.pop("until", world.clock.now()))
        specs: list[Mapping[str, object]] = [*history(world.branch, until=until, calendar=world.calendar)]
        events, batch = fire(world, sender, specs, **wanted)
        batch.done.wait(_timeout())
        return jsonify(events=len(events), **_counts(batch))

    @routes.post("/verify")
    def verify() -> Response:
        return jsonify(sender.verify())


def _set_clock(world: World, wanted: dict[str, Any]) -> None:
    if not wanted or wanted.keys() - {"now", "advance", "speed"}:
        raise ControlError("the clock takes now (epoch seconds or ISO), advance (seconds) and speed")
    numbers = {name: wanted[name] for name in ("advance", "speed") if name in wanted}
    if not all(_is_number(value) for value in numbers.values()):
        raise ControlError("advance and speed are numbers")
    if "now" in wanted:
        world.clock.set(_moment(wanted["now"]).timestamp())
    if "advance" in wanted:
        world.clock.advance(wanted["advance"])
    if "speed" in wanted:
        world.clock.run_at(wanted["speed"])


def _clock(world: World) -> Response:
    now = world.clock.now()
    iso = datetime.fromtimestamp(now, CHINA).isoformat(timespec="seconds")
    return jsonify(now=now, iso=iso, speed=world.clock.speed, real=world.real())


def _arm(world: World, wanted: dict[str, Any]) -> None:
    acts = {name: wanted.pop(name, False) for name in ("clear", "revoke_token", "expire_token")}
    if not all(isinstance(value, bool) for value in acts.values()):
        raise FaultError("clear, revoke_token and expire_token are true or false")
    if acts["clear"]:
        world.faults.clear()
    world.faults.arm(wanted)
    with world.lock:
        if acts["revoke_token"]:
            world.tokens.revoke()
        if acts["expire_token"]:
            world.tokens.expire(world.real())


def _set_switches(world: World, wanted: dict[str, Any]) -> None:
    if wanted.keys() - {"api", "callbacks", "callback_url"}:
        raise ControlError("switches are api {…}, callbacks {…} and callback_url")
    parts = {name: wanted.get(name, {}) for name in ("api", "callbacks")}
    url = wanted.get("callback_url", world.callback_url)
    if not isinstance(url, str) or not all(isinstance(part, dict) for part in parts.values()):
        raise ControlError("switches are api {…}, callbacks {…} and callback_url (text)")
    with world.lock:
        api, callbacks = changed(world.api, parts["api"]), changed(world.callbacks, parts["callbacks"])
        world.api, world.callbacks, world.callback_url = api, callbacks, url


def _switches(world: World) -> Response:
    with world.lock:
        return jsonify(
            api=asdict(world.api), callbacks=asdict(world.callbacks), callback_url=world.callback_url
        )


def _named(event: Event) -> dict[str, str]:
    return {"kind": event.kind, "userid": event.userid, "external_userid": event.external_userid}


def _counts(batch: Batch) -> dict[str, object]:
    return {
        "planned": batch.planned,
        "delivered": batch.delivered,
        "failed": batch.failed,
        "lost": batch.lost,
        "done": batch.done.is_set(),
    }


def asked() -> dict[str, Any]:
    """Return the JSON object of the request; an empty body is an empty object."""
    if not request.get_data():
        return {}
    body = request.get_json(force=True, silent=True)
    if not isinstance(body, dict):
        raise ControlError("a JSON object is expected")
    return body


def _moment(value: object) -> datetime:
    """Return an aware time from epoch seconds or ISO 8601; without an offset it is in China."""
    if _is_number(value):
        return datetime.fromtimestamp(float(str(value)), CHINA)
    try:
        moment = datetime.fromisoformat(str(value))
    except ValueError as exc:
        raise ControlError(f"{value!r} is neither epoch seconds nor ISO 8601") from exc
    return moment if moment.tzinfo else moment.replace(tzinfo=CHINA)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _wants_to_wait() -> bool:
    return request.args.get("wait") == "1"


def _timeout() -> float:
    return request.args.get("timeout", _WAIT, type=float)


def told(error: Exception) -> tuple[Response, int]:
    """Return the answer to a wrong use of a control."""
    return jsonify(error=str(error)), 400

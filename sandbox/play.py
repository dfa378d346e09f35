"""What a player does on the page: an act of a customer or an employee, a turn of a switch."""

from __future__ import annotations

from collections.abc import Mapping

from sandbox import control, switchboard
from sandbox.callbacks import Batch, CallbackSender
from sandbox.customer import ACTS, Line
from sandbox.events import Event, Spec, SpecError
from sandbox.world import World

_WAIT_S = 3.0  # the page should show the effect of a button
_OWN_ACTS = ("text", "click", "menu")

Texts = Mapping[str, str]


def act(world: World, sender: CallbackSender, form: Mapping[str, str], texts: Texts) -> str:
    """Fire the event of a form and return what to tell the player, often nothing.

    *form*: ``act`` (one of customer.ACTS, text, click, menu) and ``userid``, with ``external_userid``,
    ``to``, ``word``, ``key``, ``task_id`` where the act needs them. *texts*: the notes.
    """
    wanted = {name: value.strip() for name, value in form.items() if value.strip()}
    kind = wanted.pop("act", "")
    if not world.callback_url:
        return texts["no_address"]
    if kind != "transfer":
        wanted.pop("to", None)  # the list beside the buttons is for a transfer only
    if kind not in (*ACTS, *_OWN_ACTS) or (kind == "text" and "word" not in wanted):
        return texts["nothing"]
    try:
        return told(fire(world, sender, {"kind": kind, **wanted}), texts)
    except SpecError as error:
        if kind == "click":
            return texts["gone_button"]
        if "external_userid" not in wanted:
            return texts["no_customer"]
        return texts["refused"].format(why=error)


def fire(world: World, sender: CallbackSender, spec: Spec) -> Batch:
    """Send the events of *spec*, show them on the customer's phone, and wait a little. Raises SpecError."""
    late = switchboard.lateness(world)
    delay = {"delay": late} if late else {}
    events, batch = control.fire(world, sender, [spec], **delay)
    if events and spec["kind"] in ACTS:
        _note(world, events[0], spec)
    if not late:
        batch.done.wait(_WAIT_S)
    return batch


def told(batch: Batch, texts: Texts) -> str:
    """Return what to tell the player of a batch that was waited for."""
    if batch.lost:
        return texts["lost"]
    return texts["unconfirmed"] if batch.failed or (batch.done.is_set() and not batch.delivered) else ""


def switch(world: World, sender: CallbackSender, form: Mapping[str, str]) -> None:
    """Turn the switch of a form; ``key`` empty: turn all off. Unknown keys do nothing."""
    key = form.get("key", "")
    if key in switchboard.SWITCHES:
        switchboard.turn(world, sender, key, on=form.get("on") == "1")
    elif not key:
        for each in sorted(world.board.on):
            switchboard.turn(world, sender, each, on=False)


def _note(world: World, event: Event, spec: Spec) -> None:
    """Show *event* on the phone of its customer, and put that phone on the desk."""
    with world.lock:
        to = str(spec.get("to", "")).lower()
        line = Line(at=world.clock.now(), kind=str(spec["kind"]), userid=event.userid.lower(), to=to)
        world.customers.note(event.external_userid, line)
        world.customers.take(event.external_userid)

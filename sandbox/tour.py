"""The tour of a first visit: eight steps, each with what to look at and often with something to do."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sandbox import jumps, play, switchboard
from sandbox.callbacks import CallbackSender
from sandbox.events import SpecError
from sandbox.texts import Texts
from sandbox.world import World, new_external_userid

OVER = 0  # the step of a visitor who has seen it or wants none
HERO = "yg01"  # whose phone the tour looks at
_GONE_S, _BACK_S = 120.0, 180.0  # virtual seconds before the customer of step 5 leaves, and comes back

_Act = Callable[[World, CallbackSender, Texts], str]


def shown(texts: Texts, cookie: str | None) -> Mapping[str, Any] | None:
    """Return the step to show: ``{"n": 0}`` is the offer of a first visit. None if there is nothing to show.

    *cookie*: the number of the visitor's step, None on a first visit.
    """
    if cookie is None:
        return {"n": OVER}
    steps = texts["tour"]["steps"]
    number = int(cookie) if cookie.isdecimal() else OVER
    if not 1 <= number <= len(steps):
        return None
    return {"n": number, "of": len(steps), "does": number in _ACTS, **steps[number - 1]}


def anchor(step: int, texts: Texts) -> str:
    """Return where on the page a step is to be seen."""
    steps = texts["tour"]["steps"]
    go = str(steps[step - 1]["go"]) if 1 <= step <= len(steps) else ""
    return HERO if go == "phone" else go


def perform(world: World, sender: CallbackSender, step: int, texts: Texts) -> str:
    """Do what a step offers and return what to tell the player, often nothing."""
    if not world.callback_url:
        return str(texts["note"]["no_address"])
    act = _ACTS.get(step)
    return act(world, sender, texts) if act else ""


def _clock_to(name: str) -> _Act:
    def go(world: World, _sender: CallbackSender, texts: Texts) -> str:
        try:
            now = jumps.jump(world, jumps.moment_of(world, name))
        except jumps.PastError as error:
            now = error.now  # the visitor was faster than the tour
        return str(texts["clock"]["moved"].format(now=f"{now:%m-%d %H:%M}"))

    return go


def _scan(world: World, sender: CallbackSender, texts: Texts) -> str:
    """Let the customer on the desk scan; another one if they are known already."""
    with world.lock:
        customers = world.customers
        if customers.lines.get(customers.current):
            customers.take(new_external_userid(customers.rng, prefix="wm"))
        spec = {"kind": "add", "userid": HERO, "external_userid": customers.current}
    return play.told(play.fire(world, sender, spec), texts["note"])


def _slip(world: World, sender: CallbackSender, texts: Texts) -> str:
    """Let the customer on the desk leave and come back, minutes apart as in life."""
    spec = {"userid": HERO, "external_userid": world.customers.current}
    if world.customers.relations(world.customers.current).get(HERO) != "add":
        _scan(world, sender, texts)
        spec["external_userid"] = world.customers.current
    batch = None
    for kind, seconds in (("del_by_customer", _GONE_S), ("add", _BACK_S)):
        world.clock.advance(seconds)
        try:
            batch = play.fire(world, sender, {"kind": kind, **spec})
        except SpecError as error:
            return str(texts["note"]["refused"].format(why=error))
    return play.told(batch, texts["note"]) if batch else ""


def _ask(world: World, sender: CallbackSender, texts: Texts) -> str:
    spec = {"kind": "text", "userid": HERO, "word": str(texts["phones"]["words"][0])}
    return play.told(play.fire(world, sender, spec), texts["note"])


def _storm(world: World, sender: CallbackSender, texts: Texts) -> str:
    switchboard.turn(world, sender, "double", on=True)
    return _scan(world, sender, texts)


_ACTS: Mapping[int, _Act] = {
    2: _clock_to("morning"),
    3: _scan,
    5: _slip,
    6: _ask,
    7: _storm,
    8: _clock_to("reminder"),
}

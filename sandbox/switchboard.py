"""The fault switches of the page: what each one turns, and what it has done since it was first turned on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from sandbox.callbacks import CallbackSender
from sandbox.world import Call, World

_ALWAYS = 1_000_000  # times of a counted fault that lasts until it is switched off
_SLOW_MS = 3000
LATE_S = 6.0
_COPIES = 3

Effect = dict[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Switch:
    """One switch. *lasts*: it stays on; else it acts once. *night*: its effect shows at the comparison."""

    key: str
    turn: Callable[[World, bool], None]
    effect: Callable[[World, CallbackSender, list[Call], int], Effect]
    lasts: bool = True
    night: bool = False


def turn(world: World, sender: CallbackSender, key: str, *, on: bool) -> None:
    """Turn a switch on or off. Raises KeyError for an unknown one."""
    switch = SWITCHES[key]
    with world.lock:
        if on:
            newest = world.calls[-1].n if world.calls else 0
            world.board.since.setdefault(key, (newest, sender.count))
        switch.turn(world, on)
        if switch.lasts:
            (world.board.on.add if on else world.board.on.discard)(key)


def shown(world: World, sender: CallbackSender) -> list[tuple[Switch, bool, Effect]]:
    """Return every switch with its state and its figures."""
    with world.lock:
        on = set(world.board.on)
    return [(switch, key in on, effect(world, sender, key)) for key, switch in SWITCHES.items()]


def effect(world: World, sender: CallbackSender, key: str) -> Effect:
    """Return the figures of a switch since it was first turned on; empty if it never was."""
    with world.lock:
        if key not in world.board.since:
            return {}
        call, event = world.board.since[key]
        calls = [one for one in world.calls if one.n > call]
        return SWITCHES[key].effect(world, sender, calls, event)


def lateness(world: World) -> float:
    """Return the seconds that the next event waits: with `reorder` on, every other one is overtaken."""
    with world.lock:
        if "reorder" not in world.board.on:
            return 0.0
        world.board.turns += 1
        return LATE_S if world.board.turns % 2 else 0.0


def _callbacks(**values: object) -> Callable[[World, bool], None]:
    """Return what sets callback switches to *values*, and back to what they are by default."""

    def turn(world: World, on: bool) -> None:  # noqa: FBT001 - the state of a switch
        changes = values if on else {name: getattr(type(world.callbacks)(), name) for name in values}
        world.callbacks = replace(world.callbacks, **changes)

    return turn


def _fault(name: str, on_value: object, off_value: object = None) -> Callable[[World, bool], None]:
    """Return what arms a fault, and disarms it."""

    def turn(world: World, on: bool) -> None:  # noqa: FBT001 - the state of a switch
        if on:
            world.faults.arm({name: on_value})
        elif off_value is None:
            world.faults.disarm(name)
        else:
            world.faults.arm({name: off_value})

    return turn


def _revoke(world: World, on: bool) -> None:  # noqa: FBT001 - the state of a switch
    if on:
        world.tokens.revoke()
        world.board.revoked += 1


def _nothing(_world: World, on: bool) -> None:  # noqa: FBT001 - the state of a switch; the page reads it
    del on


def _lost(_world: World, sender: CallbackSender, _calls: list[Call], event: int) -> Effect:
    return {"n": sum(one.lost for one in sender.sent_since(event))}


def _doubled(_world: World, sender: CallbackSender, _calls: list[Call], event: int) -> Effect:
    doubled = [one for one in sender.sent_since(event) if one.delivered > 1]
    return {"events": len(doubled), "copies": sum(one.delivered for one in doubled)}


def _overtaken(_world: World, sender: CallbackSender, _calls: list[Call], event: int) -> Effect:
    firsts = [one.delivered_at for one in sender.sent_since(event) if one.delivered_at]
    return {
        "n": sum(any(later < first for later in firsts[place + 1 :]) for place, first in enumerate(firsts))
    }


def _slowed(_world: World, _sender: CallbackSender, calls: list[Call], _event: int) -> Effect:
    slow = [one.ms for one in calls if "delay" in one.faults and one.status is not None]
    return {"n": len(slow), "ms": round(max(slow, default=0))}


def _renewed(world: World, _sender: CallbackSender, calls: list[Call], _event: int) -> Effect:
    refused = sum(one.errcode == 40014 for one in calls)
    fresh = sum(one.path == "gettoken" and one.errcode == 0 for one in calls)
    return {"n": world.board.revoked, "refused": refused, "fresh": fresh}


def _refused(errcode: int) -> Callable[[World, CallbackSender, list[Call], int], Effect]:
    def effect(_world: World, _sender: CallbackSender, calls: list[Call], _event: int) -> Effect:
        return {"n": sum(one.errcode == errcode for one in calls)}

    return effect


def _unread(_world: World, _sender: CallbackSender, calls: list[Call], _event: int) -> Effect:
    return {"n": sum("lists_error" in one.faults for one in calls)}


_EVERY: tuple[Switch, ...] = (
    Switch(key="drop", turn=_callbacks(drop_rate=1.0), effect=_lost),
    Switch(key="double", turn=_callbacks(copies=_COPIES), effect=_doubled),
    Switch(key="reorder", turn=_nothing, effect=_overtaken),
    Switch(key="slow", turn=_fault("delay_ms", _SLOW_MS, 0), effect=_slowed),
    Switch(key="token", turn=_revoke, effect=_renewed, lasts=False),
    Switch(
        key="often", turn=_fault("send_error", {"errcode": 45009, "times": _ALWAYS}), effect=_refused(45009)
    ),
    Switch(key="busy", turn=_fault("send_error", {"errcode": -1, "times": _ALWAYS}), effect=_refused(-1)),
    Switch(
        key="address", turn=_fault("untrusted_ip", on_value=True, off_value=False), effect=_refused(60020)
    ),
    Switch(key="lists", turn=_fault("lists_error", -1, 0), effect=_unread, night=True),
)
SWITCHES: Mapping[str, Switch] = {switch.key: switch for switch in _EVERY}

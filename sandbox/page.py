"""The page at /: each person's messages, like phones in a row, and buttons to play with."""

from __future__ import annotations

from datetime import datetime, time

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from sandbox import control
from sandbox.callbacks import CallbackSender
from sandbox.events import Spec, SpecError
from sandbox.history import CHINA
from sandbox.phones import Phone, groups, phones
from sandbox.world import World

_WAIT = 3.0  # seconds; the page should show the effect of a button
_ACTS = ("add", "del_by_customer", "del_by_member")
_JUMPS = {"hour": 3600, "day": 86_400}
_WEEKDAYS = "一二三四五六日"
_GROUPS = "groups"  # a value of ?only= beside userids


def blueprint(world: World, sender: CallbackSender) -> Blueprint:
    """Return the routes of the page. Its forms fire events like `POST /sandbox/events`."""
    routes = Blueprint("page", __name__, template_folder="templates")

    @routes.get("/")
    def show() -> str:
        now = datetime.fromtimestamp(world.clock.now(), CHINA)
        only = [name for name in request.args.get("only", "").lower().split(",") if name]
        with world.lock:
            swallowed = len(world.mailbox.dropped), len(world.mailbox.duplicates)
        return render_template(
            "phones.html",
            phones=_chosen(phones(world), only),
            groups=groups(world) if not only or _GROUPS in only else [],
            only=only,
            now=f"{now:%Y-%m-%d %H:%M}",
            weekday=_WEEKDAYS[now.weekday()],
            corp_id=world.app.corp_id,
            agent_id=world.app.agent_id,
            callback_url=world.callback_url,
            dropped=swallowed[0],
            duplicates=swallowed[1],
            note=request.args.get("note", ""),
        )

    @routes.post("/page/act")
    def act() -> Response:
        return _back(_act(world, sender), anchor=request.form.get("userid", ""))

    @routes.post("/page/clock")
    def jump() -> Response:
        world.clock.advance(_JUMPS.get(request.form.get("jump", ""), 0))
        return _back(_go_to(world, request.form.get("to", "")))

    return routes


def _chosen(every: list[Phone], only: list[str]) -> list[Phone]:
    """Return the phones of *only* (userids in lower case) in that order; every phone if it is empty."""
    by_userid = {phone.userid.lower(): phone for phone in every}
    return [by_userid[name] for name in only if name in by_userid] if only else every


def _go_to(world: World, wanted: str) -> str:
    """Set the clock to a time of its day, HH:MM; return a message for the player if that fails."""
    if not wanted:
        return ""
    now = datetime.fromtimestamp(world.clock.now(), CHINA)
    try:
        world.clock.set(datetime.combine(now, time.fromisoformat(wanted), CHINA).timestamp())
    except ValueError:
        return "时钟只能往前 · the clock only goes forward"
    return ""


def _act(world: World, sender: CallbackSender) -> str:
    """Fire the form's event and return a message for the player."""
    userid, kind, word = (request.form.get(name, "").strip() for name in ("userid", "act", "word"))
    if not world.callback_url:
        return "还没有回调地址 · no callback address yet"
    if kind not in (*_ACTS, "text", "click") or (kind == "text" and not word):
        return ""
    spec: Spec = {"kind": kind, "userid": userid, **({"word": word} if kind == "text" else {})}
    if kind == "click":
        spec = {**spec, "key": request.form.get("key", ""), "task_id": request.form.get("task_id", "")}
    try:
        _, batch = control.fire(world, sender, [spec])
    except SpecError:
        if kind == "click":
            return "这个按钮已经失效 · this button is no longer live"
        return "这位员工还没有客户 · this employee has no customer yet"
    batch.done.wait(_WAIT)
    return "" if batch.delivered else "对方没有确认收到 · the receiver did not confirm"


def _back(note: str, *, anchor: str = "") -> Response:
    """Show the page again at the phone that was used."""
    return redirect(url_for("page.show", note=note or None, _anchor=anchor or None), code=303)

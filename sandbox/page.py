"""The page at /: phones, a customer's phone, the clock, the fault switches, and what the bot made of it all.

It works without scripts: every button is a form. The script sends forms in place and refreshes what changed.
"""

from __future__ import annotations

import base64
from datetime import datetime, timedelta
from urllib.parse import quote

from flask import (
    Blueprint,
    Response,
    abort,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)
from werkzeug.wrappers import Response as AnyResponse

from sandbox import jumps, phones, play, switchboard, tour, trail
from sandbox.callbacks import CallbackSender
from sandbox.customer import NEXT
from sandbox.events import complete_transfers
from sandbox.history import CHINA
from sandbox.texts import COOKIE, LANGUAGES, Texts, language_of, texts_in
from sandbox.world import World, new_external_userid

_GROUPS = "groups"  # a value of ?only= beside userids
_TOUR = "sandbox_tour"
_KEPT_S = 365 * 24 * 3600
# Everything comes from here, and nothing that is written into the page runs or styles.
_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; "
    "connect-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}


def blueprint(world: World, sender: CallbackSender) -> Blueprint:
    """Return the routes of the page. Its forms fire events like `POST /sandbox/events`."""
    routes = Blueprint(
        "page", __name__, template_folder="templates", static_folder="static", static_url_path="/page/static"
    )
    routes.add_app_template_filter(_say, "say")
    routes.add_app_template_filter(phones.opened, "opened")

    @routes.after_request
    def guard(response: Response) -> Response:
        response.headers.update(_HEADERS)
        return response

    @routes.get("/")
    def show() -> Response:
        return _page(world, sender)

    @routes.get("/page/picture/<key>/<int:number>")
    def picture(key: str, number: int) -> Response:
        with world.lock:
            posts = world.robots[key].posts if key in world.robots else []
            image = posts[number].image if number < len(posts) else ""
        if not image:
            abort(404)
        data = base64.b64decode(image)
        return Response(data, mimetype="image/png" if data.startswith(b"\x89PNG") else "image/jpeg")

    _form_routes(routes, world, sender)
    return routes


def _form_routes(routes: Blueprint, world: World, sender: CallbackSender) -> None:
    @routes.post("/page/act")
    def act() -> AnyResponse:
        note = play.act(world, sender, request.form, _texts()["note"])
        return _back(note, anchor=request.form.get("anchor", ""))

    @routes.post("/page/clock")
    def clock() -> AnyResponse:
        return _go(world, sender, request.form.get("to", ""))

    @routes.post("/page/switch")
    def switch() -> AnyResponse:
        play.switch(world, sender, request.form)
        return _back(anchor="switches")

    @routes.post("/page/customer")
    def customer() -> AnyResponse:
        with world.lock:
            known = request.form.get("external_userid", "")
            world.customers.take(known if known in world.customers.lines else _new_customer(world))
        return _back(anchor="customer")

    @routes.post("/page/language")
    def language() -> AnyResponse:
        chosen = request.form.get("language", "")
        world.language = chosen if chosen in LANGUAGES else LANGUAGES[0]
        return _remember(_back(), COOKIE, world.language)

    @routes.post("/page/tour")
    def guide() -> AnyResponse:
        step = request.form.get("step", type=int) or tour.OVER
        if request.form.get("act"):
            return _back(tour.perform(world, sender, step, _texts()), anchor=tour.anchor(step, _texts()))
        return _remember(_back(anchor=tour.anchor(step, _texts())), _TOUR, str(step))


def _page(world: World, sender: CallbackSender) -> Response:
    texts, language = _texts(), language_of(request)
    only = [name for name in request.args.get("only", "").lower().split(",") if name]
    with world.lock:
        if not only:
            world.language, world.looked_at = world.language or language, world.real()
        if not world.customers.current:
            world.customers.take(_new_customer(world))
        page = render_template(
            "phones.html" if only else "page.html",
            texts=texts,
            language=language,
            now=jumps.china_now(world),
            jumps={name: jumps.moment_of(world, name) for name in (*jumps.TIMES, "day", "month_end")},
            phones=_chosen(phones.phones(world, texts), only),
            groups=phones.groups(world, texts) if not only or _GROUPS in only else [],
            people=world.people,
            menu=world.menu,
            customer=phones.customer(world),
            next_acts=NEXT,
            steps=trail.steps(world, sender),
            beside=world.beside,
            switches=switchboard.shown(world, sender),
            tour=tour.shown(texts, request.cookies.get(_TOUR)),
            note=request.args.get("note", ""),
            retry=request.args.get("retry", ""),
        )
    response = make_response(page)
    response.headers["Content-Language"] = language
    response.headers["Vary"] = "Accept-Language, Cookie"
    return response


def _texts() -> Texts:
    return texts_in(language_of(request))


def _say(text: str, /, **values: object) -> str:
    """Fill the places of a text."""
    return text.format(**values)


def _new_customer(world: World) -> str:
    return new_external_userid(world.customers.rng, prefix="wm")


def _chosen(every: list[phones.Phone], only: list[str]) -> list[phones.Phone]:
    """Return the phones of *only* (userids in lower case) in that order; every phone if it is empty."""
    by_userid = {phone.userid.lower(): phone for phone in every}
    return [by_userid[name] for name in only if name in by_userid] if only else every


def _go(world: World, sender: CallbackSender, to: str) -> AnyResponse:
    """Move the clock to a named jump, a time of the day (HH:MM), or a moment; say so if it has passed."""
    texts = _texts()["clock"]
    try:
        wanted = _moment(world, to)
    except (KeyError, ValueError):
        return _back(texts["unclear"], anchor="clock")
    try:
        now = jumps.jump(world, wanted)
    except jumps.PastError as error:
        words = texts["past"].format(now=f"{error.now:%m-%d %H:%M}", wanted=f"{wanted:%m-%d %H:%M}")
        later = datetime.combine(jumps.next_workday(world, error.now.date()), wanted.time(), CHINA)
        return _back(words, retry=f"{later:%Y-%m-%dT%H:%M}", anchor="clock")
    sender.send(complete_transfers(world))
    return _back(texts["moved"].format(now=f"{now:%m-%d %H:%M}"), anchor="clock")


def _moment(world: World, to: str) -> datetime:
    """Return the moment that *to* names. Raises KeyError, ValueError."""
    if not to[:1].isdigit():
        at = jumps.moment_of(world, to)
    elif len(to) <= len("hh:mm:ss"):
        at = datetime.fromisoformat(f"{jumps.china_now(world).date()}T{to}")
    else:
        at = datetime.fromisoformat(to)
    at = at if at.tzinfo else at.replace(tzinfo=CHINA)
    # A minute without seconds is the minute that is running, too.
    now = jumps.china_now(world)
    return now if timedelta() < now - at < timedelta(minutes=1) and not at.second else at


def _back(note: str = "", *, retry: str = "", anchor: str = "") -> AnyResponse:
    """Show the page again, with what there is to say, where something happened."""
    return redirect(
        url_for("page.show", note=note or None, retry=retry or None, _anchor=quote(anchor) or None), code=303
    )


def _remember(response: AnyResponse, cookie: str, value: str) -> AnyResponse:
    response.set_cookie(cookie, value, max_age=_KEPT_S, httponly=True, samesite="Lax")
    return response

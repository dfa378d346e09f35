"""/review: cases with their evidence. First the effect of a decision is shown, then it is taken."""

from __future__ import annotations

from datetime import date

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from bot.features.access.rules import Page
from bot.features.access.visitor import Visitor
from bot.features.notify.rollout import rollout_scope
from bot.features.outages.catch_up import explain_withheld
from bot.features.preferences.leave import confirm, list_unconfirmed
from bot.features.preferences.leave_message import leave_of
from bot.features.reviews.cases import Case, load_cases_of
from bot.features.reviews.decide import CaseDecision, ReviewError, find_decidable
from bot.features.reviews.notice import decide_and_tell
from bot.messages.catalog import texts_in
from bot.services import Services
from bot.web.pages.door import Door
from bot.web.pages.layout import page_within
from bot.web.pages.me_view import day_asked, said
from bot.web.pages.review_view import ReviewPage, chosen

A_PAGE = 20  # cases
LONGEST_REASON = 300  # characters


def add(routes: Blueprint, *, services: Services, door: Door) -> None:
    """Put the page and its forms among *routes*."""

    @routes.get("/review")
    @door.opens(Page.REVIEW)
    def review(visitor: Visitor) -> str:
        return _listed(services, visitor, missing="")

    @routes.post("/review/effect")
    @door.opens(Page.REVIEW)
    def review_effect(visitor: Visitor) -> ResponseReturnValue:
        return _preview(services, visitor)

    @routes.post("/review/decide")
    @door.opens(Page.REVIEW)
    def review_decide(visitor: Visitor) -> ResponseReturnValue:
        return door.done("review", _decide(services, visitor))

    @routes.post("/review/leave")
    @door.opens(Page.REVIEW)
    def review_leave(visitor: Visitor) -> ResponseReturnValue:
        return door.done("review", _confirm(services, visitor))


def _listed(services: Services, visitor: Visitor, *, missing: str) -> str:
    """Return the page of open cases; *missing*: what the form that was sent lacks."""
    at = services.clock.now()
    shown = ReviewPage(services, at=at, rollout=rollout_scope(services))
    cases = load_cases_of(services, visitor.userid, at=at)
    number, pages = page_within(request.args.get("page", 1, type=int), rows=len(cases), a_page=A_PAGE)
    on_page = cases[(number - 1) * A_PAGE : number * A_PAGE]
    return render_template(
        "review.html",
        cases=[shown.case(case) for case in on_page],
        n=len(cases),
        page=number,
        pages=pages,
        leaves=[shown.leave(one) for one in list_unconfirmed(services, visitor.userid, at=at)],
        longest_reason=LONGEST_REASON,
        lacks=explain_withheld(services) is not None,
        missing=missing,
    )


def _preview(services: Services, visitor: Visitor) -> ResponseReturnValue:
    """Show what the decision would change for each ticked case. Nothing is stored."""
    at = services.clock.now()
    cases = chosen(load_cases_of(services, visitor.userid, at=at), request.form.getlist("case"))[:A_PAGE]
    accept, reason = _accepts(), _reason()
    if not cases or not reason:
        return _listed(services, visitor, missing="case" if not cases else "reason"), 400
    shown = ReviewPage(services, at=at, rollout=rollout_scope(services))
    previews = []
    for case in cases:
        decision = _decision(case, visitor)
        try:
            find_decidable(services, case.id, decision, at=at)
        except ReviewError:
            previews.append({**shown.case(case), "refused": True})
        else:
            effects = shown.effects(case, decision)
            first_day = decision.joined_on.isoformat() if decision.joined_on else ""
            previews.append({**shown.case(case), "effects": effects, "first_day": first_day})
    lacks = explain_withheld(services) is not None
    return render_template("review_effect.html", cases=previews, accept=accept, reason=reason, lacks=lacks)


def _decide(services: Services, visitor: Visitor) -> list[str]:
    """Take the decision on each ticked case; return a line for each, the sum first."""
    at, texts, lines, taken = services.clock.now(), texts_in(services.language), [], 0
    states = texts.table("pages.review.states")
    mine = load_cases_of(services, visitor.userid, at=at)
    for case in chosen(mine, request.form.getlist("case")):
        try:
            _, state = decide_and_tell(services, case.id, _decision(case, visitor), at=at)
        except ReviewError:
            lines.append(texts["pages.review.taken"].say(id=case.id, state=texts["pages.review.refused"]))
        else:
            taken += 1
            lines.append(texts["pages.review.taken"].say(id=case.id, state=states[state]))
    return [texts["pages.review.taken_all"].say(n=taken), *lines]


def _decision(case: Case, visitor: Visitor) -> CaseDecision:
    """Return the decision on *case* in the submitted form."""
    accept = _accepts()
    joined_on = _first_day(case) if accept else None
    return CaseDecision(accept=accept, by=visitor.userid, reason=_reason(), joined_on=joined_on)


def _confirm(services: Services, visitor: Visitor) -> list[str]:
    """Confirm each ticked leave; return the answers' first lines."""
    at, lines = services.clock.now(), list[str]()
    for key in request.form.getlist("leave"):
        if (asked := leave_of(key)) is None:
            continue
        with services.store.transaction():
            message, _ = confirm(services, visitor.userid, *asked, at=at)
        lines.append(said(message)[0])
    services.outbox_signal.ring()
    return lines or [texts_in(services.language)["pages.review.nothing_chosen"]]


def _accepts() -> bool:
    return request.form.get("decision") == "accept"


def _reason() -> str:
    return request.form.get("reason", "").strip()[:LONGEST_REASON]


def _first_day(case: Case) -> date | None:
    """Return the first working day that the form gives for a new colleague."""
    return day_asked(request.form.get(f"first-day:{case.id}", "")) if case.joiner else None

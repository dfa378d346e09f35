"""/admin: the state of the installation, what was given up on, the rules, and who did what."""

from __future__ import annotations

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from bot.features.access.rules import Page
from bot.features.access.visitor import Visitor
from bot.features.dead import retry_by
from bot.features.status.audit import said_of_chain, verify_chain
from bot.messages.answers import moment_of
from bot.messages.catalog import texts_in
from bot.services import Services
from bot.web.pages.admin_view import AdminPage, as_sentence
from bot.web.pages.door import Door

MOST_RETRIED = 200  # letters of one form


def add(routes: Blueprint, *, services: Services, door: Door) -> None:
    """Put the page and its form among *routes*."""

    @routes.get("/admin")
    @door.opens(Page.ADMIN)
    def admin(_visitor: Visitor) -> str:
        page = AdminPage(services, at=services.clock.now())
        return render_template(
            "admin.html",
            at=moment_of(page.local, language=page.language),
            troubles=page.troubles(),
            status=page.status(),
            need_a_look=page.need_a_look(),
            rollout=page.rollout(),
            warnings=page.warnings(),
            dead=page.dead(_asked("dead")),
            reasons=page.reasons(),
            rules=page.rules(),
            changes=page.changes() if "changes" in request.args else None,
            audit=page.audit(_asked("audit")),
        )

    @routes.post("/admin/dead")
    @door.opens(Page.ADMIN)
    def admin_dead(visitor: Visitor) -> ResponseReturnValue:
        idents = request.form.getlist("id")[:MOST_RETRIED]
        return door.done("admin", _retry(services, idents, by=visitor.userid))

    @routes.post("/admin/audit")
    @door.opens(Page.ADMIN)
    def admin_audit(_visitor: Visitor) -> ResponseReturnValue:
        texts, state = texts_in(services.language), verify_chain(services, at=services.clock.now())
        return door.done("admin", [as_sentence(said_of_chain(state, texts))])


def _asked(name: str) -> int:
    """Return the number of the page asked for, 1 without one."""
    return request.args.get(name, 1, type=int)


def _retry(services: Services, idents: list[str], *, by: str) -> list[str]:
    """Give each ticked letter a new round of tries, as `quotabot dead retry` does; return a line for each."""
    texts, lines, taken = texts_in(services.language), [], 0
    for ident in idents:
        try:
            is_dead = retry_by(services, ident, by=by)
        except ValueError:
            is_dead = False
        taken += is_dead
        lines.append((texts["cli.dead.retried"] if is_dead else texts["cli.dead.missing"]).say(id=ident))
    services.outbox_signal.ring()
    if not lines:
        return [texts["pages.admin.nothing_chosen"]]
    return [texts["pages.admin.retried"].say(n=taken), *lines]

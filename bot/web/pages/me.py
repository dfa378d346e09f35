"""/me: a person's own figures."""

from __future__ import annotations

from flask import Blueprint, render_template

from bot.features.access.rules import Page
from bot.features.access.visitor import Visitor
from bot.services import Services
from bot.web.pages.door import Door


def add(routes: Blueprint, *, services: Services, door: Door) -> None:
    """Put the page among *routes*."""

    @routes.get("/me")
    @door.opens(Page.ME)
    def me(visitor: Visitor) -> str:  # noqa: ARG001 - built next
        return render_template("me.html", at=services.config.work_calendar().local(services.clock.now()))

"""/about: where a card leads that asks for nothing. It shows nobody's figures: those come by message only."""

from __future__ import annotations

from flask import Blueprint, render_template


def add(routes: Blueprint) -> None:
    """Put the page among *routes*."""

    @routes.get("/about")
    def about() -> str:
        return render_template("about.html")

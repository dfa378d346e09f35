"""/about: what this bot is, for anybody; where a card leads that has no page of its own. Nobody's figures."""

from __future__ import annotations

from flask import Blueprint, render_template


def add(routes: Blueprint) -> None:
    """Put the page among *routes*."""

    @routes.get("/about")
    def about() -> str:
        return render_template("about.html")

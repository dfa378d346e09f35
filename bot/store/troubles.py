"""The names under which troubles with WeCom are kept: what readyz and status show."""

from __future__ import annotations

TROUBLE = "delivery_trouble"  # the mark in which the sender says what is in everybody's way
DETAILS_TROUBLE = "details_trouble"  # the same of the one who reads contacts
WELCOME_TROUBLE = "welcome_trouble"  # the same of who greets customers
STUCK_TRIES = 5  # a contact that could not be read so often has no mere delay of WeCom's in its way
TOKEN = "app"  # noqa: S105 - the name under which the app's token is shared

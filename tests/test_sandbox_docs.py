"""docs/sandbox names every option, call, switch, control and fault of the sandbox, and no other."""

from __future__ import annotations

import re
from dataclasses import fields
from datetime import date

import pytest
from builders.docs import LANGUAGES, text_of
from flask import Flask

from sandbox.__main__ import main
from sandbox.app import create_app
from sandbox.branch import make_branch
from sandbox.faults import _COUNTED, Faults
from sandbox.switches import ApiSwitches, CallbackSwitches
from sandbox.world import World

# Done at once instead of armed: see the control of faults.
AT_ONCE = {"revoke_token", "expire_token", "clear"}
BY_LANGUAGE = pytest.mark.parametrize("language", LANGUAGES)


@pytest.fixture(scope="module")
def app() -> Flask:
    return create_app(World(make_branch(seed=1, today=date(2026, 11, 23))))


def code(text: str) -> set[str]:
    return set(re.findall(r"`([^`]+)`", text))


def paragraph(language: str, begin: str) -> str:
    """Return the paragraph of the page that begins with a word and a colon."""
    parts = text_of("sandbox", language).split("\n\n")
    return next(part for part in parts if re.match(rf"{begin}[:：]", part))


@BY_LANGUAGE
def test_every_option_stands_on_the_page(language: str) -> None:
    told = re.findall(r"--[a-z][\w-]+", paragraph(language, {"en": "Options", "zh-CN": "选项"}[language]))

    assert sorted(told) == sorted(name for one in main.params for name in one.opts if name != "--help")


@BY_LANGUAGE
@pytest.mark.parametrize(("begin", "kind"), [("api", ApiSwitches), ("callbacks", CallbackSwitches)])
def test_every_switch_stands_on_the_page(begin: str, kind: type, language: str) -> None:
    assert code(paragraph(language, begin)) == {field.name for field in fields(kind)}


@BY_LANGUAGE
def test_every_control_stands_on_the_page(app: Flask, language: str) -> None:
    told = set(re.findall(r"/sandbox/[a-z]+", text_of("sandbox", language)))
    rules = [rule.rule for rule in app.url_map.iter_rules() if rule.rule.startswith("/sandbox/")]

    assert told == {"/".join(rule.split("/")[:3]) for rule in rules}


@BY_LANGUAGE
def test_every_call_of_the_api_stands_on_the_page(app: Flask, language: str) -> None:
    section = text_of("sandbox", language).split("\n## ")[1]
    calls = {
        rule.rule.removeprefix("/cgi-bin/").removeprefix("externalcontact/")
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith("/cgi-bin/") and "<" not in rule.rule
    }

    assert calls - code(section) == {"user/list_id"}  # always refused
    assert {word for word in code(section) if re.fullmatch(r"[a-z]+/[a-z_]+", word)} - calls == set()


@BY_LANGUAGE
def test_every_fault_stands_on_the_page(language: str) -> None:
    faults = next(part for part in text_of("sandbox", language).split("\n\n") if "`send_error`" in part)
    told = {word for word in code(faults) if re.fullmatch(r"[a-z_]+", word)} - {"times"}

    assert told == {*_COUNTED, *Faults().state(), *AT_ONCE} - {"left"}

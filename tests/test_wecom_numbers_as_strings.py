"""Whole numbers that WeCom writes as texts: they count as numbers, in contacts and in the directory."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from fuzz.answers import ANSWERS

from bot.wecom import contacts
from bot.wecom.directory import AddressBook


def as_strings(tree: Any) -> Any:
    """Return *tree* with every number as a text, as some gateways and older APIs write it."""
    if isinstance(tree, dict):
        return {name: as_strings(value) for name, value in tree.items()}
    if isinstance(tree, list):
        return [as_strings(value) for value in tree]
    return str(tree) if type(tree) in (int, float) else tree


class Wire:
    """WeCom's answers, with numbers as they are or as texts."""

    def __init__(self, change: Callable[[Any], Any]) -> None:
        self.client, self._change = self, change

    def read(self, path: str, *, token: str, **_query: object) -> Any:
        return self._change(json.loads(json.dumps(ANSWERS[path])))

    def read_by_post(self, path: str, _body: object, *, token: str) -> Any:
        return self.read(path, token=token)

    def get(self, path: str, **_query: object) -> Any:
        return self.read(path, token="T")


READINGS: dict[str, Callable[[Any], object]] = {
    "details": lambda wire: contacts.contact_details(wire, "wm1", ask=lambda call: call("T"), named=True),
    "a list": lambda wire: contacts.contact_page(wire, ["yg01"], cursor="", token="T", named=True),
    "the corp's tags": lambda wire: contacts.corp_tags(wire, token="T"),
    "the directory": lambda wire: AddressBook(wire, agent_id=1).everything(),
    "a member": lambda wire: AddressBook(wire, agent_id=1).member("yg01"),
}


@pytest.mark.parametrize("reading", READINGS)
def test_numbers_as_texts_are_read_as_numbers(reading: str) -> None:
    read = READINGS[reading]

    assert read(Wire(as_strings)) == read(Wire(lambda tree: tree))


@pytest.mark.parametrize("odd", ["1.5", "1e3", "0x10", "一", "", "9" * 5000, "1_0"])
def test_a_text_that_is_no_number_is_none(odd: str) -> None:
    answer = {"department": [{"id": odd, "name": "一部", "parentid": 1}, {"id": 2, "parentid": 1}]}

    def with_odd(tree: Any) -> Any:
        return answer if isinstance(tree, dict) and "department" in tree and "userid" not in tree else tree

    reading = AddressBook(Wire(with_odd), agent_id=1).everything()  # type: ignore[arg-type]  # a fake

    assert [department.id for department in reading.departments] == [2]

"""The rig of browser tests: a page fails its test if it errs, asks another host, or shuts people out."""

from __future__ import annotations

import time

import pytest
from builders.browser import PATIENCE_MS, NewPage, assert_accessible
from playwright.sync_api import Page

FIELD = "<!doctype html><html lang=en><title>t</title><main><h1>t</h1>{}</main></html>"


@pytest.mark.parametrize(
    ("html", "fault"),
    [
        pytest.param("<script>console.error('broken')</script>", "console error: broken", id="an error"),
        pytest.param("<script>nobody.there</script>", "script: nobody is not defined", id="a script"),
        pytest.param(
            "<img src='https://cdn.example.com/a.png'>",
            "request to another host: https://cdn.example.com/a.png",
            id="another host",
        ),
    ],
)
def test_a_fault_of_a_page_is_noted(page: Page, page_faults: list[str], html: str, fault: str) -> None:
    page.set_content(html)
    page.wait_for_function("document.readyState === 'complete'")
    deadline = time.monotonic() + PATIENCE_MS / 1000
    while fault not in page_faults and time.monotonic() < deadline:
        page.wait_for_timeout(20)  # between two looks: faults are told beside answers

    assert fault in page_faults
    page_faults.clear()


def test_a_field_without_a_label_is_a_serious_finding(page: Page) -> None:
    page.set_content(FIELD.format("<label>Name <input></label>"))
    assert_accessible(page)
    page.set_content(FIELD.format("<input>"))

    with pytest.raises(AssertionError, match="label"):
        assert_accessible(page)


def test_each_page_is_another_visitor(new_page: NewPage) -> None:
    languages = [new_page(locale=locale).evaluate("navigator.language") for locale in ("en-US", "zh-CN")]

    assert languages == ["en-US", "zh-CN"]

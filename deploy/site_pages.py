"""A hook of MkDocs: the pages of docs/ are written for readers of the repository, and are a site besides."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import Any

_LINK = re.compile(r"\[([^\]]+)\]\(((?:\.\./)+)[^)]*\)")
# The plugin finds the page of the language by the English name, or that one where there is no other.
_CHINESE = re.compile(r"(\]\([^)\s]+)\.zh-CN\.md(?=[)#])")
# The site has a switch of its own above each page.
_SWITCH = re.compile(r"^\[(?:English|中文)\]\([\w.-]+\)\n\n", re.MULTILINE)
_FENCE = re.compile(r"(^```.*?^```$)", re.MULTILINE | re.DOTALL)
_FIELD = re.compile(r'name="query" aria-label="([^"]+)"')
# A sentence has a line of its own; between Chinese ones a browser would show the line's end as a blank.
_LINE_END = re.compile(r"(?<=[\u2010-\u9fff\uff00-\uffef*)`])\n(?=[\u2010-\u203f\u3000-\u9fff\uff00-\uffef])")


def on_page_markdown(markdown: str, *, page: Any, **_: Any) -> str:
    """Return the text of a page as the site needs it."""
    parts = _FENCE.split(markdown)
    parts[::2] = [_prose(part, file=page.file.src_uri) for part in parts[::2]]
    return "".join(parts)


def on_post_page(output: str, **_: Any) -> str:
    """Return a page whose search has a name for people who cannot see it; the theme names only the field."""
    field = _FIELD.search(output)
    return output.replace(' role="dialog"', f' role="dialog" aria-label="{field[1]}"', 1) if field else output


def _prose(text: str, *, file: str) -> str:
    """Return *text* without what is not on the site: files outside docs/, the way to the other language."""
    depth = len(PurePosixPath(file).parts) - 1
    text = _SWITCH.sub("", text)
    inside = _LINK.sub(lambda link: link[1] if link[2].count("../") > depth else link[0], text)
    if not file.endswith(".zh-CN.md"):
        return inside
    return _LINE_END.sub("", _CHINESE.sub(r"\1.md", inside))

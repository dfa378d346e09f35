"""Links for the site of docs/ (a hook of MkDocs): pages are written for readers of the repository, too."""

from __future__ import annotations

import re
from typing import Any

# A file outside docs/ is no part of the site: its name stays, without a link.
_OUTSIDE = re.compile(r"\[([^\]]+)\]\((?:\.\./)+[^)]*\)")
# The plugin finds the page of the language by the English name, or that one where there is no other.
_CHINESE = re.compile(r"(\]\([^)\s]+)\.zh-CN\.md(?=[)#])")


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Return the text of a page with links that hold on the site."""
    return _CHINESE.sub(r"\1.md", _OUTSIDE.sub(r"\1", markdown))

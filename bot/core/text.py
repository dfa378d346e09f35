"""Text from outside in a form that every store and every XML parser takes. Every door uses `cleaned`."""

from __future__ import annotations

import re
from typing import Any

REPLACEMENT = "\ufffd"
# What XML 1.0 forbids: also half surrogates, which no encoding takes, and U+0000, which PostgreSQL refuses.
FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def cleaned(text: str) -> str:
    """Return *text* with U+FFFD for each forbidden character."""
    return FORBIDDEN.sub(REPLACEMENT, text)


def cleaned_json(value: Any) -> Any:
    """Return *value* (parsed JSON) with all its texts and keys cleaned."""
    if isinstance(value, str):
        return cleaned(value)
    if isinstance(value, list):
        return [cleaned_json(item) for item in value]
    if isinstance(value, dict):
        return {cleaned(name): cleaned_json(item) for name, item in value.items()}
    return value

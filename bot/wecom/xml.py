"""XML of callbacks as plain dictionaries. Entities and DTDs are refused.

Bytes that are not UTF-8, and characters that XML 1.0 forbids, become U+FFFD: people paste them into a text or
a state, and no event may be lost for one.
"""

from __future__ import annotations

import re
import sys
from xml.etree.ElementTree import XML, Element, ParseError

from defusedxml.ElementTree import fromstring

from bot.core.errors import ContentFreeError
from bot.core.text import FORBIDDEN, REPLACEMENT, cleaned

MAX_DEPTH = 32  # WeCom's deepest event has five levels; our own stack is limited

# Inside CDATA a reference is plain text.
_CDATA_OR_REFERENCE = re.compile(r"<!\[CDATA\[.*?\]\]>|&#(?:x([0-9a-fA-F]{1,16})|([0-9]{1,16}));", re.DOTALL)

Fields = dict[str, "str | Fields | list[str | Fields]"]


class XmlError(ContentFreeError, ValueError):
    """Not XML, or XML with a DTD or entities. The text never holds content."""


def parse(body: bytes) -> Fields:
    """Return the root's children: text, nested fields, or a list where one repeats. Raises XmlError."""
    text = body.decode(errors="replace")
    try:
        root = _root(text)
    except (ParseError, ValueError, LookupError):
        try:
            root = _root(_CDATA_OR_REFERENCE.sub(_allowed, cleaned(text)))
        except (ParseError, ValueError, LookupError) as error:
            raise XmlError(f"not acceptable XML ({type(error).__name__})") from None
    fields = _fields(root, MAX_DEPTH)
    return fields if isinstance(fields, dict) else {}


def _root(text: str) -> Element:
    # A DTD is written "<!DOCTYPE", an entity "<!ENTITY". Texts without them need no second look, and the
    # parser of the standard library takes half the time.
    if "<!D" in text or "<!E" in text:
        return fromstring(text, forbid_dtd=True)
    return XML(text)


def _allowed(found: re.Match[str]) -> str:
    """Return a part of the text as it is, or U+FFFD for a reference to a forbidden character."""
    if found.lastindex is None:
        return found[0]
    number = int(found[1], 16) if found[1] else int(found[2])
    is_allowed = number <= sys.maxunicode and not FORBIDDEN.match(chr(number))
    return found[0] if is_allowed else REPLACEMENT


def _fields(element: Element, depth: int) -> str | Fields:
    if not len(element):
        return element.text or ""
    if not depth:
        raise XmlError(f"not acceptable XML (more than {MAX_DEPTH} levels)")
    fields: Fields = {}
    for child in element:
        value = _fields(child, depth - 1) if len(child) else child.text or ""
        seen = fields.get(child.tag)
        if seen is None:
            fields[child.tag] = value
        elif isinstance(seen, list):
            seen.append(value)
        else:
            fields[child.tag] = [seen, value]
    return fields

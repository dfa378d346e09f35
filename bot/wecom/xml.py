"""XML of callbacks as plain dictionaries. Entities and DTDs are refused."""

from __future__ import annotations

from xml.etree.ElementTree import XML, Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from bot.core.errors import ContentFreeError

MAX_DEPTH = 32  # WeCom's deepest event has five levels; our own stack is limited

Fields = dict[str, "str | Fields | list[str | Fields]"]


class XmlError(ContentFreeError, ValueError):
    """Not XML, or XML with a DTD or entities. The text never holds content."""


def parse(body: bytes) -> Fields:
    """Return the root's children: text, nested fields, or a list where one repeats. Raises XmlError."""
    try:
        # A DTD is written "<!DOCTYPE", an entity "<!ENTITY". Texts without them need no second look, and the
        # parser of the standard library takes half the time.
        doubtful = b"<!D" in body or b"<!E" in body
        root = fromstring(body, forbid_dtd=True) if doubtful else XML(body.decode())
    except (ParseError, ValueError, LookupError, DefusedXmlException) as error:
        raise XmlError(f"not acceptable XML ({type(error).__name__})") from None
    fields = _fields(root, MAX_DEPTH)
    return fields if isinstance(fields, dict) else {}


def _fields(element: Element, depth: int) -> str | Fields:
    if not len(element):
        return element.text or ""
    if not depth:
        raise XmlError(f"not acceptable XML (more than {MAX_DEPTH} levels)")
    fields: Fields = {}
    for child in element:
        value = _fields(child, depth - 1)
        seen = fields.get(child.tag)
        if seen is None:
            fields[child.tag] = value
        elif isinstance(seen, list):
            seen.append(value)
        else:
            fields[child.tag] = [seen, value]
    return fields

"""The certificates of `[wecom] ca_file`, looked at before the first call fails."""

from __future__ import annotations

import codecs
import ssl
from pathlib import Path

from bot.config.faults import Fault
from bot.messages.sentences import Sentence, reason_of

_DER = b"\x30\x82"


def ca_file_fault(file: Path, ca_file: Path) -> Fault | None:
    """Return what is wrong with *ca_file*, which the configuration *file* names; None if it can be used."""
    try:
        begin = ca_file.read_bytes()
    except OSError as error:
        return _fault(file, ca_file, Sentence("faults.unreadable", why=reason_of(error)))
    if not begin.strip():
        return _fault(file, ca_file, Sentence("faults.ca_empty"))
    if begin.startswith(_DER):
        return _fault(file, ca_file, Sentence("faults.ca_der"))
    if begin.startswith((codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return _fault(file, ca_file, Sentence("faults.ca_mark"))
    try:
        ssl.create_default_context(cafile=str(ca_file))
    except (ssl.SSLError, OSError):
        return _fault(file, ca_file, Sentence("faults.ca_none"))
    return None


def _fault(file: Path, ca_file: Path, allowed: str) -> Fault:
    return Fault(file=str(file), key_path="wecom.ca_file", value=f'"{ca_file}"', allowed=allowed)

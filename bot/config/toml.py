"""A parsed TOML file, or one fault about the whole file."""

from __future__ import annotations

import re
import tomllib
from decimal import Decimal
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from bot.config.faults import ConfigError, Fault, sounds_secret
from bot.messages.sentences import Sentence, reason_of

_PLACE = re.compile(r"(.*) \(at line (\d+), column (\d+)\)", re.DOTALL)
_END = " (at end of document)"


def read_toml(path: Path, *, missing: str) -> dict[str, Any]:
    """Return the file at *path*: numbers exact, strings that look secret wrapped.

    Raises ConfigError with one fault; if there is no file, it is the sentence under the key *missing*.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
        tree = tomllib.loads(text, parse_float=Decimal)
    except FileNotFoundError:
        allowed = Sentence(missing)
    except OSError as error:
        allowed = Sentence("faults.unreadable", why=reason_of(error))
    except tomllib.TOMLDecodeError as error:
        allowed = Sentence("faults.not_toml", why=_toml_fault(str(error)))
    except UnicodeDecodeError as error:
        allowed = Sentence("faults.not_utf8", byte=error.start + 1)
    except (ValueError, ArithmeticError, RecursionError):
        allowed = Sentence("faults.toml_large")
    else:
        return {name: _wrapped(value, name) for name, value in tree.items()}
    # Raised here, not above: the error must not carry the file's text as its cause.
    raise ConfigError([Fault(file=str(path), key_path="", value=None, allowed=allowed)])


def _toml_fault(text: str) -> str:
    """Return the parser's message, with line and column in the reader's language."""
    if text.endswith(_END):
        return Sentence("faults.toml_end", what=text.removesuffix(_END))
    if (found := _PLACE.fullmatch(text)) is None:
        return text
    return Sentence("faults.toml_at", what=found[1], line=int(found[2]), column=int(found[3]))


def _wrapped(tree: Any, key: str = "") -> Any:
    # Before anything can print it.
    if isinstance(tree, dict):
        return {name: _wrapped(value, name) for name, value in tree.items()}
    if isinstance(tree, list):
        return [_wrapped(value, key) for value in tree]
    if isinstance(tree, str) and sounds_secret(key):
        return SecretStr(tree)
    return tree

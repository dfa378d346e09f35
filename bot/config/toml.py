"""A parsed TOML file, or one fault about the whole file."""

from __future__ import annotations

import tomllib
from decimal import Decimal
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from bot.config.faults import ConfigError, Fault, sounds_secret


def read_toml(path: Path, *, missing: str) -> dict[str, Any]:
    """Return the file at *path*: numbers exact, strings that look secret wrapped.

    Raises ConfigError with one fault; its text is *missing* if there is no file.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
        tree = tomllib.loads(text, parse_float=Decimal)
    except FileNotFoundError:
        allowed = missing
    except OSError as error:
        allowed = f"cannot be read: {error.strerror}"
    except tomllib.TOMLDecodeError as error:
        allowed = f"is not TOML: {error}"
    except UnicodeDecodeError as error:
        allowed = f"is not UTF-8 text: byte {error.start + 1}"
    except (ValueError, ArithmeticError, RecursionError):
        allowed = "is not TOML: a number is too long, or tables are nested too deeply"
    else:
        return {name: _wrapped(value, name) for name, value in tree.items()}
    # Raised here, not above: the error must not carry the file's text as its cause.
    raise ConfigError([Fault(file=str(path), key_path="", value=None, allowed=allowed)])


def _wrapped(tree: Any, key: str = "") -> Any:
    # Before anything can print it.
    if isinstance(tree, dict):
        return {name: _wrapped(value, name) for name, value in tree.items()}
    if isinstance(tree, list):
        return [_wrapped(value, key) for value in tree]
    if isinstance(tree, str) and sounds_secret(key):
        return SecretStr(tree)
    return tree

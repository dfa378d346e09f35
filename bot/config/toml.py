"""A TOML file as its reader gives it, or one fault about the whole of it."""

from __future__ import annotations

import tomllib
from decimal import Decimal
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from bot.config.faults import ConfigError, Fault, sounds_secret


def read_toml(path: Path, *, missing: str) -> dict[str, Any]:
    """Return the file at *path*: numbers exact, strings that sound secret wrapped.

    Raises ConfigError with one fault; *missing* is what it says where there is no file.
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
        allowed = "is not TOML: a number is too long, or tables stand too deep in each other"
    else:
        return {name: _wrapped(value, name) for name, value in tree.items()}
    # Raised here, not above: the file's text must not hang on the error as its cause.
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

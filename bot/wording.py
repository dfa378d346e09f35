"""The folder `[messages] templates`: a file for each language, read once with the configuration."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from bot.config import Config
from bot.config.faults import ConfigError, Fault, nearest, shown, written_key
from bot.config.toml import read_toml
from bot.messages.language import LANGUAGES
from bot.messages.templates import Remark, voice_of
from bot.messages.wordbook import Voice


def voice(config: Config) -> Voice:
    """Return the language of *config* as its folder of texts has it speak.

    Raises ConfigError with every fault of every file, those of other languages too.
    """
    return _read(config)[0]


def wording_warnings(config: Config) -> list[Fault]:
    """Return what the files of texts hardly mean. Raises ConfigError as `voice` does."""
    return _read(config)[1]


def _read(config: Config) -> tuple[Voice, list[Fault]]:
    folder, spoken = config.messages.templates, Voice(config.locale.language, {})
    if folder is None:
        return spoken, []
    faults: list[Fault] = []
    warnings: list[Fault] = []
    files = sorted(folder.glob("*.toml"))
    for file in files:
        if file.stem not in LANGUAGES:
            names = [f"{language}.toml" for language in LANGUAGES]
            allowed = f"no language has this file; name it {' or '.join(names)}"
            faults.append(_fault(file, "", None, allowed))
            continue
        try:
            tree = _plain(read_toml(file, missing="was there a moment ago"))
        except ConfigError as error:
            faults += error.faults
            continue
        found, wrong, doubtful = voice_of(file.stem, tree)
        faults += _faults(file, wrong)
        warnings += _faults(file, doubtful)
        if file.stem == spoken:
            spoken = found
    if faults:
        raise ConfigError(faults)
    if not any(file.stem == spoken for file in files):
        allowed = f"has no {spoken}.toml, so the built-in texts are sent"
        warnings.append(_fault(config.file, "messages.templates", shown(str(folder)), allowed))
    return spoken, warnings


def _faults(file: Path, remarks: Iterable[Remark]) -> list[Fault]:
    return [
        _fault(
            file,
            written_key(one.path),
            shown(one.value) if isinstance(one.value, str | int) else None,
            one.allowed,
            nearest(one.path[-1], one.known),
        )
        for one in remarks
    ]


def _fault(file: Path, key: str, value: str | None, allowed: str, meant: str | None = None) -> Fault:
    return Fault(file=str(file), key_path=key, value=value, allowed=allowed, nearest=meant)


def _plain(tree: Mapping[str, Any]) -> dict[str, Any]:
    """Undo the care for what sounds secret: names of texts are none."""
    return {name: _shown(value) for name, value in tree.items()}


def _shown(value: Any) -> Any:
    match value:
        case SecretStr():
            return value.get_secret_value()
        case Mapping():
            return _plain(value)
        case list():
            return [_shown(one) for one in value]
    return value

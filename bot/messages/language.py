"""The languages, by the name that the configuration gives them."""

from __future__ import annotations

from bot.messages.chinese import CHINESE
from bot.messages.english import ENGLISH
from bot.messages.phrases import Texts
from bot.messages.wordbook import Wordbook

LANGUAGES = Wordbook("progress", {"zh-CN": CHINESE, "en": ENGLISH})


def texts_in(language: str) -> Texts:
    """Return the texts of `zh-CN` or `en`. Raises ValueError for any other name."""
    try:
        return LANGUAGES[language]
    except KeyError:
        raise ValueError(f"language must be one of {', '.join(LANGUAGES)}, not {language!r}") from None

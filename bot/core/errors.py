"""What errors promise about their texts."""

from __future__ import annotations


class ContentFreeError(Exception):
    """An error whose text quotes nothing that was received, so that it may be stored and logged as it is."""


class SpokenError(Exception):
    """An error for people; *spoken* says it in the language of the installation."""

    def __init__(self, text: str, spoken: str) -> None:
        super().__init__(text)
        self.spoken = spoken

"""What errors promise about their texts."""

from __future__ import annotations


class ContentFreeError(Exception):
    """An error whose text quotes nothing that was received, so that it may be stored and logged as it is."""

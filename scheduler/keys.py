"""The names of messages, where planners look for them."""

from bot.telling import key_of

__all__ = ["key_of"]

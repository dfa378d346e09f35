"""Answers to what members say: one function for each word, and the table that says which is whose."""

from bot.replies.answering import answer_waiting

__all__ = ["answer_waiting"]

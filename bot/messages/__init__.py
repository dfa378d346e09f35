"""What people read: values in, a `Message` out, written as text or as WeCom's markdown.

Nothing here knows how, when or whether a message is sent.
"""

from bot.messages.digest import digest
from bot.messages.members import TeamMember
from bot.messages.message import Message, as_markdown, as_text
from bot.messages.offer import offer_help
from bot.messages.progress import progress
from bot.messages.reminder import reminder, to_remind

__all__ = [
    "Message",
    "TeamMember",
    "as_markdown",
    "as_text",
    "digest",
    "offer_help",
    "progress",
    "reminder",
    "to_remind",
]

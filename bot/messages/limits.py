"""How long things may be: the one table.

WeCom counts bytes of UTF-8 in text and markdown messages (document 90236). A text that is longer is cut,
what happens to longer markdown is not documented: neither is left to chance.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

# Bytes of UTF-8 by msgtype.
MESSAGE_BYTES: Mapping[str, int] = MappingProxyType({"text": 2048, "markdown": 2048})

# Bytes of UTF-8 that one name may take (16 Chinese characters), so that a line stays a line.
NAME_BYTES = 48

# Leaders are told of so many people by name: more cannot be helped in one day.
HELP_FIRST = 3

# Bytes of UTF-8 that what somebody said, or the name of a case, may take within a message about it.
SAID_BYTES = 180

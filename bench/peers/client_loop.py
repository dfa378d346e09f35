"""Sending as manuals teach it: a loop over wechatpy's client, one message after the other.

Start: `python -m bench.peers.client_loop ADDRESS COUNT`; prints messages a second.
"""

from __future__ import annotations

import sys
import time

from wechatpy.work import WeChatClient


def main() -> None:
    """Send so many different messages."""
    address, count = sys.argv[1], int(sys.argv[2])
    client = WeChatClient("ww0123456789abcdef", "unused", access_token="made-up")
    client.API_BASE_URL = f"{address}/cgi-bin/"
    began = time.perf_counter()
    for number in range(count):
        client.message.send_text(1000002, f"sales{number:04d}", content=f"message {number}")
    print(count / (time.perf_counter() - began))


if __name__ == "__main__":
    main()

"""Callbacks at a fixed rate, whether or not the ones before are answered.

`python -m bench.paced PORT COUNT CLIENTS RATE` prints one line of JSON. A latency begins when the callback
was due, so a server that falls behind cannot hide it. *sent*: welcome code and epoch seconds of each one.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time

from bench.callbacks import build, welcome_code


async def _client(
    port: int, due: asyncio.Queue[tuple[float, bytes]], latencies: list[float], statuses: dict[str, int]
) -> None:
    """Send what is due on one kept connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    while True:
        at, request = await due.get()
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(
            (int(line[15:]) for line in head.lower().split(b"\r\n") if line[:15] == b"content-length:"), 0
        )
        await reader.readexactly(length)
        latencies.append(time.perf_counter() - at)
        status = head[9:12].decode()
        statuses[status] = statuses.get(status, 0) + 1
        due.task_done()


async def _run(port: int, count: int, clients: int, rate: float) -> dict[str, object]:
    due: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()
    latencies, statuses, sent = list[float](), dict[str, int](), list[float]()
    tasks = [asyncio.create_task(_client(port, due, latencies, statuses)) for _ in range(clients)]
    began = time.perf_counter() + 0.2
    for number in range(count):
        at = began + number / rate
        if (wait := at - time.perf_counter()) > 0:
            await asyncio.sleep(wait)
        sent.append(time.time())
        due.put_nowait((at, build(number, close=False)))  # its CreateTime is now
    await asyncio.wait_for(due.join(), 60)
    took = time.perf_counter() - began
    for task in tasks:
        task.cancel()
    latencies.sort()
    return {
        "rate": len(latencies) / took,
        "p50_ms": latencies[len(latencies) // 2] * 1000,
        "p99_ms": latencies[len(latencies) * 99 // 100] * 1000,
        "statuses": statuses,
        "sent": [(welcome_code(number), at) for number, at in enumerate(sent)],
    }


def main() -> None:
    """Build, send, print."""
    port, count, clients = (int(text) for text in sys.argv[1:4])
    print(json.dumps(asyncio.run(_run(port, count, clients, float(sys.argv[4])))))


if __name__ == "__main__":
    main()

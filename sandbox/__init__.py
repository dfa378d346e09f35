"""A local WeCom: the API, the callbacks, the people, the phones and the faults.

It plays WeCom's servers on one's own machine. It imports nothing of the bot and has its own view of the
protocol, so that a mistake on one side cannot hide the same mistake on the other. Whatever WeCom's
documents leave open is a switch here (`sandbox.switches`), set by default to the answer that is harder on
a bot. `python -m sandbox --help` starts it; `docs/sandbox.md` describes it.
"""

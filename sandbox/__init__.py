"""A local WeCom: the API, the callbacks, the people, the phones and the faults.

It plays WeCom's servers on the local machine. It imports nothing of the bot and implements the protocol anew:
a mistake on one side cannot hide the same mistake on the other. Everything that WeCom's documents leave open
is a switch (`sandbox.switches`); its default is the behaviour that is harder for a bot.
`python -m sandbox --help` starts it; `docs/sandbox.md` describes it.
"""

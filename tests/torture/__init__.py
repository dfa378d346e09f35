"""A bank plays for months in one process, with faults drawn from a seed; at the end its books are checked.

`play.Year` plays bot, sandbox and clock; `books` checks what has to hold. The same seed gives the same story,
so a seed that fails fails again: `python -m torture --seed N --days D`.

`rounds.Round` does it with real processes, on the machine's clock: `python -m torture.real`.
"""

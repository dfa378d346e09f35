"""How any message is built: its lines, cards, forms, limits and texts.

Nothing here knows how, when or whether a message is sent.
"""

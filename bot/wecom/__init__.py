"""The other end of the wire: crypto, events as types, API client, token, pacing, error classes."""

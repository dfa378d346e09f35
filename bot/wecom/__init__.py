"""The client side of WeCom: crypto, typed events, API client, token, pacing, error classes."""

"""WeCom's details and tags of contacts."""

"""The late message to people who can still reach today's dose."""

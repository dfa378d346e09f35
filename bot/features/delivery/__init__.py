"""From the outbox to WeCom: the sender, the forms of a message, files."""

"""Whether and when somebody may be told; the way into the outbox."""

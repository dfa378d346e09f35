"""From facts about relations to adds; the replay of the ledger."""

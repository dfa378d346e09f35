"""Where everybody stands: figures, ranks, gains, reports."""

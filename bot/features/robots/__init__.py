"""Posts and pictures for group robots."""

"""HTTP: the receiver of callbacks, health and metrics."""

"""Measurements, each against a peer whose code stands beside it."""

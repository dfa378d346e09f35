"""Settled periods: preliminary results, their signature, and the message about them."""

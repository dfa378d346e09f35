"""Admission of callbacks: from any address, or from WeCom's own addresses only."""

"""Whose callbacks are admitted: anybody's, or those from WeCom's own addresses."""

"""Imports of the bank's own knowledge from files.

A file is read twice: first to check every line, then to store them. So nothing is stored before every line is
checked, and a long file needs little memory.
"""

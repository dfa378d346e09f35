"""What comes from outside, made wrong by seed: callbacks, files, configurations, chat words, WeCom's answers.

Each file has a function that tries so many cases and returns its `Tally`. A case that breaks a promise is a
failure with its number: the same seed and number make the same bytes again (`python -m fuzz --seed S`).
"""

"""What the bank knows and WeCom does not, read from files.

A file is read twice: once to look at every line, once to store them. So nothing is written while a line may
still be wrong, and no file is too long for the memory.
"""

"""The figures of a day, with a code that proves them."""

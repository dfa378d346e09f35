"""The counting rules once more, written only from their text: slow, obvious, with nothing of the product.

| module | has |
| --- | --- |
| `branch` | the values |
| `calendar`, `book` | the days; which rule holds for which period |
| `people`, `adds` | who is under a quota; what was won and lost |
| `findings`, `verdicts` | what a reviewer is asked; what an add is worth |
| `rows`, `money` | where everybody stands; ranks and yuan |
| `closed` | what a close shows and what teams reached |
| `short` | branches in few words, for examples by hand |
"""

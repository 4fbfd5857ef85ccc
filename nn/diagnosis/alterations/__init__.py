"""Mistakes in the gradient of any function, as alterations of the function's own backward pass.

step.py        one call of NumPy's: its result, and an edge back to each operand
primitives.py  the operations that every other is made of
recorded.py    arrays that record what is done with them
sweep.py       the reverse sweep, and what an alteration changes in it
edges.py       what people write in place of one edge
search.py      the alterations that reproduce what was given
sentences.py   what is said of each kind
explain.py     all of it: a function, its arguments and a gradient; the findings
"""

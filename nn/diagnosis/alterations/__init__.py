"""Mistakes in the gradient of any function, as alterations of the function's own backward pass.

step.py        one call of NumPy's: its result, and an edge back to each operand
primitives.py  the operations that every other is made of
recorded.py    arrays that record what is done with them
captured.py    a function with what it has captured recorded as well
authors.py     the lines that asked for it, and the names there
formulas.py    a step as the expression that its author wrote
sweep.py       the reverse sweep, and what an alteration changes in it, along random directions first
groups.py      the edges that are altered together
alteration.py  one change of a sweep, or of the function; the gradients of several
variants.py    what an array is mistaken for by itself
cases.py       what people take for what an edge has saved, as tables
edges.py       what people write in place of an edge
exchanged.py   the same with another array of the function's
stale.py       what was saved by another run: by the call before, or at another time of a loop
paths.py       where paths meet: assigned, unsummed, cut off in time
forward.py     another function, differentiated rightly
candidates.py  all of them in their order, and how each is found again for another shape
target.py      the gradient that is sought, and how much it proves
search.py      the search for what reproduces it, alone and in pairs: the one of functions and of networks
directions.py  what is tried of any function, told along random directions
series.py      pairs of which the first changes what comes to the second
sentences.py   what is said of each kind
explain.py     all of it: a function, its arguments and a gradient; the findings
"""

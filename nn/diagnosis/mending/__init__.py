"""The mistake in somebody's own backward pass, found by mending it: the smallest change that makes it right.

source.py        a function's text, out of its file
instrumented.py  a function with every expression of it handed to a hook
program.py       the hook: it sees what is computed, and puts edits in their places; at several points
tables.py        what people confuse, as texts
edits.py         what may stand in place of an expression
written.py       an author's function at one point, and the gradients there
offered.py       the edits that are tried, and the numbers in them
pairs.py         two edits that make it right together
mending.py       the search for the simplest edits that are right at all points
sentence.py      what is said of it
"""

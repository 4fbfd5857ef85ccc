"""Where nodes come from, in their author's words: variables, functions and lines, while somebody watches.

    watch.py      what Python says of the running lines, as a record: it holds no node, and no node is touched
    stores.py     what each line assigns
    inlined.py    which instructions are a comprehension's, that runs in its function's frame
    words.py      the best of the names that a node was lent
    context.py    one run of a function, or a ``with`` block
    nonfinite.py  the first node that became NaN, and its line

>>> from engine import Value
>>> def scaled(x):
...     scale = x * 2.0
...     return scale + 1.0
>>> result, words = run_watched(scaled, Value(3.0))
>>> words.origins(result)[result.parents[0]].variable
'scale'
"""

from engine.watching.context import line_of as line_of
from engine.watching.context import origin as origin
from engine.watching.context import origins_of as origins_of
from engine.watching.context import provenance as provenance
from engine.watching.context import run_watched as run_watched
from engine.watching.origin import Assignment as Assignment
from engine.watching.origin import CallSite as CallSite
from engine.watching.origin import Origin as Origin
from engine.watching.words import Words as Words

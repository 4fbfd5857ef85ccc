"""Pictures of computation graphs: from one neuron to a whole network, and of lifted programs.

>>> from engine import Value
>>> import viz
>>> w, x = Value(0.5, "w"), Value(2.0, "x")
>>> z = w * x
>>> z.backward()
>>> print(viz.draw(z).source.splitlines()[0])
digraph computation {

`draw` gives a `graphviz.Digraph`, `svg` its picture as text, `save` writes a file, `explore` a page to step through.
Once this package is imported, Values and programs show themselves in notebooks.
"""

import engine.notebook
from viz.dot import draw as draw
from viz.errors import ExpressionError as ExpressionError
from viz.errors import RenderError as RenderError
from viz.errors import TooLargeError as TooLargeError
from viz.lecture import draw_dot as draw_dot
from viz.page.explore import explore as explore
from viz.render import save as save
from viz.render import svg as svg

engine.notebook.show_svg = svg  # a Value and a program show themselves in a notebook

# What `help` lists and `import *` brings.
__all__ = [name for name, thing in list(globals().items()) if getattr(thing, "__module__", "").startswith("viz.")]

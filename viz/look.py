"""How boxes look: fonts, sizes, and for each kind of node a colour and a shape, which also tells apart in greyscale.

>>> sorted({look["shape"] for look in KINDS.values()})
['box', 'ellipse', 'hexagon', 'plain']
"""

from __future__ import annotations

FONT = "Helvetica,Arial,sans-serif"
QUIET = "#595959"

# Tints of Okabe and Ito's colours, which colour-blind people tell apart; each kind has a shape of its own as well.
KINDS: dict[str, dict[str, str]] = {
    "input": {"shape": "ellipse", "style": "filled", "fillcolor": "#d9edf9", "color": "#0072b2", "margin": "0.03,0"},
    "parameter": {"shape": "box", "style": "filled", "fillcolor": "#fde9c4", "color": "#a86400"},
    "constant": {"shape": "plain", "style": "", "fillcolor": "#ffffff", "color": "#8a8a8a", "fontcolor": QUIET},
    "leaf": {"shape": "hexagon", "style": "filled", "fillcolor": "#f1f1f1", "color": "#595959", "margin": "0,0"},
    "operation": {"shape": "box", "style": "rounded,filled", "fillcolor": "#ffffff", "color": "#595959"},
    "result": {
        "shape": "box",
        "style": "rounded,filled",
        "fillcolor": "#d8f1e6",
        "color": "#00704f",
        "peripheries": "2",
        "penwidth": "1.6",
    },
}

# A function around its boxes.
CLUSTER = {"style": "rounded", "color": "#8a8a8a", "fontcolor": "#404040", "labeljust": "l", "fontsize": "11"}

TITLE, LINE = 12.0, 10.5  # sizes, in points, of a title and of what is under it

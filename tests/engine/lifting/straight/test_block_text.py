import numpy as np

from engine.lifting.straight.block_text import BlockText
from engine.lifting.straight.blocks import Before, Column, TableColumn, TapeBlock
from engine.lifting.straight.body import backward_lines, body_of, differentiate_body, forward_lines
from engine.lifting.straight.printing import Printer
from engine.lifting.straight.tape import Kind


def written(times):
    """A product of all the numbers in a table, beginning with what is in slot 0."""
    columns = [Column(Kind("multiply", 2), [Before(0, 0), TableColumn(0)])]
    block = TapeBlock(1, 10 + np.arange(times)[:, None], columns, np.arange(1, times + 1)[:, None], [], [0])
    body = body_of(block, {})
    differentiate_body(body, {"b0", "r0"})
    backward, forward = backward_lines(body), forward_lines(body)
    text = BlockText(body, np.arange(20), "kept", "table", Printer(set()))
    return text.forward(forward), text.backward(backward)


def test_a_loop_forward_and_backward():
    forward, backward = written(4)
    v, numbers = [2.0, 3.0, 5.0, 7.0, 11.0], {"kept": [], "table": [1, 2, 3, 4]}
    exec("\n".join(forward), numbers | {"v": v, "put": v.append})
    assert v[-1] == 2.0 * 3.0 * 5.0 * 7.0 * 11.0
    g = [0.0] * 5 + [1.0]
    exec("\n".join(backward), numbers | {"v": v, "g": g, "pop": g.pop})
    assert g == [v[-1] / x for x in v[:-1]]


def test_lines_of_a_loop():
    forward, backward = written(4)
    assert forward[:2] == ["b0 = v[0]", "for i0 in table:"] and forward[-1] == "put(x0)"
    assert backward[:2] == ["h0 = pop()", "for (b0, r0), i0 in zip(reversed(kept), reversed(table)):"]
    assert backward[-1] == "g[0] += h0"

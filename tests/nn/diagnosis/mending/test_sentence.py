import ast

import pytest
from backward_texts import of_text

from nn.diagnosis.mending.edits import Edit
from nn.diagnosis.mending.program import Program
from nn.diagnosis.mending.sentence import correction

CASES = [
    ("y = 3 * x", "3", "c", 2.0, "line 2, `y = 3 * x`: `3` should be `2`", "y = 2 * x"),
    ("y = x ** 2", "x ** 2", "b ** a", None, "line 2, `y = x ** 2`: `x ** 2` should be `2 ** x`", "y = 2 ** x"),
    ("y = x.sum(0)", "x.sum(0)", "f.__self__.mean(*all, **keywords)", None,
     "line 2, `y = x.sum(0)`: `x.sum(0)` should be `x.mean(0)`", "y = x.mean(0)"),
    ("y = -(x + 1)", "-(x + 1)", "a", None, "line 2, `y = -(x + 1)`: `-(x + 1)` should be `x + 1`", "y = x + 1"),
    ("x[0] = 3", "x[0]", "old + v", None, "line 2, `x[0] = 3`: it should be `x[0] += 3`", "x[0] += 3"),
    ("x[0] += 3", "x[0]", "v - old", None, "line 2, `x[0] += 3`: it should be `x[0] = 3`", "x[0] = 3"),
    ("x[0] += 3", "x[0]", "-v", None, "line 2, `x[0] += 3`: it should be `x[0] -= 3`", "x[0] -= 3"),
    ("x[0] += 3", "x[0]", "0 * v", None, "line 2, `x[0] += 3`: it should not be there", "nothing"),
]  # fmt: skip


@pytest.mark.parametrize(("line", "part", "text", "number", "sentence", "right"), CASES)
def test_what_is_said_is_the_authors_line_with_a_part_changed(line, part, text, number, sentence, right):
    program = Program()
    program.followed(of_text(f"def backward(x):\n    {line}\n    return x\n"))
    node = [node for node in program.nodes if node.text == part][-1]
    finding = correction(Edit("sign", node, text, 1, number=number), ["x", "w"])
    assert (finding.where, finding.sentence, finding.right, finding.yours) == ("x, w", sentence, right, line)
    assert right == "nothing" or ast.parse(finding.right)


def test_of_a_long_statement_a_part_is_shown():
    long = " + ".join(f"np.sin({k} * x)" for k in range(30))
    program = Program()
    program.followed(of_text(f"def backward(x):\n    return {long}\n"))
    node = next(node for node in program.nodes if node.text == "7")
    finding = correction(Edit("wrong-constant", node, "c", 1, number=8.0), ["x"])
    assert len(finding.yours) <= 100 and "np.sin(7 * x)" in finding.yours and "np.sin(8 * x)" in finding.right


def test_edits_of_one_statement_are_shown_together_and_all_lines_of_one_that_stands_in_several():
    program = Program()
    program.followed(of_text("def backward(x):\n    y = 3 * (x + 1) - x ** 2\n    return y * x ** 2\n"))
    three, outer = (next(node for node in program.nodes if node.text == text) for text in ("3", "3 * (x + 1)"))
    square, other = [node for node in program.nodes if node.text == "x ** 2"]
    edits = [
        Edit("wrong-constant", three, "4", 1),
        Edit("sign", outer, "-v", 1),
        Edit("wrong-operation", square, "a * b", 1, also=(other,)),
    ]
    several = [correction(edit, ["x"], edits) for edit in edits]
    assert {finding.right for finding in several} == {"y = -(4 * (x + 1)) - x * 2"}
    assert several[2].sentence == "line 2, `y = 3 * (x + 1) - x ** 2`: `x ** 2` should be `x * 2`, also in line 3"

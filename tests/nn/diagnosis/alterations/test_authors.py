import sys

import numpy as np

from nn.diagnosis.alterations.authors import as_text, as_written, call_of, signed
from nn.diagnosis.alterations.recorded import record
from nn.diagnosis.alterations.step import ArrayStep


class Recorded:
    def __init__(self, step):
        self.step = self.latest = step


def test_an_index_as_it_is_written():
    written = {"0, 1:": (0, slice(1, None)), "::2": slice(None, None, 2), "-1": -1, "...": np.arange(3), "None": None}
    assert {as_text(index): text for text, index in written.items()} == {text: text for text in written}


def test_a_step_bears_the_names_of_the_line_that_asked_for_it():
    scale = np.ones(2)
    x = Recorded(ArrayStep([1.0, 2.0]))
    step = ArrayStep([1.0, 2.0], "multiply", (x.step, scale))
    signed(step, [x, scale], test_a_step_bears_the_names_of_the_line_that_asked_for_it.__code__)
    assert step.place == () and x.step.name == ""

    def author():
        y, gain = x, scale
        signed(step, [y, gain], test_a_step_bears_the_names_of_the_line_that_asked_for_it.__code__)

    author()
    assert x.step.name in ("x", "y") and step.constants[1] in ("scale", "gain")
    assert step.place[0][0] == "author" and len(step.line) == 1


def test_an_operation_has_one_place_however_often_it_has_run():
    def f(x):
        return (x[[0, 1, 1]] * x.sum() + np.exp(x).mean()).sum()  # CPython replaces what runs often

    steps = [record(f, [("x", np.ones(3))])[0].operands[0] for _ in range(30)]
    assert len({step.site for step in steps}) == 1


class Holds:
    def __init__(self):
        self.w, self.params = np.full(3, 2.0), {"b": np.full(3, 5.0)}

    def forward(self, x):
        params = self.params
        self.z = x * self.w
        return (np.tanh(self.z) + params["b"] * x).sum()


def test_what_objects_and_dictionaries_hold_is_called_as_it_is_written():
    root, _ = record(Holds().forward, [("x", np.ones(3))])
    (added,) = root.operands
    tanh, shifted = added.operands
    assert tanh.operands[0].name == "self.z" and tanh.operands[0].constants == {1: "self.w"}
    assert list(shifted.constants.values()) == ["params['b']"]


def test_an_operand_is_called_as_it_is_written():
    root, _ = record(lambda x: np.where(x > 0, x, 0.5 * x).sum(), [("x", np.array([1.0, -2.0]))])
    chosen = root.operands[0]
    known = sys.version_info >= (3, 11)
    assert as_written(chosen, 0) == ("x > 0" if known else "")
    assert call_of(chosen) == (("where", "where(x > 0, x, 0.5 * x)") if known else ("", ""))
    assert as_written(ArrayStep(np.ones(2)), 0) == "" and call_of(ArrayStep(np.ones(2))) == ("", "")

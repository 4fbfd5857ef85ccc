import numpy as np

from nn.diagnosis.alterations.authors import as_text, signed
from nn.diagnosis.alterations.recorded import record
from nn.diagnosis.alterations.step import ArrayStep


class Recorded:
    def __init__(self, step):
        self.step = step


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


def test_a_line_that_has_run_often_is_the_same_line():
    """The interpreter replaces instructions of what runs often, and counts them in another way."""

    def taken(w):
        return w[np.array([0, 1, 1])].sum()

    sites = {record(taken, [("w", np.ones(3))])[0].operands[0].site for _ in range(50)}
    assert len(sites) == 1

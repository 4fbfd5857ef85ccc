import numpy as np

from engine.lifting.straight.blocks import Before, Column, Fixed, Own, TableColumn, TapeBlock
from engine.lifting.straight.body import backward_lines, body_of, differentiate_body, forward_lines
from engine.lifting.straight.tape import Kind

TWO = {k: Kind(k, 2) for k in ("add", "multiply", "subtract")}


def body(columns, literals=(), kept=(), last=(), wanted=None):
    slots = 10 + np.arange(5 * len(columns)).reshape(5, -1)
    block = TapeBlock(len(columns), slots, columns, np.zeros((5, 2), np.int64), list(kept), list(last))
    made = body_of(block, dict(literals))
    differentiate_body(made, set(made.names.values()) if wanted is None else wanted)
    return (
        made,
        [f"{a} {s} {e}" for a, s, e in backward_lines(made)],
        [f"{a} {s} {e}" for a, s, e in forward_lines(made)],
    )


def test_what_is_used_once_is_written_where_it_is_used():
    columns = [
        Column(TWO["add"], [TableColumn(0), Fixed(3)]),
        Column(TWO["add"], [Own(0), TableColumn(0)]),
        Column(TWO["multiply"], [Own(1), Own(1)]),
    ]
    made, backward, forward = body(columns, kept=[2])
    assert forward == ["x1 = r0 + f1 + r0", "x2 = x1 * x1"]
    assert backward[0] == "d2 = pop()" and made.needed == {"x1"}


def test_the_time_before_gets_its_cotangent_when_all_has_been_added():
    columns = [Column(TWO["multiply"], [Before(0, 4), TableColumn(0)])]
    _, backward, forward = body(columns, last=[0])
    assert forward == ["x0 = b0 * r0"]
    assert backward == ["g[i0] += h0 * b0", "h0 = tuple(h0 * r0)"]


def test_what_is_read_once_is_assigned_its_cotangent():
    made, _, _ = body([Column(TWO["multiply"], [Before(0, 4), TableColumn(0)])])
    made.once.add("r0")
    assert [sign for target, sign, _ in backward_lines(made) if target == "g[i0]"] == ["="]


def test_numbers_are_written_out_but_where_all_are_numbers():
    literals = {7: "0.5", 8: "2.0"}
    _, _, forward = body([Column(TWO["multiply"], [TableColumn(0), Fixed(7)])], literals, kept=[0])
    assert forward == ["x0 = v[i0] * 0.5"]
    _, _, forward = body([Column(TWO["multiply"], [Fixed(7), Fixed(8)])], literals, kept=[0])
    assert forward == ["x0 = f0 * f1"]


def test_nothing_is_handed_to_what_nobody_wants_a_derivative_of():
    _, backward, _ = body([Column(TWO["multiply"], [TableColumn(0), Fixed(7)])], kept=[0], wanted=set())
    assert backward == ["  pop()"]


def test_each_name_of_a_result_of_the_time_before_is_differentiated():
    columns = [
        Column(TWO["multiply"], [Before(1, 4), Before(1, 5)]),
        Column(TWO["add"], [Own(0), TableColumn(0)]),
    ]
    made, backward, _ = body(columns, last=[1], wanted={"r0"})
    assert made.differentiated == {"r0", "x0", "x1", "b0", "b1"}
    assert backward[-1] == "h0, h1 = tuple(d1 * b1, d1 * b0)"


def test_a_slope_that_is_computed_already_is_read():
    columns = [
        Column(Kind("sin", 1), [TableColumn(0)]),
        Column(Kind("cos", 1), [TableColumn(0)]),
        Column(TWO["multiply"], [Own(0), Own(1)]),
    ]
    made, backward, _ = body(columns, kept=[2])
    assert {"x0", "x1"} <= made.needed and not any("cos(" in line or "sin(" in line for line in backward)


def test_a_power_s_slope_is_another_power():
    """Functions with numbers of their own are not told apart by their names."""
    columns = [
        Column(Kind("power_constant", 1, ((2.5, 1.0),)), [TableColumn(0)]),
        Column(Kind("power_constant", 1, ((1.5, 1.0),)), [TableColumn(0)]),
        Column(TWO["multiply"], [Own(0), Own(1)]),
    ]
    made, *_ = body(columns, kept=[2])
    assert made.computed == {}

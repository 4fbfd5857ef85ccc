"""What is said of each kind of alteration, and what a gradient that has it fits: texts with places for names.

`path` is an operand and `at` the step that it is one of, `other` the operand beside it; `to`, `pulled` and `z` are
parts of an equation. A kind may be said in other words where its text belongs to one form of it.

>>> SENTENCES["path-missing"][0].format(through="mu")
'the path through `mu` is missing'
"""

from __future__ import annotations

from nn.diagnosis.alterations.edges import OF_A_VECTOR, OF_THE_RESULT, THE_FIRST, TIMES_IT

OF_A_MEAN, OF_A_SUM = "of a mean", "of a sum"
OF_A_FACTOR, OF_A_DIVISION, OF_A_MATRIX = "of a factor", "of a division", "of a matrix"
OF_A_NUMBER, OF_AN_INVERSE, OF_A_LENGTH, OVER_A_LENGTH = "of a number", "of an inverse", "of a length", "over a length"
OF_A_CONSTANT, OF_A_CUMSUM, OF_ALL = "of a constant", "of a cumsum", ", over all"
NOT_UNDONE, DONE_AGAIN, CUT_OFF = "not undone", "done again", "cut off"
PAST, IN_PLACE_OF, IN_ONE_PLACE = "past", "in place of", "in one place"
"""Forms of a kind that are said in words of their own."""
OF_MULTIPLES = {
    OF_A_NUMBER: "{of} is multiplied with {what}, a factor too many",
    OF_AN_INVERSE: "{of} lacks the factor `{what}`",
    OF_A_LENGTH: "{of} is `{what}` times too large: a factor too many, or a division left out",
    OVER_A_LENGTH: "{of} is divided by `{what}`, which does not belong there",
}
"""What is said of a multiple, by the form of the number that it is multiplied with."""
SENTENCES = {
    "path-missing": ("the path through `{through}` is missing", "{to} without it"),
    "sign": ("the path through `{through}` has the wrong sign", "{to} with the opposite sign"),
    "doubled": ("the path through `{through}` is counted twice", "2 * ({pulled})"),
    "halved": ("the path through `{through}` is counted half", "0.5 * ({pulled})"),
    "factor": ("{multiple}", "{what} * ({pulled})"),
    f"factor {OF_A_CONSTANT}": (
        "the factor `{constant}` of `{product}` is another number, {another}", "with {another} for {constant}"
    ),
    f"factor {OF_AN_INVERSE}": ("{multiple}", "({pulled}) / {bracketed}"),
    f"factor {OVER_A_LENGTH}": ("{multiple}", "({pulled}) / {bracketed}"),
    f"overwritten {THE_FIRST}": (
        "of what comes to each place of `{path}` only {base} is taken", "{to} = {base} of what comes to each place"
    ),
    "overwritten": (
        "contributions to `{path}` are assigned where they must be added (= for +=)",
        "{to} = the one assigned last",
    ),
    "unsummed": (
        "`{path}` serves several entries, whose shares are not summed: each has its own alone", "{to} without its sum"
    ),
    "outer-product": (
        "the gradient of `{path}` is an inner product where it must be an outer one",
        "{to} = the sum of d{z} times the other factor",
    ),
    "upstream-missing": (
        "what arrives at `{at}` is not multiplied with the local derivative (chain rule)",
        "{pulled} with d{z} = 1",
    ),
    f"upstream-missing {OF_THE_RESULT}": (
        "what arrives at `{path}` is not multiplied with the local derivative (chain rule)", "{to} = 1"
    ),
    "ties-in-full": (
        "equal numbers in `{at}` have the whole gradient each, which they must share", "{to} = d{z} at each"
    ),
    "wrong-upstream": (
        "in place of the gradient that arrives at `{at}` stands `{what}`",
        "{pulled} with {what} for d{z}",
    ),
    f"wrong-upstream {PAST}": (
        "`{at}` gets what arrives at `{skipped}`{more}: the derivatives between the two are left out",
        "{pulled} with {what} for d{z}",
    ),
    "slope-missing": ("the derivative of `{at}` is left out", "{to} = d{z}"),
    "value-for-slope": ("the value of `{at}` stands in place of its derivative", "{to} = d{z} * {z}"),
    "applied-for-slope": ("`{op}` of the value of `{at}` stands in place of its derivative", "{to} = d{z} * {op}({z})"),
    "factor-exchanged": (
        "the factor `{other}` beside `{path}` is another number, {what}", "{pulled} with {what} for {other}"
    ),
    f"factor-exchanged {OF_A_DIVISION}": (
        "what comes to `{path}` is multiplied with {what}, not divided by `{other}`", "{to} = d{z} * {what}"
    ),
    f"factor-exchanged {OF_AN_INVERSE}": (
        "what comes to `{path}` is divided by `{inverse}`, not by `{other}`", "{to} = d{z} / {inverse}"
    ),
    "slope-at-value": (
        "the derivative of `{at}` is taken at its value, not at its input",
        "{to} = d{z} * {op}'({z})",
    ),
    "operand-for-slope": ("the input of `{at}` stands in place of its derivative", "{to} = d{z} * {path}"),
    "slope-of-another": ("the derivative of `{at}` is that of another function ({what})", "{to} = d{z} * ({what})'"),
    "mask-of-error": (
        "the mask is taken of the gradient that arrives, not of what `{at}` was given",
        "{to} where d{z} > 0",
    ),
    "mask-of-value": (
        "`{at}` is chosen by its own value ({what}), which is not the condition of the forward pass",
        "{pulled}, chosen where {z} {what}",
    ),
    "slope-at-gradient": (
        "the derivative of `{at}` is taken at the gradient that arrives, which is not multiplied with it",
        "{to} = {op}'(d{z})",
    ),
    f"slope-at-gradient {TIMES_IT}": (
        "the derivative of `{at}` is taken at the gradient that arrives, not at its input",
        "{to} = d{z} * {op}'(d{z})",
    ),
    "mask-leaky": (
        "the mask of `{at}` lets {number} times the gradient through where it is 0",
        "{to} with {number} for 0 in the mask",
    ),
    "mask-inverted": ("the mask of `{at}` is the wrong way round", "{to} with 1 - mask"),
    "parenthesis": ("brackets are missing around the derivative of `{at}`", "{to} = d{z} * 1 - (1 - {op}')"),
    "factor-missing": ("the derivative of `{at}` by `{path}` is left out", "{to} = d{z}"),
    f"factor-missing {OF_A_FACTOR}": ("the factor `{other}` beside `{path}` is left out", "{to} = d{z}"),
    f"factor-missing {OF_A_MATRIX}": ("the factor `{other}` beside `{path}` is left out", "{to} = d{z}"),
    f"factor-missing {OF_A_DIVISION}": ("the division of `{path}` by `{other}` is left out", "{to} = d{z}"),
    f"factor-missing {OF_A_MEAN}": (
        "a sum stands in place of the mean `{at}`, which is differentiated without its division",
        "{pulled} without the division",
    ),
    f"factor {OF_A_SUM}": (
        "a mean stands in place of `{sum}`, which is differentiated with a division by its count",
        "{pulled} divided by the count",
    ),
    "factor-squared": ("the factor `{other}` beside `{path}` is squared", "{pulled} with {inner}**2 for {other}"),
    "factor-shifted": (
        "{number} is added to the factor `{other}` beside `{path}`", "{pulled} with {other} + {number} for {other}"
    ),
    "factor-unsigned": ("the factor `{other}` beside `{path}` has lost its sign", "{pulled} with abs({other})"),
    "factor-inverted": (
        "the reciprocal of the factor `{other}` beside `{path}` stands in its place", "{pulled} with 1 / {inner}"
    ),
    "factor-transposed": (
        "the factor `{other}` beside `{path}` has its axes in the wrong order", "{pulled} with other axes of {other}"
    ),
    f"factor-transposed {OF_A_CUMSUM}": (
        "what arrives at `{at}` is summed from the beginning again, where it must be summed from the end",
        "the sums of d{z} up to each place, not from it on",
    ),
    f"factor-missing {OF_A_CUMSUM}": (
        "what arrives at `{at}` is not summed: each place gets the sum of what arrives there and later", "d{z}"
    ),
    f"factor-missing {OF_A_CUMSUM}{OF_ALL}": (
        "what arrives at `{at}` is summed over all: each place gets the sum of what arrives there and later",
        "the sum of d{z}",
    ),
    f"factor-transposed {OF_A_MATRIX}": (
        "in the gradient of `{path}` stands `{other}` where `{turned}` belongs (a transpose)",
        "{pulled} with {other} for {turned}",
    ),
    f"factor-transposed {OF_A_VECTOR}": (
        "the factor `{other}` beside `{path}` is repeated along the other axis", "{pulled} with {other} turned"
    ),
    "factor-too-late": (
        "`{other}` is multiplied too late: with what has come to `{what}`, not with what arrives at `{at}`",
        "what comes to {what} of d{z}, times {other}",
    ),
    f"factor-too-late {OF_A_DIVISION}": (
        "the division by `{other}` is too late: of what has come to `{what}`, not of what arrives at `{at}`",
        "what comes to {what} of d{z}, divided by {other}",
    ),
    "factor-too-early": (
        "`{other}` is multiplied too early: with what arrives at `{what}`, not at `{at}`",
        "what comes of d({what}) * {inner}, without it at {at}",
    ),
    f"factor-too-early {OF_A_DIVISION}": (
        "the division by `{other}` is too early: of what arrives at `{what}`, not at `{at}`",
        "what comes of d({what}) / {inner}, without it at {at}",
    ),
    "factor-too-many": (
        "the share of `{path}` in `{at}` is multiplied with `{what}` as well",
        "({pulled}) * {bracketed}",
    ),
    "result-transposed": ("the gradient of `{path}` has its entries in another order ({what})", "{pulled}: {what}"),
    "slope-times-operand": (
        "the derivative of `{at}` is multiplied with {times}`{path}`{base} as well",
        "({pulled}) * {times}{factor}{base}",
    ),
    "slope-times-value": (
        "the derivative of `{at}` is multiplied with {times}its value{base} as well",
        "({pulled}) * {times}{z}{base}",
    ),
    "slope-shifted": ("{number} is added to the derivative of `{at}`", "d{z} * (derivative + {number})"),
    f"slope-shifted {OF_A_FACTOR}": (
        "{number} is added to the factor `{other}` beside `{path}`", "d{z} * ({other} + {number})"
    ),
    "slope-inverted": ("the reciprocal of the derivative of `{at}` stands in its place", "d{z} / derivative"),
    f"slope-inverted {OF_A_FACTOR}": (
        "what comes to `{path}` is divided by `{other}`, not multiplied with it", "{to} = d{z} / {inner}"
    ),
    f"slope-inverted {OF_A_DIVISION}": (
        "what comes to `{path}` is multiplied with `{other}`, not divided by it", "{to} = d{z} * {inner}"
    ),
    "slope-squared": ("the derivative of `{at}` is squared", "d{z} * derivative**2"),
    f"slope-squared {OF_A_FACTOR}": ("the factor `{other}` beside `{path}` is squared", "{to} = d{z} * {inner}**2"),
    f"slope-squared {OF_A_DIVISION}": (
        "what comes to `{path}` is divided by `{other}` twice", "{to} = d{z} / {inner}**2"
    ),
    "slope-unsigned": ("the derivative of `{at}` has lost its sign", "d{z} * abs(derivative)"),
    f"slope-unsigned {OF_A_FACTOR}": (
        "the factor `{other}` beside `{path}` has lost its sign", "{to} = d{z} * abs({other})"
    ),
    "wrong-operand": ("the derivative of `{at}` is computed with `{what}`", "{pulled} with {what} in it"),
    f"wrong-operand {OF_A_FACTOR}": (
        "in the gradient of `{path}` stands `{what}` where `{other}` belongs", "{pulled} with {what} for {other}"
    ),
    f"wrong-operand {OF_A_MATRIX}": (
        "in the gradient of `{path}` stands `{what}` where `{other}` belongs", "{pulled} with {what} for {other}"
    ),
    f"wrong-operand {IN_PLACE_OF}": (
        "in the derivative of `{at}` stands `{instead}` where `{belongs}` belongs", "{pulled} with {what}"
    ),
    f"wrong-operand {IN_ONE_PLACE}": (
        "in the derivative of `{at}` stands `{what}` in one of the two places where its value belongs",
        "{pulled} with {what} for one of the two values",
    ),
    "wrong-axis": (
        "the gradient of `{path}` is summed over {what}, where it must be summed over {axes}",
        "{to} summed over {what}",
    ),
    "mean-for-sum": (
        "the gradient of `{path}` is a mean where it must be a sum ({what})",
        "{to} averaged over {what}",
    ),
    "slice": ("the gradient of `{path}` is one slice where it must be a sum ({what})", "{to} at one index of {what}"),
    "wrong-path": (
        "the gradients of two paths are added before the first, and go down it together",
        "(d1 + d2) through `{path}`",
    ),
    f"wrong-gradient {PAST}": (
        "`{path}` gets what arrives at `{skipped}`{more}: the derivatives between the two are left out",
        "{to} = d{skipped}{more}",
    ),
    "wrong-gradient": ("in place of the gradient of `{path}` stands `{what}`", "{to} = {what}"),
    "parts-exchanged": ("the gradients of two parts of `{path}` are exchanged ({what})", "{to} with them exchanged"),
    "part-repeated": (
        "the gradient of one part of `{path}` stands in place of another's as well ({what})",
        "{to} with one of them twice",
    ),
    "wrong-error": ("the error that comes to `{path}` is {what}", "{to} = {what}"),
    "slope-formula": ("the derivative of `{at}` is written as {base}, with {letter}", "{to} = d{z} * ({base})"),
    "stale": ("the backward pass reads {what}", "what stands there now, with {what}"),
    "updated-value": (
        "the factor `{base}` beside `{path}` was updated before it was used, by {number} times its gradient",
        "{pulled} with {base} - {number} * d{base}",
    ),
    "term-added": ("`{what}`, which the function has no term for, is added to the gradient", "{to} + {what}"),
    "gradient-zero": ("the gradient is zero in every entry", "0"),
    "exchanged": ("this is the gradient of `{what}`, which is another argument", "{to} = d{what}"),
    "off-by-one": ("what comes to `{path}` stands one place off ({what})", "{pulled}, {what}"),
    "own-value-for-factor": (
        "`{path}` itself stands in place of the factor `{other}` beside it", "{pulled} with {path} for {other}"
    ),
    "wrong-index": ("`{at}` is taken at other indices ({what})", "with other indices: {what}"),
    "factor-off-by-one": (
        "the factor `{other}` beside `{path}` stands one place off ({what})", "{pulled} with it {what}"
    ),
    "factor-rearranged": (
        "the factor `{other}` beside `{path}` is in the wrong order ({what})", "{pulled} with it {what}"
    ),
    "order-of-product": ("the product for `{path}` has its factors in another order", "{to} = {what}"),
    "elementwise-for-product": ("what comes to `{path}` is another kind of product", "{to} = {what}"),
    "mask-missing": ("the mask of `{at}` is not applied", "{pulled} without its mask"),
    "scale-missing": ("the scale that the mask of `{at}` has is left out", "{pulled} with a mask of 0 and 1"),
    f"reshaped {NOT_UNDONE}": (
        "`{at}` is not undone: what arrives there goes on in the order that it has", "{to} = d{z} as it is"
    ),
    f"reshaped {DONE_AGAIN}": (
        "`{at}` is done once more to what arrives there, where it must be undone", "{to} = d{z} moved the same way"
    ),
    f"reshaped {CUT_OFF}": ("what `{at}` leaves out gets a gradient as well", "{to} = d{z} as it is"),
    "reshaped": ("the gradient of `{path}` is reshaped in another order than it was", "d{z} reshaped, {what}"),
    "spread": ("what comes to `{at}`, a part of `{path}`, is added to all of it", "{to} = d{z} at every place"),
    "padding-counted": ("the padding around `{path}` is not cut off at its beginning", "d{z}[:n]"),
    "stride-missing": (
        "windows of `{path}` are taken or put back without the stride ({what})",
        "the share of window i is added at i, not at {what} * i",
    ),
    "cut-in-time": ("nothing goes further back through `{path}` than {what} times", "{to} is 0 before"),
    "truncated": (
        "what comes in at each time goes back through `{path}` only {what} times",
        "{to} without what has passed more than {what} times",
    ),
    "slope-not-carried": (
        "the derivative of the function above `{at}` is not carried down to `{path}`",
        "{pulled} without the slope above",
    ),
    "step-left-out": (
        "the function that is differentiated lacks `{op}`", "the gradient of the function without `{at}`"
    ),
    "step-twice": ("`{op}` is applied twice before it is differentiated", "with {op}({at})"),
    "term-dropped": ("what is differentiated lacks the term `{what}` of `{at}`", "with {at} without {what}"),
    "factor-dropped": ("what is differentiated lacks the factor `{what}` of `{at}`", "with {at} without {what}"),
    f"factor-dropped {OF_A_DIVISION}": (
        "what is differentiated lacks the division by `{what}` of `{at}`", "with {at} not divided"
    ),
    "mask-left-out": ("what is differentiated lacks the choice `{at}`: `{what}` is never taken", "without {what}"),
    "slice-exchanged": ("in place of `{at}` stands {what}", "with {what}"),
    "constant-elsewhere": ("a constant stands elsewhere: {what}", "with {what}"),
    "constant-moved": ("a constant of `{at}` is another one ({what})", "with {what}"),
    "reduced-over-other-axes": ("`{at}` is taken over other axes ({what})", "with {op} over {what}"),
    "brackets": ("the brackets of `{at}` stand elsewhere: what is differentiated is `{what}`", "with {what}"),
    "tile-for-repeat": ("`{at}` repeats the whole where it must repeat each (tile for repeat)", "with np.tile"),
    "operands-exchanged": ("the operands of `{at}` are exchanged before it is differentiated", "with them exchanged"),
    "wrong-argument": ("`{path}` is taken to be `{what}`", "with {what} for {path}"),
    "one-place": ("all that comes to `{path}` is put in its first place ({what})", "{to} = 0 but in the first place"),
    "one-upstream": (
        "{what} of the gradient that arrives at `{at}` is used for all of it", "{pulled} with {what} of d{z}"
    ),
    "wrong-value": ("`{at}` is taken to be `{what}`", "with {what} for {z}"),
}  # fmt: skip
"""The name of a kind -> the sentence, and what the given gradient fits."""

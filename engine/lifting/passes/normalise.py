"""Second stage: Trace -> Normal, chains of additions become n-ary sums of products and plain terms.

    w0 * x0 + w1 * x1 + b      ->   Sum(left=[w0, w1, b], right=[x0, x1, -1])

A product or a sum is absorbed when a sum is all that uses it; `dot` and `total` nodes are sums already. An addition
that is to keep the sign of its zero (`Trace.signed`) is none.
"""

from __future__ import annotations

import numpy as np

from engine.lifting.ir import ADDED, Normal, Sum, Trace


def normalise(trace: Trace) -> Normal:
    """Absorb additions and products into n-ary sums."""
    operands, once = trace.operands, trace.uses == 1
    once[[*trace.roots, *trace.signed]] = False
    is_sum = trace.are("add", "total")
    is_sum[[i for i in trace.signed if trace.ops[i] == "add"]] = False
    items: list[Sum | tuple[int, ...] | None] = list(operands)
    absorbed, products = once.tolist(), (once & trace.are("multiply")).tolist()
    dots = np.flatnonzero(trace.are("dot")).tolist()
    for i in dots:
        items[i] = _products(operands[i])
    for i in np.flatnonzero(is_sum).tolist():
        xs = operands[i]
        so_far, product = items[xs[0]], items[xs[-1]]
        if len(xs) == 2 and absorbed[xs[0]] and products[xs[1]] and isinstance(so_far, Sum) and product:
            x, y = xs  # what most are: one more product of a sum
            items[i], items[x], items[y] = so_far, None, None
            so_far.left.append(product[0])
            so_far.right.append(product[1])
        else:
            items[i] = _sum_of(items, products, absorbed, trace, xs)
    return Normal(trace, items)


def _products(xs: tuple[int, ...]) -> Sum:
    """Return a dot as a sum: of products, and of one more term where there is one."""
    half = len(xs) // 2
    return Sum([*xs[:half], *xs[2 * half :]], [*xs[half : 2 * half], *[ADDED] * (len(xs) % 2)])


def _sum_of(
    items: list[Sum | tuple[int, ...] | None],
    products: list[bool],
    absorbed: list[bool],
    trace: Trace,
    terms: tuple[int, ...],
) -> Sum:
    """Join the terms; the longest absorbed sum is extended in place, so a chain costs its length."""
    result: Sum | None = None
    for i in terms:
        item = items[i]
        if absorbed[i] and isinstance(item, Sum):
            items[i] = None
            result = item if result is None else _joined(result, item)
            continue
        result = result or Sum([], [])
        if products[i] and isinstance(item, tuple):
            items[i] = None
            result.left.append(item[0])
            result.right.append(item[1])
        elif i not in trace.zeros or len(terms) == 1:
            result.left.append(i)
            result.right.append(-1)
    if result is None or not result.left:
        return Sum([terms[0]], [-1])
    return result


def _joined(first: Sum, second: Sum) -> Sum:
    """Put a sum's terms behind those of another one, moving the fewer."""
    if len(second.left) > len(first.left):
        second.left[:0], second.right[:0] = first.left, first.right
        return second
    first.left.extend(second.left)
    first.right.extend(second.right)
    return first

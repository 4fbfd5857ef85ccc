"""Second stage: Trace -> Normal, chains of additions become n-ary sums of products and plain terms.

    w0 * x0 + w1 * x1 + b      ->   Sum(left=[w0, w1, b], right=[x0, x1, -1])

A product or a sum is absorbed when a sum is all that uses it; `dot` and `total` nodes are sums already. An addition
that is to keep the sign of its zero (`Trace.signed`) is none.
"""

from __future__ import annotations

from engine.lifting.ir import Normal, Sum, Trace


def normalise(trace: Trace) -> Normal:
    """Absorb additions and products into n-ary sums."""
    ops, operands = trace.ops, trace.operands
    once = (trace.uses == 1).tolist()
    for i in (*trace.roots, *trace.signed):
        once[i] = False
    items: list[Sum | tuple[int, ...] | None] = []
    for i, op in enumerate(ops):
        xs = operands[i]
        if (op == "add" and i not in trace.signed) or op == "total":
            items.append(_sum_of(items, ops, once, trace, xs))
        elif op == "dot":
            half = len(xs) // 2
            left, right = list(xs[:half]), list(xs[half : 2 * half])
            if len(xs) % 2:
                left.append(xs[-1])
                right.append(-1)
            items.append(Sum(left, right))
        else:
            items.append(xs)
    return Normal(trace, items)


def _sum_of(
    items: list[Sum | tuple[int, ...] | None],
    ops: list[str],
    once: list[bool],
    trace: Trace,
    terms: tuple[int, ...],
) -> Sum:
    """Join the terms; the longest absorbed sum is extended in place, so a chain costs its length."""
    result: Sum | None = None
    for i in terms:
        item = items[i]
        if once[i] and isinstance(item, Sum):
            items[i] = None
            result = item if result is None else _joined(result, item)
            continue
        result = result or Sum([], [])
        if once[i] and ops[i] == "multiply" and isinstance(item, tuple):
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

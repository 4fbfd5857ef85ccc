"""The module that a lifted program is for JAX: imports, and one pure function.

The function takes the named parameters, the inputs, and `seed`, the cotangent of each sample's value (1 / N of a mean);
the value is the sum of the samples' values times their seeds.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

from engine.lifting.emit.jax_text import JAX
from engine.lifting.emit.source import Emitted, last_readings, legal_title, names_in, needed
from engine.lifting.emit.views import tuple_text
from engine.lifting.emit.writer import Writer, is_flat, plain_numbers, write_steps
from engine.lifting.external import Named, Outside
from engine.lifting.ir import Gather, Literal, Operand, Source, Step, Steps, View
from engine.lifting.names import Parameter, variable


def emit_for_jax(
    title: str,
    layout: Steps,
    forward: Sequence[Step],
    backward: Sequence[Step],
    outside: Outside,
    seed: Source,
    gradients: Sequence[Source] | None,
) -> Emitted:
    """Write the module.

    Parameters
    ----------
    title, layout, forward, backward, outside
        As for NumPy's `emit`; without adjoints, JAX is to differentiate.
    seed
        The cotangent of each sample's value, an argument after the inputs.
    gradients
        What is returned beside the value, in order; None where the value alone is.
    """
    batched = [source.name for source in (*outside.inputs, seed) if source.batched]
    root, taken = layout.roots[0], set(outside.taken)
    blocks = _blocks(outside.arrays, [*forward, *backward], taken)
    readings = last_readings(layout, forward, backward)
    writer = Writer(JAX, [block.whole for block in blocks], {}, readings, written=taken)
    writer.plain = plain_numbers([*forward, *backward], layout.sources)
    result = variable("value", taken)
    joined = [block for block in blocks if len(block.members) > 1]
    writer.body += [block.joined() for block in joined]
    if not root.batched and batched:  # the same for every sample
        writer.body.append(f"{seed.name} = jnp.sum({seed.name})")
    write_steps(writer, forward, 0)
    writer.body.append(f"{result} = {_value(writer, root, seed.name)}")
    write_steps(writer, backward, len(forward))
    for block in joined:
        if block.whole.gradient.name in writer.defined:
            writer.body += block.split()
            writer.defined |= {named.gradient.name for named in block.members}
    likes = dict(zip(outside.slots, outside.inputs))
    returned = [s.name if s.name in writer.defined else _zeros(s, likes.get(s)) for s in gradients or ()]
    ending = f"return {result}" if gradients is None else f"return {result}, {tuple_text(returned)}"
    body = _needed([*[f"N = {name}.shape[0]" for name in batched[:1]], *writer.build, *writer.body, ending])
    numbers = {s for s in writer.used if s in outside.numbers}
    takes = outside.arguments({*[named.array for named in outside.arrays], *outside.inputs, *numbers})
    text = _module(title, [*[a.name for a in takes], seed.name], body)
    return Emitted(text, tuple(writer.constants), takes, tuple(map(outside.argument, gradients or ())), writer.rounded)


def _module(title: str, arguments: Sequence[str], body: Sequence[str]) -> str:
    text = "\n".join(body)
    imports = ["import jax\n"] if "jax." in text else []
    imports += [f"{line}\n" for line, used in IMPORTS if re.search(rf"\b{used}\.", text)]
    lines = "".join(f"    {line}\n" for line in body)
    signature = ", ".join([*arguments, "dtype", "constants"])
    return f'"""{legal_title(title)}"""\n\n{"".join(imports)}\n\ndef program({signature}):\n{lines}'


IMPORTS = (
    ("import jax.numpy as jnp", "jnp"),
    ("import numpy as np", "np"),
    ("from jax import lax", "lax"),
)


def _needed(body: Sequence[str]) -> list[str]:
    """Leave out what is computed for nobody."""
    return [*needed(body[:-1], names_in(body[-1])), body[-1]]


def _value(writer: Writer, root: Operand, seed: str) -> str:
    text = writer.text(root)
    return f"jnp.sum({seed} * {text})" if root.batched else f"{seed} * {text}"


def _zeros(gradient: Source, like: Source | None) -> str:
    """Return what stands for a gradient that nothing reaches: of an input, or else of a parameter."""
    if like is None:
        return f"jnp.zeros({tuple_text(gradient.shape)}, dtype)"
    return f"jnp.zeros_like({like.name}, dtype)"


# --- parameters that steps read together -----------------------------------------------------------------------


@dataclass(frozen=True)
class Block:
    """Arrays that lie side by side in the flat vector, and that steps read or write as one.

    Matrices of one width are joined as matrices, row upon row, which XLA does by copying; others as vectors.
    """

    whole: Named
    members: Sequence[Named]

    def joined(self) -> str:
        """Return the line that makes one array of the members."""
        flat = ".reshape(-1)" if len(self.whole.array.shape) == 1 else ""
        members = ", ".join([f"{named.array.name}{flat}" for named in self.members])
        return f"{self.whole.array.name} = jnp.concatenate([{members}])"

    def split(self) -> list[str]:
        """Return the lines that take the members' gradients out of the block's."""
        lines, width = [], math.prod(self.whole.array.shape[1:])
        for named in self.members:
            p = named.part
            start = (p.offset - self.whole.part.offset) // width
            part = f"{self.whole.gradient.name}[{start}:{start + p.size // width}]"
            lines.append(f"{named.gradient.name} = {part}" + (f".reshape({tuple_text(p.shape)})" if width == 1 else ""))
        return lines


def _blocks(arrays: Sequence[Named], steps: Sequence[Step], taken: set[str]) -> list[Block]:
    """Join the arrays that one operand reaches over, as that of queries, keys and values which are one product."""
    spans = [x.span() for step in steps for x in _flat_operands(step)]
    blocks: list[Block] = []
    members: list[Named] = []
    end = 0
    for named in sorted(arrays, key=lambda named: named.part.offset):
        p = named.part
        if members and p.offset >= end:
            blocks.append(_block(members, taken))
            members = []
        members.append(named)
        end = max([end, p.offset + p.size])
        end = max([end, *[high + 1 for low, high in spans if low < end]])
    return [*blocks, _block(members, taken)] if members else blocks


def _flat_operands(step: Step) -> list[View | Gather]:
    """Return what a step reads and writes of the flat parameters and their gradient.

    A fill of the whole is done piece by piece, and of a scatter's target its places count.
    """
    if step.op == "fill" and step.target.source.kind == "gradient":
        return []
    return [
        x
        for x in ((step.target,) if step.op != "scatter" else ()) + step.operands
        if not isinstance(x, Literal) and is_flat(x.source)
    ]


def _block(members: Sequence[Named], taken: set[str]) -> Block:
    if len(members) == 1:
        return Block(members[0], members)
    name = variable("_".join(n.array.name for n in members) if len(members) < 5 else "block", taken)
    parts = [named.part for named in members]
    size, widths = sum(p.size for p in parts), {p.shape[1:] for p in parts}
    width = widths.pop() if len(widths) == 1 and all(p.shape for p in parts) else ()
    shape = (size // math.prod(width), *width)
    gradient = Source(variable(f"d{name}", taken), shape, "parameter")
    return Block(
        Named(Parameter(name, shape, parts[0].offset, name), Source(name, shape, "parameter"), gradient), members
    )

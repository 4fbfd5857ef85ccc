"""The module that a lifted program is for JAX: imports, and one pure function.

The function takes the named parameters, the inputs, and `seed`, the cotangent of each sample's value (1 / N of a mean);
the value is the sum of the samples' values times their seeds.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

from engine.lift.emit import Writer, is_flat, write_steps
from engine.lift.ir import Gather, Layout, Literal, Operand, Source, Step, View
from engine.lift.jax_text import JAX
from engine.lift.module import Emitted, last_readings
from engine.lift.names import Parameter, variable
from engine.lift.text import tuple_text


def emit_for_jax(
    title: str,
    layout: Layout,
    forward: Sequence[Step],
    backward: Sequence[Step],
    parameters: Sequence[Parameter],
    outside: dict[Source, str],
    gradients: Sequence[str],
) -> Emitted:
    """Write the module.

    Parameters
    ----------
    title, layout, forward, backward, parameters, outside
        As for NumPy's `emit`; without adjoints, JAX is to differentiate.
    gradients
        What is returned beside the value, by variable name, in order.
    """
    arguments = [p.variable for p in parameters]
    arguments += [name for source, name in outside.items() if source.kind in ("input", "index")]
    batched = [name for source, name in outside.items() if source.batched and source.kind in ("input", "index")]
    seed = next(name for source, name in outside.items() if source.name == "seed")
    root = layout.roots[0]
    taken = {"N", "dtype", "constants", "np", "jnp", "jax", "lax", *outside.values(), *arguments, *gradients}
    blocks = _blocks(parameters, [*forward, *backward], taken)
    writer = Writer(
        JAX, [block.whole for block in blocks], dict(outside), last_readings(layout, forward, backward), written=taken
    )
    result = variable("value", taken)
    joined = [block for block in blocks if len(block.members) > 1]
    writer.body += [block.joined() for block in joined]
    if not root.batched and batched:  # the same for every sample
        writer.body.append(f"{seed} = jnp.sum({seed})")
    write_steps(writer, forward, 0)
    writer.body.append(f"{result} = {_value(writer, root, seed)}")
    write_steps(writer, backward, len(forward))
    for block in joined:
        if f"d{block.whole.variable}" in writer.defined:
            writer.body += block.split()
            writer.defined |= {f"d{p.variable}" for p in block.members}
    shapes = {f"d{p.variable}": p.shape for p in parameters}
    returned = [name if name in writer.defined else _zeros(name, shapes) for name in gradients]
    ending = f"return {result}, {tuple_text(returned)}" if gradients else f"return {result}"
    body = _needed([*[f"N = {name}.shape[0]" for name in batched[:1]], *writer.build, *writer.body, ending])
    return Emitted(_module(title, arguments, body), tuple(writer.constants), tuple(arguments), tuple(gradients))


def _module(title: str, arguments: Sequence[str], body: Sequence[str]) -> str:
    text = "\n".join(body)
    imports = ["import jax\n"] if "jax." in text else []
    imports += [f"{line}\n" for line, used in IMPORTS if re.search(rf"\b{used}\.", text)]
    lines = "".join(f"    {line}\n" for line in body)
    signature = ", ".join([*arguments, "dtype", "constants"])
    return f'"""{title}"""\n\n{"".join(imports)}\n\ndef program({signature}):\n{lines}'


IMPORTS = (
    ("import jax.numpy as jnp", "jnp"),
    ("import numpy as np", "np"),
    ("from jax import lax", "lax"),
)


def _needed(body: Sequence[str]) -> list[str]:
    """Leave out what is computed for nobody."""
    kept: list[str] = [body[-1]]
    text = body[-1]
    for line in reversed(body[:-1]):
        name, value = line.split(" = ", 1)
        if re.search(rf"\b{name}\b", text):
            text += f"\n{value}"
            kept.append(line)
    return kept[::-1]


def _value(writer: Writer, root: Operand, seed: str) -> str:
    text = writer.text(root)
    return f"jnp.sum({seed} * {text})" if root.batched else f"{seed} * {text}"


def _zeros(name: str, shapes: dict[str, tuple[int, ...]]) -> str:
    """Return what stands for a gradient that nothing reaches."""
    if name in shapes:
        return f"jnp.zeros({tuple_text(shapes[name])}, dtype)"
    return f"jnp.zeros_like({name.removeprefix('d')}, dtype)"


# --- parameters that steps read together -----------------------------------------------------------------------


@dataclass(frozen=True)
class Block:
    """Arrays that lie side by side in the flat vector, and that steps read or write as one.

    Matrices of one width are joined as matrices, row upon row, which XLA does by copying; others as vectors.
    """

    whole: Parameter
    members: Sequence[Parameter]

    def joined(self) -> str:
        """Return the line that makes one array of the members."""
        flat = ".reshape(-1)" if len(self.whole.shape) == 1 else ""
        return f"{self.whole.variable} = jnp.concatenate([{', '.join(f'{p.variable}{flat}' for p in self.members)}])"

    def split(self) -> list[str]:
        """Return the lines that take the members' gradients out of the block's."""
        lines, width = [], math.prod(self.whole.shape[1:])
        for p in self.members:
            start = (p.offset - self.whole.offset) // width
            part = f"d{self.whole.variable}[{start}:{start + p.size // width}]"
            lines.append(f"d{p.variable} = {part}" + (f".reshape({tuple_text(p.shape)})" if width == 1 else ""))
        return lines


def _blocks(parameters: Sequence[Parameter], steps: Sequence[Step], taken: set[str]) -> list[Block]:
    """Join the arrays that one operand reaches over, as that of queries, keys and values which are one product."""
    spans = [x.span() for step in steps for x in _flat_operands(step)]
    blocks: list[Block] = []
    members: list[Parameter] = []
    end = 0
    for p in sorted(parameters, key=lambda p: p.offset):
        if members and p.offset >= end:
            blocks.append(_block(members, taken))
            members = []
        members.append(p)
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


def _block(members: Sequence[Parameter], taken: set[str]) -> Block:
    if len(members) == 1:
        return Block(members[0], members)
    name = variable("_".join(p.variable for p in members) if len(members) < 5 else "block", taken)
    size, widths = sum(p.size for p in members), {p.shape[1:] for p in members}
    width = widths.pop() if len(widths) == 1 and all(p.shape for p in members) else ()
    whole = Parameter(name, (size // math.prod(width), *width), members[0].offset, name)
    return Block(whole, members)

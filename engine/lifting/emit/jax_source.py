"""The module that a lifted program is for JAX: imports, and one pure function.

The function takes the named parameters, the inputs, and `seed`, the cotangent of each sample's value (1 / N of a mean);
the value is the sum of the samples' values times their seeds.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from engine.lifting.emit.jax_text import JAX
from engine.lifting.emit.source import Emitted, legal_title, touched
from engine.lifting.emit.views import tuple_text
from engine.lifting.emit.writer import Writer, plain_numbers
from engine.lifting.external import Outside
from engine.lifting.ir import Layout, Operand, Source, Step
from engine.lifting.names import variable
from engine.lifting.passes.allocate import renamed
from engine.lifting.passes.join_parameters import Block, join_parameters
from engine.lifting.passes.products import products
from engine.lifting.passes.split_parameters import in_array, split_parameters

IMPORTS = {
    "jax": "import jax",
    "jnp": "import jax.numpy as jnp",
    "np": "import numpy as np",
    "lax": "from jax import lax",
}


def emit_for_jax(
    title: str,
    layout: Layout,
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
    taken = set(outside.taken)
    blocks = join_parameters(outside.arrays, [*forward, *backward], taken)
    arrays = [block.whole for block in blocks]
    forward, backward = [products(split_parameters(steps, arrays), for_blas=False) for steps in (forward, backward)]
    root, steps = in_array(layout.roots[0], arrays), [*forward, *backward]
    writer = Writer(JAX, renamed(steps, [root]), taken, plain_numbers(steps, layout.sources))
    result = variable("value", taken)
    joined = [block for block in blocks if len(block.members) > 1]
    writer.body += [_joined(writer, block) for block in joined]
    if not root.batched and batched:  # the same for every sample
        writer.body.append(f"{seed.name} = {writer.call('sum', seed.name)}")
    writer.write(forward)
    writer.body.append(f"{result} = {_value(writer, root, seed.name)}")
    writer.write(backward)
    for block in joined:
        if block.whole.gradient in writer.defined:
            writer.body += _split(block)
            writer.defined |= {named.gradient for named in block.members}
    ending = f"return {result}"
    if gradients is not None:
        ending += f", {tuple_text(_gradients(writer, gradients, outside))}"
    size = [f"N = {batched[0]}.shape[0]"] if "N" in writer.uses else []
    numbers = {s for s in touched(steps, [root]) if s in outside.numbers}
    takes = outside.arguments({*[named.array for named in outside.arrays], *outside.inputs, *numbers})
    lines = [*size, *writer.build, *writer.body, ending]
    text = _module(title, writer.uses, [*[a.name for a in takes], seed.name], lines)
    return Emitted(text, tuple(writer.constants), takes, tuple(map(outside.argument, gradients or ())), writer.rounded)


def _module(title: str, uses: set[str], arguments: Sequence[str], body: Sequence[str]) -> str:
    imports = "".join(f"{line}\n" for name, line in IMPORTS.items() if name in uses)
    lines = "".join(f"    {line}\n" for line in body)
    signature = ", ".join([*arguments, "dtype", "constants"])
    return f'"""{legal_title(title)}"""\n\n{imports}\n\ndef program({signature}):\n{lines}'


def _value(writer: Writer, root: Operand, seed: str) -> str:
    weighted = f"{seed} * {writer.text(root)}"
    return writer.call("sum", weighted) if root.batched else weighted


def _gradients(writer: Writer, gradients: Iterable[Source], outside: Outside) -> list[str]:
    """Return the gradients that were computed, and zeros for those that nothing reaches."""
    inputs = dict(zip(outside.slots, outside.inputs))
    texts = []
    for source in gradients:
        if source in writer.defined:
            texts.append(source.name)
        elif source in inputs:
            texts.append(writer.call("zeros_like", inputs[source].name, "dtype"))
        else:
            texts.append(writer.call("zeros", tuple_text(source.shape), "dtype"))
    return texts


def _joined(writer: Writer, block: Block) -> str:
    """Return the line that makes one array of the members."""
    flat = ".reshape(-1)" if len(block.whole.array.shape) == 1 else ""
    members = ", ".join([f"{named.array.name}{flat}" for named in block.members])
    return f"{block.whole.array.name} = {writer.call('concatenate', f'[{members}]')}"


def _split(block: Block) -> list[str]:
    """Return the lines that take the members' gradients out of the block's."""
    lines, width = [], math.prod(block.whole.array.shape[1:])
    for named in block.members:
        p = named.part
        start = (p.offset - block.whole.part.offset) // width
        part = f"{block.whole.gradient.name}[{start}:{start + p.size // width}]"
        lines.append(f"{named.gradient.name} = {part}" + (f".reshape({tuple_text(p.shape)})" if width == 1 else ""))
    return lines

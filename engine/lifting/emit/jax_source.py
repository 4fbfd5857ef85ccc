"""The module that a lifted program is for JAX: imports, and one pure function.

The function takes the named parameters, the inputs, and `seed`, the cotangent of each sample's value (1 / N of a mean);
the value is the sum of the samples' values times their seeds.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from engine.lifting.emit.jax_text import JAX
from engine.lifting.emit.source import Emitted, touched
from engine.lifting.emit.views import tuple_text
from engine.lifting.emit.writer import Writer, plain_numbers, printable
from engine.lifting.external import External
from engine.lifting.ir import Steps
from engine.lifting.names import variable
from engine.lifting.passes.join_parameters import Block
from engine.lifting.views import Operand, Source

IMPORTS = {
    "jax": "import jax",
    "jnp": "import jax.numpy as jnp",
    "np": "import numpy as np",
    "lax": "from jax import lax",
}


def emit_for_jax(
    title: str,
    steps: Steps,
    variables: dict[Source, Source],
    blocks: Sequence[Block],
    external: External,
    seed: Source,
    gradients: Sequence[Source] | None,
) -> Emitted:
    """Write the module.

    Parameters
    ----------
    title, steps, external
        As for NumPy's `emit`; without adjoints, JAX is to differentiate.
    variables
        Which result's variable each result is.
    blocks
        The named arrays, joined where steps read them as one.
    seed
        The cotangent of each sample's value, an argument after the inputs.
    gradients
        What is returned beside the value, in order; None where the value alone is.
    """
    taken = external.taken | {name for block in blocks for name in (block.whole.array.name, block.whole.gradient.name)}
    writer = Writer(JAX, variables, taken, plain_numbers(steps))
    result = variable("value", taken)
    joined = [block for block in blocks if len(block.members) > 1]
    batched = [source.name for source in (*external.inputs, seed) if source.batched]
    writer.body += [_joined(writer, block) for block in joined]
    if not steps.roots[0].batched and batched:  # the same for every sample
        writer.body.append(f"{seed.name} = {writer.call('sum', seed.name)}")
    writer.write(steps.forward)
    writer.body.append(f"{result} = {_value(writer, steps.roots[0], seed.name)}")
    writer.write(steps.backward)
    for block in joined:
        writer.body += _split(writer, block)
    returned = "" if gradients is None else f", {tuple_text(_gradients(writer, gradients, external))}"
    size = [f"N = {batched[0]}.shape[0]"] if "N" in writer.uses else []
    numbers = {s for s in touched([*steps.forward, *steps.backward], steps.roots) if s in external.numbers}
    takes = external.arguments({*[named.array for named in external.arrays], *external.inputs, *numbers})
    lines = [*size, *writer.build, *writer.body, f"return {result}{returned}"]
    text = _module(title, writer.uses, [*[a.name for a in takes], seed.name], lines)
    return Emitted(text, tuple(writer.constants), takes, tuple(map(external.argument, gradients or ())), writer.rounded)


def _module(title: str, uses: set[str], arguments: Sequence[str], body: Sequence[object]) -> str:
    imports = "".join(f"{line}\n" for name, line in IMPORTS.items() if name in uses)
    lines = "".join(f"    {line}\n" for line in body)
    signature = ", ".join([*arguments, "dtype", "constants"])
    return f'"""{printable(title)}"""\n\n{imports}\n\ndef program({signature}):\n{lines}'


def _value(writer: Writer, root: Operand, seed: str) -> str:
    weighted = f"{seed} * {writer.text(root)}"
    return writer.call("sum", weighted) if root.batched else weighted


def _gradients(writer: Writer, gradients: Iterable[Source], external: External) -> list[str]:
    """Return the gradients that were computed, and zeros for those that nothing reaches."""
    inputs = dict(zip(external.slots, external.inputs))
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


def _split(writer: Writer, block: Block) -> list[str]:
    """Return the lines that take the members' gradients out of the block's, if it has one."""
    if block.whole.gradient not in writer.defined:
        return []
    lines, width = [], math.prod(block.whole.array.shape[1:])
    for named in block.members:
        p = named.part
        start = (p.offset - block.whole.part.offset) // width
        part = f"{block.whole.gradient.name}[{start}:{start + p.size // width}]"
        lines.append(f"{named.gradient.name} = {part}" + (f".reshape({tuple_text(p.shape)})" if width == 1 else ""))
        writer.defined.add(named.gradient)
    return lines

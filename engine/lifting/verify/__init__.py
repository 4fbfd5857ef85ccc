"""Every compilation is proven equal to its scalar trace before its first answer is believed.

primes, field, elements, functions     numbers modulo primes, arrays of them, and what NumPy's functions are there
field_numpy, field_jax                 the modules under emitted text while it is proven
walk, reference                        the scalar trace, over floats or over a field, and the outcome it gives
proof, jax_proof, floats               the comparisons: exact, for JAX, and in floats with the function's own run
scalars                                what answers for a text that is wrong
verify                                 what is compared, and what is said
"""

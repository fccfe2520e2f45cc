"""Chunks of samples: a sum over many samples is taken chunk by chunk, so that threads can share it.

How samples are cut depends on their number alone, and chunks are added in their order: so a sum has the same bits
whoever computes it.
"""

from fnn.kernel.jit import inlined, policy
from fnn.kernel.losses import ABSOLUTES, LARGEST, SQUARES
from fnn.kernel.simd import load, select, store

# A chunk is of so many samples at least, and there are so many of them at most.
LEAST, MOST = 64, 16


def size_of_chunks(count: int) -> int:
    """Return of how many samples each chunk of `count` is, but for the last one."""
    chunks = min(max(count // LEAST, 1), MOST)
    return (count + chunks - 1) // chunks


chunk_size = inlined(size_of_chunks)


@inlined
def batch_of(batch, size, count, held_out):
    """Return the first of a batch's samples and the one after the last; batch 0 are all, −1 all that are held out."""
    first = (batch - 1) * size
    if batch == 0:
        bounds = (0, count)
    elif batch < 0:
        bounds = (count, count + held_out)
    else:
        bounds = (first, min(first + size, count))
    return bounds


@policy
def add_into(total, other, first, end):
    """Add the rows from `first` to before `end` of one lane array to another."""
    for i in range(first, end):
        store(total, i, load(total, i) + load(other, i))


@policy
def add_errors_into(errors, other):
    """Add one chunk's measures of errors, as `errors_into` has them, to those of the chunks before."""
    largest, here = load(other, LARGEST), load(errors, LARGEST)
    store(errors, LARGEST, select(largest > here, largest, here))
    for i in (SQUARES, ABSOLUTES):
        store(errors, i, load(errors, i) + load(other, i))

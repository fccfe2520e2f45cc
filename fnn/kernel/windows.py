"""Layers that look at an image through a window, in lane values: the same as `fnn/network/windows.py`.

A convolution is a dense layer on what is seen from every place of its window, so its products are those of a dense one
with other addresses: of the inputs, the offset of the place and of what is seen from there. Such offsets are lists in
`Layout.offsets`; a layer's row of the table says where each starts. Sums run over what is seen in its order, from the
bias on; those of gradients over samples, and in each over places in their order.

Where zeros are put around images, one is copied, when it is its turn, to where there are zeros around it.
"""

from fnn.kernel.arguments import (
    CHANNELS,
    FAN_IN,
    FAN_OUT,
    HEIGHT,
    MULTIPLES,
    ONES,
    OUT_CHANNELS,
    PAD_DOWN,
    PAD_RIGHT,
    PADDED,
    PLACES,
    SEEN,
    SIZE,
    WEIGHTS,
    WIDTH,
    ZEROS,
)
from fnn.kernel.arrays import matrix
from fnn.kernel.jit import policy
from fnn.kernel.products import load4, store4_into
from fnn.kernel.simd import fma, load, select, spread, store
from fnn.kernel.tiles import window_1x1, window_1x4, window_4x1, window_4x2, window_4x4


@policy
def offset_product_into(c, a, b, start, offsets, sizes):
    """Write c[r, j] = start[r, j] + Σₖ a[r, k]·b[k, j], summed in the order of k. sizes: of r, j and k.

    b is a `matrix`; so are the others, but for steps: where in `offsets` those of their rows are listed, and those of
    a's columns. Tiles of 4×4, 4×2, 4×1, 1×4 and 1×1, as in `products`.
    """
    (rows, columns, depth), r = sizes, 0
    while r + 4 <= rows:
        j = 0
        while j + 4 <= columns:
            window_4x4(c, a, b, start, offsets, (r, j, columns - j, r < 0), depth)
            j += 4
        if j + 2 <= columns:
            window_4x2(c, a, b, start, offsets, (r, j, columns - j, r < 0), depth)
            j += 2
        if j < columns:
            window_4x1(c, a, b, start, offsets, (r, j, columns - j, r < 0), depth)
        r += 4
    while r < rows:
        j = 0
        while j + 4 <= columns:
            window_1x4(c, a, b, start, offsets, (r, j, columns - j, r < 0), depth)
            j += 4
        while j < columns:
            window_1x1(c, a, b, start, offsets, (r, j, columns - j, r < 0), depth)
            j += 1
        r += 1


@policy
def padded_line(row):
    """Return the numbers of a line of pixels with the zeros around it."""
    return (row[WIDTH] + 2 * row[PAD_RIGHT]) * row[CHANNELS]


@policy
def copy_image_into(to, t0, to_line, of, o0, of_line, row):
    """Copy an image, line by line of so many numbers, to another place, where lines may be longer."""
    for y in range(row[HEIGHT]):
        for i in range(row[WIDTH] * row[CHANNELS]):
            store(to, t0 + y * to_line + i, load(of, o0 + y * of_line + i))


@policy
def inner(row):
    """Return from where on an image lies among the zeros around it."""
    return row[PAD_DOWN] * padded_line(row) + row[PAD_RIGHT] * row[CHANNELS]


@policy
def image_of(values, row, h_matrix, r):
    """Return where what the window moves over starts, for sample r: with the zeros around it if there are any."""
    h, h0, hr, _ = h_matrix
    source, first = h, h0 + r * hr
    if row[PADDED] >= 0:
        line = row[WIDTH] * row[CHANNELS]
        copy_image_into(values, row[PADDED] + inner(row), padded_line(row), h, first, line, row)
        source, first = values, row[PADDED]
    return source, first


@policy
def conv_into(z_matrix, h_matrix, values, weights, row, offsets, count):
    """Write the logits of `count` samples. row: the layer's, of `Layout.table`; values: `Scratch.values`."""
    z, z0, zr, _ = z_matrix
    width, size, w = row[OUT_CHANNELS], row[SIZE], row[WEIGHTS]
    b, bias = matrix(weights, w, width, 1), matrix(weights, w + size * width, row[ZEROS], 1)
    for r in range(count):
        image, first = image_of(values, row, h_matrix, r)
        a, c = matrix(image, first, row[PLACES], row[SEEN]), matrix(z, z0 + r * zr, row[MULTIPLES], 1)
        offset_product_into(c, a, b, bias, offsets, (row[FAN_OUT] // width, width, size))


@policy
def bias_gradient_into(gradient, g, error, e0, places, width):
    """Add the errors of all places to the bias's gradient, from row g on."""
    o = 0
    while o + 4 <= width:
        t_0, t_1, t_2, t_3 = load4(gradient, g + o, 1)
        for p in range(places):
            e = e0 + p * width + o
            t_0, t_1 = t_0 + load(error, e), t_1 + load(error, e + 1)
            t_2, t_3 = t_2 + load(error, e + 2), t_3 + load(error, e + 3)
        store4_into(gradient, g + o, 1, (t_0, t_1, t_2, t_3))
        o += 4
    while o < width:
        t_0 = load(gradient, g + o)
        for p in range(places):
            t_0 = t_0 + load(error, e0 + p * width + o)
        store(gradient, g + o, t_0)
        o += 1


@policy
def conv_gradient_into(gradient, row, error_matrix, h_matrix, values, offsets, count, add):
    """Write the gradient by the weights, or add it to that of earlier samples."""
    error, e0, er, _ = error_matrix
    width, size, w = row[OUT_CHANNELS], row[SIZE], row[WEIGHTS]
    places, c = row[FAN_OUT] // width, matrix(gradient, w, row[MULTIPLES], 1)
    for i in range(0 if add else (size + 1) * width):
        store(gradient, w + i, spread(gradient, 0.0))
    for r in range(count):
        image, first = image_of(values, row, h_matrix, r)
        a, b = matrix(image, first, row[SEEN], row[PLACES]), matrix(error, e0 + r * er, width, 1)
        offset_product_into(c, a, b, c, offsets, (size, width, places))
        bias_gradient_into(gradient, w + size * width, error, e0 + r * er, places, width)


@policy
def zeros_into(a, first, count):
    """Write zeros to rows of a."""
    for i in range(first, first + count):
        store(a, i, spread(a, 0.0))


@policy
def conv_input_gradient_into(before_matrix, error_matrix, values, weights, row, offsets, count):
    """Write the gradient by the inputs, pixel by pixel of the window; those seen from several places get a sum."""
    (before, b0, br, _), (error, e0, er, _) = before_matrix, error_matrix
    width, channels, line = row[OUT_CHANNELS], row[CHANNELS], padded_line(row)
    numbers = (row[HEIGHT] + 2 * row[PAD_DOWN]) * line
    for r in range(count):
        into, first = before, b0 + r * br
        if row[PADDED] >= 0:
            into, first = values, row[PADDED] + numbers
        zeros_into(into, first, numbers)
        a = matrix(error, e0 + r * er, row[MULTIPLES], row[ONES])
        for k in range(0, row[SIZE], channels):
            b = matrix(weights, row[WEIGHTS] + k * width, 1, width)
            c = matrix(into, first + offsets[row[SEEN] + k], row[PLACES], 1)
            offset_product_into(c, a, b, c, offsets, (row[FAN_OUT] // width, channels, width))
        if row[PADDED] >= 0:
            copy_image_into(before, b0 + r * br, row[WIDTH] * channels, values, first + inner(row), line, row)


@policy
def max_pool_into(z_matrix, h_matrix, row, offsets, count):
    """Write the largest number of each channel that is seen from each place."""
    (z, z0, zr, _), (h, h0, hr, _), channels = z_matrix, h_matrix, row[CHANNELS]
    for r in range(count):
        for p in range(row[FAN_OUT] // channels):
            first, into = h0 + r * hr + offsets[row[PLACES] + p], z0 + r * zr + p * channels
            for c in range(channels):
                largest = load(h, first + c)
                for k in range(channels, row[SIZE], channels):
                    v = load(h, first + offsets[row[SEEN] + k] + c)
                    largest = select(v > largest, v, largest)
                store(z, into + c, largest)


@policy
def max_pool_input_gradient_into(before_matrix, error_matrix, outputs, h_matrix, row, offsets, count):
    """Write the gradient by the inputs: it goes to the first of the largest. outputs: of the layer, a `matrix`."""
    (before, b0, br, _), (error, e0, er, _) = before_matrix, error_matrix
    (a, a0, ar, _), (h, h0, hr, _), channels = outputs, h_matrix, row[CHANNELS]
    none, one = spread(before, 0.0), spread(before, 1.0)
    for r in range(count):
        zeros_into(before, b0 + r * br, row[FAN_IN])
        for p in range(row[FAN_OUT] // channels):
            place = offsets[row[PLACES] + p]
            for c in range(channels):
                i, free = p * channels + c, one
                largest, e = load(a, a0 + r * ar + i), load(error, e0 + r * er + i)
                for k in range(0, row[SIZE], channels):
                    at = place + offsets[row[SEEN] + k] + c
                    here = select(load(h, h0 + r * hr + at) == largest, free, none)
                    store(before, b0 + r * br + at, fma(e, here, load(before, b0 + r * br + at)))
                    free = free - here


@policy
def mean_pool_into(z_matrix, h_matrix, row, offsets, count):
    """Write the mean of each channel over what is seen from each place."""
    (z, z0, zr, _), (h, h0, hr, _), channels = z_matrix, h_matrix, row[CHANNELS]
    share = spread(z, 1.0) / spread(z, row[SIZE] // channels)
    for r in range(count):
        for p in range(row[FAN_OUT] // channels):
            first, into = h0 + r * hr + offsets[row[PLACES] + p], z0 + r * zr + p * channels
            for c in range(channels):
                total = load(h, first + c)
                for k in range(channels, row[SIZE], channels):
                    total = total + load(h, first + offsets[row[SEEN] + k] + c)
                store(z, into + c, total * share)


@policy
def mean_pool_input_gradient_into(before_matrix, error_matrix, row, offsets, count):
    """Write the gradient by the inputs: to each an even share."""
    (before, b0, br, _), (error, e0, er, _), channels = before_matrix, error_matrix, row[CHANNELS]
    share = spread(before, 1.0) / spread(before, row[SIZE] // channels)
    for r in range(count):
        zeros_into(before, b0 + r * br, row[FAN_IN])
        for p in range(row[FAN_OUT] // channels):
            first = b0 + r * br + offsets[row[PLACES] + p]
            for c in range(channels):
                e = load(error, e0 + r * er + p * channels + c) * share
                for k in range(0, row[SIZE], channels):
                    at = first + offsets[row[SEEN] + k] + c
                    store(before, at, load(before, at) + e)

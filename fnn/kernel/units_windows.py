"""Layers that look at an image through a window, with units in the lanes: what `windows` computes, to the last bit.

Channels are the units: L channels of the outputs at one place are a lane value, and the numbers that are seen are
spread. All arrays are plain. What lies behind a row's last channel is another's, and is left as it is where it counts.
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
    PADDED,
    PLACES,
    SEEN,
    SIZE,
    TRANSPOSED,
    WEIGHTS,
    WIDTH,
    ZEROS,
)
from fnn.kernel.arrays import matrix
from fnn.kernel.jit import policy
from fnn.kernel.plain import load_from, store_first, store_row
from fnn.kernel.simd import fma, select
from fnn.kernel.tiles import (
    window_1x1,
    window_1x2,
    window_4x1,
    window_4x2,
    window_8x1,
    window_8x2,
)
from fnn.kernel.units_products import product_into
from fnn.kernel.windows import inner, padded_line


@policy
def units_offset_product_into(c, a, b, start, offsets, sizes):
    """Write what `windows.offset_product_into` does, with L columns j in the lanes."""
    (rows, columns, depth), L, j = sizes, 64 // c[0].itemsize, 0
    while j < columns:
        r, left = 0, columns - j
        if left > L:
            while r + 8 <= rows:
                window_8x2(c, a, b, start, offsets, (r, j, left), depth)
                r += 8
            while r + 4 <= rows:
                window_4x2(c, a, b, start, offsets, (r, j, left), depth)
                r += 4
            while r < rows:
                window_1x2(c, a, b, start, offsets, (r, j, left), depth)
                r += 1
            j += 2 * L
        else:
            while r + 8 <= rows:
                window_8x1(c, a, b, start, offsets, (r, j, left), depth)
                r += 8
            while r + 4 <= rows:
                window_4x1(c, a, b, start, offsets, (r, j, left), depth)
                r += 4
            while r < rows:
                window_1x1(c, a, b, start, offsets, (r, j, left), depth)
                r += 1
            j += L


@policy
def units_copy_image_into(to, t0, to_line, of, o0, of_line, row):
    """Copy an image, line by line of so many numbers, to another place, where lines may be longer."""
    for y in range(row[HEIGHT]):
        for i in range(row[WIDTH] * row[CHANNELS]):
            to[t0 + y * to_line + i] = of[o0 + y * of_line + i]


@policy
def units_image_of(values, row, h, first):
    """Return where what the window moves over starts, for the sample from `first` on: among zeros if there are any."""
    if row[PADDED] >= 0:
        line = row[WIDTH] * row[CHANNELS]
        units_copy_image_into(values, row[PADDED] + inner(row), padded_line(row), h, first, line, row)
        image = values, row[PADDED]
    else:
        image = h, first
    return image


@policy
def units_conv_into(z, z0, h, h0, values, weights, row, offsets, count):
    """Write the logits of `count` samples. row: the layer's, of `Layout.table`."""
    width, size, w = row[OUT_CHANNELS], row[SIZE], row[WEIGHTS]
    b, bias = matrix(weights, w, width, 1), matrix(weights, w + size * width, row[ZEROS], 1)
    for r in range(count):
        image, first = units_image_of(values, row, h, h0 + r * row[FAN_IN])
        a, c = matrix(image, first, row[PLACES], row[SEEN]), matrix(z, z0 + r * row[FAN_OUT], row[MULTIPLES], 1)
        units_offset_product_into(c, a, b, bias, offsets, (row[FAN_OUT] // width, width, size))


@policy
def units_conv_gradient_into(gradient, row, error, e0, h, h0, values, transposed, offsets, count, add):
    """Write the gradient by the weights, or add it to that of earlier samples. transposed: begins with a 1."""
    width, size, w = row[OUT_CHANNELS], row[SIZE], row[WEIGHTS]
    places, c = row[FAN_OUT] // width, matrix(gradient, w, row[MULTIPLES], 1)
    for i in range(0 if add else size * width):
        gradient[w + i] = 0
    for r in range(count):
        image, first = units_image_of(values, row, h, h0 + r * row[FAN_IN])
        a, b = matrix(image, first, row[SEEN], row[PLACES]), matrix(error, e0 + r * row[FAN_OUT], width, 1)
        units_offset_product_into(c, a, b, c, offsets, (size, width, places))
    # The bias's input is 1 at every place.
    a, b, c = matrix(transposed, 0, 0, 0), matrix(error, e0, width, 1), matrix(gradient, w + size * width, width, 1)
    product_into(c, a, b, 1 + 0 * w, width, count * places, (add, w < 0))


@policy
def units_zeros_into(a, first, count):
    """Write zeros to numbers of a."""
    for i in range(first, first + count):
        a[i] = 0


@policy
def units_conv_transposed_into(transposed, row, weights):
    """Write, for each pixel of the window, its weights transposed: a row of the channels that are seen for each made."""
    width, channels = row[OUT_CHANNELS], row[CHANNELS]
    for k in range(0, row[SIZE], channels):
        w, t = row[WEIGHTS] + k * width, row[TRANSPOSED] + k * width
        for o in range(width):
            for c in range(channels):
                transposed[t + o * channels + c] = weights[w + c * width + o]


@policy
def units_conv_input_gradient_into(before, b0, error, e0, values, transposed, row, offsets, count):
    """Write the gradient by the inputs, pixel by pixel of the window; those seen from several places get a sum."""
    width, channels, line = row[OUT_CHANNELS], row[CHANNELS], padded_line(row)
    numbers = (row[HEIGHT] + 2 * row[PAD_DOWN]) * line
    for r in range(count):
        into, first = before, b0 + r * row[FAN_IN]
        if row[PADDED] >= 0:
            into, first = values, row[PADDED] + numbers
        units_zeros_into(into, first, numbers)
        a = matrix(error, e0 + r * row[FAN_OUT], row[MULTIPLES], row[ONES])
        for k in range(0, row[SIZE], channels):
            b = matrix(transposed, row[TRANSPOSED] + k * width, channels, 1)
            c = matrix(into, first + offsets[row[SEEN] + k], row[PLACES], 1)
            units_offset_product_into(c, a, b, c, offsets, (row[FAN_OUT] // width, channels, width))
        if row[PADDED] >= 0:
            units_copy_image_into(
                before, b0 + r * row[FAN_IN], row[WIDTH] * channels, values, first + inner(row), line, row
            )


@policy
def units_max_pool_into(z, z0, h, h0, row, offsets, count):
    """Write the largest number of each channel that is seen from each place."""
    L, channels = 64 // z.itemsize, row[CHANNELS]
    for r in range(count):
        for p in range(row[FAN_OUT] // channels):
            first = h0 + r * row[FAN_IN] + offsets[row[PLACES] + p]
            into = z0 + r * row[FAN_OUT] + p * channels
            for c in range(0, channels, L):
                largest = load_from(h, first + c)
                for k in range(channels, row[SIZE], channels):
                    v = load_from(h, first + offsets[row[SEEN] + k] + c)
                    largest = select(v > largest, v, largest)
                store_first(z, into + c, largest, channels - c)


@policy
def units_max_pool_input_gradient_into(before, b0, error, e0, outputs, a0, h, h0, row, offsets, count, one):
    """Write the gradient by the inputs: it goes to the first of the largest. outputs: of the layer; one: in all lanes."""
    L, channels, none = 64 // before.itemsize, row[CHANNELS], one - one
    units_zeros_into(before, b0, count * row[FAN_IN])
    for r in range(count):
        for p in range(row[FAN_OUT] // channels):
            place, o = offsets[row[PLACES] + p], r * row[FAN_OUT] + p * channels
            for c in range(0, channels, L):
                largest, e, free = load_from(outputs, a0 + o + c), load_from(error, e0 + o + c), one
                for k in range(0, row[SIZE], channels):
                    at = r * row[FAN_IN] + place + offsets[row[SEEN] + k] + c
                    here = select(load_from(h, h0 + at) == largest, free, none)
                    store_first(before, b0 + at, fma(e, here, load_from(before, b0 + at)), channels - c)
                    free = free - here


@policy
def units_mean_pool_into(z, z0, h, h0, row, offsets, count, share):
    """Write the mean of each channel over what is seen from each place. share: one part of it, which all lanes have."""
    L, channels = 64 // z.itemsize, row[CHANNELS]
    for r in range(count):
        for p in range(row[FAN_OUT] // channels):
            first = h0 + r * row[FAN_IN] + offsets[row[PLACES] + p]
            for c in range(0, channels, L):
                total = load_from(h, first + c)
                for k in range(channels, row[SIZE], channels):
                    total = total + load_from(h, first + offsets[row[SEEN] + k] + c)
                store_first(z, z0 + r * row[FAN_OUT] + p * channels + c, total * share, channels - c)


@policy
def units_mean_pool_input_gradient_into(before, b0, error, e0, row, offsets, count, share):
    """Write the gradient by the inputs: to each an even share, which all lanes have."""
    L, channels = 64 // before.itemsize, row[CHANNELS]
    units_zeros_into(before, b0, count * row[FAN_IN])
    for r in range(count):
        for p in range(row[FAN_OUT] // channels):
            first = b0 + r * row[FAN_IN] + offsets[row[PLACES] + p]
            for c in range(0, channels, L):
                e = load_from(error, e0 + r * row[FAN_OUT] + p * channels + c) * share
                for k in range(0, row[SIZE], channels):
                    at = first + offsets[row[SEEN] + k] + c
                    store_first(before, at, load_from(before, at) + e, channels - c)

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
    PAD_RIGHT,
    PADDED,
    PLACES,
    ROOM,
    SEEN,
    SIZE,
    TRANSPOSED,
    WEIGHTS,
    WIDE_PLACES,
    WIDE_SEEN,
    WIDTH,
    ZEROS,
)
from fnn.kernel.arrays import matrix
from fnn.kernel.jit import policy
from fnn.kernel.plain import has_wide_registers, load_from, load_like, number, row_of, store_row
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
def units_offset_product_into(c, a, b, start, offsets, sizes, keeps):
    """Write what `windows.offset_product_into` does, with L columns j in the lanes.

    keeps: whether what lies behind the last column of a row of c is to stay as it is.
    """
    (rows, columns, depth), L, j, wide = sizes, 64 // c[0].itemsize, 0, has_wide_registers(c[0])
    while j < columns:
        r, left = 0, columns - j
        if wide and left > L:
            while r + 8 <= rows:
                window_8x2(c, a, b, start, offsets, (r, j, left, keeps), depth)
                r += 8
            while r + 4 <= rows:
                window_4x2(c, a, b, start, offsets, (r, j, left, keeps), depth)
                r += 4
            while r < rows:
                window_1x2(c, a, b, start, offsets, (r, j, left, keeps), depth)
                r += 1
            j += 2 * L
        else:
            while r + 8 <= rows:
                window_8x1(c, a, b, start, offsets, (r, j, left, keeps), depth)
                r += 8
            while r + 4 <= rows:
                window_4x1(c, a, b, start, offsets, (r, j, left, keeps), depth)
                r += 4
            while r < rows:
                window_1x1(c, a, b, start, offsets, (r, j, left, keeps), depth)
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
        units_offset_product_into(
            c, a, b, bias, offsets, (row[FAN_OUT] // width, width, size), width > 64 // z.itemsize
        )


@policy
def units_conv_gradient_into(gradient, row, error, h, starts, values, transposed, offsets, count, add):
    """Write the gradient by the weights, or add it to that of earlier samples.

    starts: in error, of the gradients by the outputs; in h, of the inputs. transposed: begins with a 1.
    """
    width, size, w, (e0, h0) = row[OUT_CHANNELS], row[SIZE], row[WEIGHTS], starts
    places, c = row[FAN_OUT] // width, matrix(gradient, w, row[MULTIPLES], 1)
    for i in range(0 if add else size * width):
        gradient[w + i] = 0
    for r in range(count):
        image, first = units_image_of(values, row, h, h0 + r * row[FAN_IN])
        a, b = matrix(image, first, row[SEEN], row[PLACES]), matrix(error, e0 + r * row[FAN_OUT], width, 1)
        units_offset_product_into(c, a, b, c, offsets, (size, width, places), w >= 0)
    # The bias's input is 1 at every place.
    a, b, c = matrix(transposed, 0, 0, 0), matrix(error, e0, width, 1), matrix(gradient, w + size * width, width, 1)
    product_into(c, a, b, 1 + 0 * w, width, count * places, (add, w < 0))


@policy
def units_conv_transposed_into(transposed, row, weights):
    """Write the weights of each pixel of the window transposed: for each channel made, a row of those seen."""
    width, channels = row[OUT_CHANNELS], row[CHANNELS]
    for k in range(0, row[SIZE], channels):
        w, t = row[WEIGHTS] + k * width, row[TRANSPOSED] + k * width
        for o in range(width):
            for c in range(channels):
                transposed[t + o * channels + c] = weights[w + c * width + o]


@policy
def wide_step(row, L):
    """Return how far pixels are apart where each is in full halves of lanes."""
    return row_of(row[CHANNELS], L // 2)


@policy
def units_room_into(values, row, zero):
    """Write zeros to the room for a gradient by an image."""
    L, room = 64 // values.itemsize, row[ROOM]
    pixels = (row[HEIGHT] + 2 * row[PAD_DOWN]) * (row[WIDTH] + 2 * row[PAD_RIGHT])
    for i in range(room, room + pixels * wide_step(row, L), L):
        store_row(values, i, zero)


@policy
def units_room_out_into(delta, there, values, row):
    """Write the gradient by an image from where its pixels are in full lanes to where they follow each other."""
    L, channels, line, width = 64 // delta.itemsize, row[CHANNELS], row[WIDTH] + 2 * row[PAD_RIGHT], row[WIDTH]
    step = wide_step(row, L)
    for y in range(row[HEIGHT]):
        first = row[ROOM] + ((y + row[PAD_DOWN]) * line + row[PAD_RIGHT]) * step
        for x in range(width):
            for c in range(0, channels, L):
                store_row(delta, there + (y * width + x) * channels + c, load_from(values, first + x * step + c))


@policy
def units_conv_input_gradient_into(delta, there, here, values, transposed, row, offsets, count, zero):
    """Write the gradient by the inputs, pixel by pixel of the window; those seen from several places get a sum.

    delta: by the outputs, from `here` on, and by the inputs, from `there` on. zero: in all lanes.
    """
    width, channels, L = row[OUT_CHANNELS], row[CHANNELS], 64 // delta.itemsize
    for r in range(count):
        units_room_into(values, row, zero)
        a = matrix(delta, here + r * row[FAN_OUT], row[MULTIPLES], row[ONES])
        for k in range(row[SIZE] // channels):
            b = matrix(transposed, row[TRANSPOSED] + k * channels * width, channels, 1)
            c = matrix(values, row[ROOM] + number(offsets, row[WIDE_SEEN] + k), row[WIDE_PLACES], 1)
            units_offset_product_into(c, a, b, c, offsets, (row[FAN_OUT] // width, channels, width), channels > L)
        units_room_out_into(delta, there + r * row[FAN_IN], values, row)


@policy
def units_max_pool_into(z, z0, h, h0, row, offsets, count, one):
    """Write the largest number of each channel that is seen from each place. one: in half of the lanes."""
    L, channels, seen, listed = 32 // z.itemsize, row[CHANNELS], row[SEEN], row[PLACES]
    pixels, places = row[SIZE] // channels, row[FAN_OUT] // channels
    for r in range(count):
        for p in range(places):
            first = h0 + r * row[FAN_IN] + number(offsets, listed + p)
            into = z0 + (r * places + p) * channels
            for c in range(0, channels, L):
                largest = load_like(h, first + c, one)
                for k in range(1, pixels):
                    v = load_like(h, first + number(offsets, seen + k * channels) + c, one)
                    largest = select(v > largest, v, largest)
                store_row(z, into + c, largest)


@policy
def units_max_pool_input_gradient_into(delta, values, h, starts, row, offsets, count, one, zero):
    """Write the gradient by the inputs: it goes to the first of the largest. one: in half of the lanes.

    starts: in delta, of the gradients by the inputs and by the outputs; in h, of the inputs; in values, of the outputs.
    """
    (there, here, h0, a0), L, channels, none = starts, 32 // delta.itemsize, row[CHANNELS], one - one
    seen, listed, wide_seen, wide = row[SEEN], row[PLACES], row[WIDE_SEEN], row[WIDE_PLACES]
    pixels, places, room = row[SIZE] // channels, row[FAN_OUT] // channels, row[ROOM]
    for r in range(count):
        units_room_into(values, row, zero)
        for p in range(places):
            first, o = h0 + r * row[FAN_IN] + number(offsets, listed + p), (r * places + p) * channels
            into = room + number(offsets, wide + p)
            for c in range(0, channels, L):
                largest, e, free = load_like(values, a0 + o + c, one), load_like(delta, here + o + c, one), one
                for k in range(pixels):
                    v = load_like(h, first + number(offsets, seen + k * channels) + c, one)
                    share, i = select(v == largest, free, none), into + number(offsets, wide_seen + k) + c
                    store_row(values, i, fma(e, share, load_like(values, i, one)))
                    free = free - share
        units_room_out_into(delta, there + r * row[FAN_IN], values, row)


@policy
def units_mean_pool_into(z, z0, h, h0, row, offsets, count, share):
    """Write the mean of each channel over what is seen from each place. share: 1 over how many, in half the lanes."""
    L, channels, seen, listed = 32 // z.itemsize, row[CHANNELS], row[SEEN], row[PLACES]
    pixels, places = row[SIZE] // channels, row[FAN_OUT] // channels
    for r in range(count):
        for p in range(places):
            first = h0 + r * row[FAN_IN] + number(offsets, listed + p)
            for c in range(0, channels, L):
                total = load_like(h, first + c, share)
                for k in range(1, pixels):
                    total = total + load_like(h, first + number(offsets, seen + k * channels) + c, share)
                store_row(z, z0 + (r * places + p) * channels + c, total * share)


@policy
def units_mean_pool_input_gradient_into(delta, values, there, here, row, offsets, count, share, zero):
    """Write the gradient by the inputs: to each an even share, which half of the lanes have."""
    L, channels, wide_seen, wide = 32 // delta.itemsize, row[CHANNELS], row[WIDE_SEEN], row[WIDE_PLACES]
    pixels, places, room = row[SIZE] // channels, row[FAN_OUT] // channels, row[ROOM]
    for r in range(count):
        units_room_into(values, row, zero)
        for p in range(places):
            into, o = room + number(offsets, wide + p), here + (r * places + p) * channels
            for c in range(0, channels, L):
                e = load_like(delta, o + c, share) * share
                for k in range(pixels):
                    i = into + number(offsets, wide_seen + k) + c
                    store_row(values, i, load_like(values, i, share) + e)
        units_room_out_into(delta, there + r * row[FAN_IN], values, row)

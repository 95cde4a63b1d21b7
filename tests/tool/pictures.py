"""A PNG file as an array, read by the rules of its specification alone."""

import struct
import zlib

import numpy


def chunks(data):
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    at, found = 8, []
    while at < len(data):
        size, kind = struct.unpack(">I4s", data[at : at + 8])
        body = data[at + 8 : at + 8 + size]
        assert struct.unpack(">I", data[at + 8 + size : at + 12 + size])[0] == zlib.crc32(kind + body)
        found.append((kind.decode(), body))
        at += 12 + size
    assert found[0][0] == "IHDR" and found[-1][0] == "IEND"
    return found


def unfilter(rows, bytes_per_pixel):
    """Undo each row's filter (9.2 of the specification)."""
    before = numpy.zeros(rows.shape[1] - 1, numpy.uint8)
    for row in rows:
        kind, line = row[0], row[1:]
        if kind == 1:
            for k in range(bytes_per_pixel):
                line[k::bytes_per_pixel] = numpy.cumsum(line[k::bytes_per_pixel], dtype=numpy.uint8)
        elif kind == 2:
            line += before
        else:
            assert kind == 0, f"filter {kind}"
        before = line
    return rows[:, 1:]


def read_png(path):
    """(height, width, 3) uint8, and the pixels an inch that the file tells."""
    data = path.read_bytes()
    parts = dict(chunks(data))
    width, height, depth, colour = struct.unpack(">IIBB", parts["IHDR"][:10])
    x, y, unit = struct.unpack(">IIB", parts["pHYs"])
    assert x == y and unit == 1 and colour in (2, 3) and (depth == 8 or colour == 3)
    bits = depth * (3 if colour == 2 else 1)
    body = b"".join(b for k, b in chunks(data) if k == "IDAT")
    rows = numpy.frombuffer(bytearray(zlib.decompress(body)), numpy.uint8).reshape(height, -1)
    assert rows.shape[1] == 1 + (width * bits + 7) // 8
    plain = unfilter(rows, max(1, bits // 8))
    if colour == 2:
        return plain.reshape(height, width, 3), x * 0.0254
    if depth < 8:
        shifts = numpy.arange(8 - depth, -1, -depth)
        plain = (plain[:, :, None] >> shifts & ((1 << depth) - 1)).reshape(height, -1)[:, :width]
    table = numpy.frombuffer(parts["PLTE"], numpy.uint8).reshape(-1, 3)
    return table[plain], x * 0.0254

"""Zip archives as programs write them, some damaged or hostile, for tests of the page and of the tool.

    python3 archives.py FOLDER

writes them there, and archives.json: for each what is to come of it, {"file", "records": [names]} or {"file", "refused":
a word or two that the sentence about it has}. Every record is one lead of two samples, 1 and 2.
"""

import io
import json
import pathlib
import shutil
import struct
import subprocess
import sys
import unicodedata
import zipfile
import zlib

UTF8, DESCRIPTOR = 0x800, 8
SAMPLES = struct.pack("<2h", 1, 2)


def record(name, folder=""):
    """Files of a record whose header has its name composed, as it is typed."""
    header = f"{name} 1 500 2\n{name}.dat 16 1000(0)/mV 16 0 1 3 0 I\n"
    return [(f"{folder}{name}.hea", header.encode()), (f"{folder}{name}.dat", SAMPLES)]


class Entry:
    """An entry and how it is written; names are bytes here."""

    def __init__(self, name, content, flags=UTF8, method=8, wide="", descriptor=False, extra=b"", crc=None, says=None, local_name=None):
        self.name, self.content, self.flags, self.method, self.wide = name, content, flags, method, wide
        self.descriptor, self.extra, self.says, self.local_name = descriptor, extra, says, local_name
        self.crc = zlib.crc32(content) if crc is None else crc
        self.made = None if method == 8 else content

    def packed(self):
        if self.made is None:
            deflate = zlib.compressobj(9, zlib.DEFLATED, -15)
            self.made = deflate.compress(self.content) + deflate.flush()
        return self.made

    def local(self):
        packed, size = self.packed(), len(self.content) if self.says is None else self.says
        flags = self.flags | (DESCRIPTOR if self.descriptor else 0)
        crc, sizes, extra, tail = self.crc, (len(packed), size), b"", b""
        if self.descriptor:
            tail = b"PK\x07\x08" + struct.pack("<I" + ("QQ" if self.wide else "II"), crc, *sizes)
            crc, sizes = 0, (0, 0)
        if "local" in self.wide:
            extra = struct.pack("<HHQQ", 1, 16, size, len(packed))
            sizes = (0xFFFFFFFF, 0xFFFFFFFF)
        name = self.local_name or self.name
        head = struct.pack("<4s5H3I2H", b"PK\x03\x04", 20, flags, self.method, 0, 33, crc, *sizes, len(name), len(extra))
        return head + name + extra + packed + tail

    def central(self, offset):
        packed, size = len(self.packed()), len(self.content) if self.says is None else self.says
        flags = self.flags | (DESCRIPTOR if self.descriptor else 0)
        extra, numbers = b"", [packed, size, offset]
        if "central" in self.wide:
            extra = struct.pack("<HHQQQ", 1, 24, size, packed, offset)
            numbers = [0xFFFFFFFF] * 3
        extra += self.extra
        return struct.pack("<4s6H3I5H2I", b"PK\x01\x02", 0x314, 20, flags, self.method, 0, 33, self.crc, *numbers[:2], len(self.name),
                           len(extra), 0, 0, 0, 0, numbers[2]) + self.name + extra


def archive(entries, before=b"", behind=b"", comment=b"", wide_end=False, told=None, disk=0, moved=False):
    """moved: offsets count from the file's beginning, not from the archive's."""
    start, body, offsets = len(before), b"", []
    for e in entries:
        offsets.append(len(body) + (start if moved else 0))
        body += e.local()
    directory = b"".join(e.central(at) for e, at in zip(entries, offsets))
    at, count = len(body) + (start if moved else 0), len(entries) if told is None else told
    end = b""
    if wide_end:
        end = struct.pack("<4sQ2H2I4Q", b"PK\x06\x06", 44, 45, 45, disk, disk, count, count, len(directory), at)
        end += struct.pack("<4sIQI", b"PK\x06\x07", 0, at + len(directory), 1)
        end += struct.pack("<4s4H2IH", b"PK\x05\x06", 0xFFFF, 0xFFFF, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, len(comment))
    else:
        end = struct.pack("<4s4H2IH", b"PK\x05\x06", disk, disk, count, count, len(directory), at, len(comment))
    return before + body + directory + end + comment + behind


def path_field(name, told):
    """Info-ZIP's extra field with a name in UTF-8."""
    body = struct.pack("<BI", 1, zlib.crc32(name)) + told.encode()
    return struct.pack("<HH", 0x7075, len(body)) + body


def nfd(text):
    return unicodedata.normalize("NFD", text)


# How names are written: to bytes, and the flag.
SPELLINGS = {
    "ascii": (["rec"], lambda n: n.encode(), 0),
    "utf8": (["rec", "größe", "기록", "ガード", "Ελένη"], lambda n: n.encode(), UTF8),
    "utf8-unsaid": (["größe", "기록", "café"], lambda n: n.encode(), 0),
    "cp437": (["größe", "café", "ÄÖÜ", "señal"], lambda n: n.encode("cp437"), 0),
    "decomposed": (["größe", "가드", "ガード", "Ångström", "việt"], lambda n: nfd(n).encode(), UTF8),
    "decomposed-unsaid": (["größe", "café", "ガード"], lambda n: nfd(n).encode(), 0),
}
WIDTHS = {"plain": {}, "wide-entries": {"wide": "central"}, "wide": {"wide": "local central"}, "wide-locals": {"wide": "local"},
          "streamed": {"descriptor": True}, "streamed-wide": {"descriptor": True, "wide": "central"}, "stored": {"method": 0}}


class Maker:
    def __init__(self, folder):
        self.folder, self.made = pathlib.Path(folder), []

    def put(self, name, content, records=None, refused=None):
        (self.folder / f"{name}.zip").write_bytes(content)
        told = {"records": sorted(records)} if refused is None else {"refused": refused}
        self.made.append({"file": f"{name}.zip", **told})

    def spelt(self):
        for how, (names, encode, flag) in SPELLINGS.items():
            for k, name in enumerate(names):
                for kind, folder in (("none", ""), ("folder", "folder/"), ("windows", "folder\\")):
                    files = [Entry(encode(p), c, flag) for p, c in record(name, folder)]
                    self.put(f"{how}-{k}-{kind}", archive(files), [name])

    def wide(self):
        for width, options in WIDTHS.items():
            for end in (False, True):
                for k, (before, behind, comment) in enumerate(((b"", b"", b""), (b"MZ" * 999, b"", b""), (b"", b"\0" * 5000, b""),
                                                               (b"", b"", b"a comment"), (b"#!/bin/sh\n", b"<html></html>", b"PK\x05\x06"))):
                    files = [Entry(p.encode(), c, **options) for p, c in record("r")]
                    self.put(f"{width}-{int(end)}-{k}", archive(files, before, behind, comment, end), ["r"])
            files = [Entry(p.encode(), c, **options) for p, c in record("r")]
            self.put(f"{width}-moved", archive(files, b"x" * 77, moved=True), ["r"])

    def programs(self):
        for k, method in enumerate((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)):
            for wide in (False, True):
                for name in ("rec", "größe"):
                    out = io.BytesIO()
                    with zipfile.ZipFile(out, "w", method) as z:
                        for path, content in record(name, "d/"):
                            with z.open(path, "w", force_zip64=wide) as f:
                                f.write(content)
                    self.put(f"python-{k}-{int(wide)}-{len(name)}", out.getvalue(), [name])
        work = self.folder / "work"
        for name in ("rec", "größe"):
            shutil.rmtree(work, ignore_errors=True)
            for path, content in record(name, "d/"):
                (work / path).parent.mkdir(parents=True, exist_ok=True)
                (work / path).write_bytes(content)
            for program, words in (("zip", ["zip", "-q", "-r", "out.zip", "d"]), ("zip-wide", ["zip", "-q", "-fz", "-r", "out.zip", "d"]),
                                   ("7z", ["7z", "a", "-bd", "-tzip", "out.zip", "d"]), ("7zz", ["7zz", "a", "-bd", "-tzip", "out.zip", "d"])):
                if not shutil.which(words[0]):
                    continue
                (work / "out.zip").unlink(missing_ok=True)
                if subprocess.run(words, cwd=work, capture_output=True).returncode == 0:
                    self.put(f"{program}-{len(name)}", (work / "out.zip").read_bytes(), [name])
        shutil.rmtree(work, ignore_errors=True)

    def mac(self):
        for k, name in enumerate(("rec", "größe", "ガード")):
            files = record(name, "My ECG/")
            junk = [("__MACOSX/My ECG/._" + p.split("/")[1], b"\0\5\x16\7junk") for p, _ in files] + [("My ECG/.DS_Store", b"\0\0\0\1Bud1")]
            entries = [Entry(nfd(p).encode(), c, 0, descriptor=True) for p, c in files + junk]
            self.put(f"mac-{k}", archive([Entry(b"My ECG/", b"", 0, method=0)] + entries), [name])
        name = "größe"
        files = [Entry(p.encode("cp437"), c, 0, extra=path_field(p.encode("cp437"), p)) for p, c in record(name)]
        self.put("path-field", archive(files), [name])
        files = [Entry(b"x%d%s" % (i, p[-4:].encode()), c, 0, extra=path_field(b"x%d%s" % (i, p[-4:].encode()), p))
                 for i, (p, c) in enumerate(record("기록"))]
        self.put("path-field-alone", archive(files), ["기록"])
        files = [Entry(p.encode(), c, 0, extra=path_field(b"another", "z" + p)) for p, c in record("rec")]
        self.put("path-field-stale", archive(files), ["rec"])

    def nested(self):
        inner = archive([Entry(p.encode(), c) for p, c in record("in")])
        outer = archive([Entry(b"d/inner.zip", inner, method=0)] + [Entry(p.encode(), c) for p, c in record("out")])
        self.put("nested", outer, ["in", "out"])
        twice = archive([Entry(b"outer.zip", archive([Entry(b"inner.zip", inner)]))])
        self.put("nested-3", twice, refused="lies in an archive")
        self.put("nested-broken", archive([Entry(b"inner.zip", inner[:50])]), refused="inner.zip cannot be read as a zip archive")
        many = [Entry(f"d{i}/{p}".encode(), c, method=0) for i in range(12000) for p, c in record("r")]
        self.put("many", archive(many, wide_end=True), ["r"] * 12000)

    def paths(self):
        for k, folder in enumerate(("/abs/", "./", "./a/./b/", "C:\\ecg\\", "C:/ecg/", "a/b/c/d/", "with space/", "\\\\server\\x\\")):
            for flag in (0, UTF8):
                self.put(f"path-{k}-{flag}", archive([Entry(p.encode(), c, flag) for p, c in record("r", folder)]), ["r"])
        for n in (2, 3, 50):
            files = [e for i in range(n) for e in record(f"r{i}", f"d{i % 2}/")]
            self.put(f"records-{n}", archive([Entry(p.encode(), c) for p, c in files]), [f"r{i}" for i in range(n)])
            same = [Entry(f"d{i}/{p}".encode(), c) for i in range(n) for p, c in record("r")]
            self.put(f"folders-{n}", archive(same), ["r"] * n)
            reverse = [Entry(p.encode(), c) for p, c in files[::-1]]
            self.put(f"reverse-{n}", archive(reverse), [f"r{i}" for i in range(n)])

    def refused(self):
        plain = [Entry(p.encode(), c) for p, c in record("r")]
        good = archive(plain)
        self.put("locked", archive([Entry(p.encode(), c, 1) for p, c in record("r")]), refused="is encrypted")
        self.put("locked-aes", archive([Entry(p.encode(), c, 1, method=99) for p, c in record("r")]), refused="is encrypted")
        for method in (9, 12, 14, 93, 95):
            self.put(f"method-{method}", archive([Entry(p.encode(), c, method=method) for p, c in record("r")]),
                     refused=f"method {method} is not known")
        self.put("cut-early", good[:100], refused="ends too early")
        self.put("cut-late", good[:-10], refused="ends too early")
        self.put("cut-nested", archive([Entry(b"inner.zip", good, method=0)])[: 60 + len(good)], refused="ends too early")
        self.put("headless", good[30:], refused="beginning is missing")
        self.put("empty", archive([]), refused="There is no record in it")
        self.put("nothing", b"", refused="no directory")
        self.put("text", b"this is no archive at all\n" * 9, refused="no directory")
        self.put("seven", b"7z\xbc\xaf\x27\x1c" + bytes(99), refused="no directory")
        self.put("page", b"<!DOCTYPE html><html>log in</html>", refused="no directory")
        self.put("only-header", archive(plain[:1]), refused="r.dat")
        self.put("no-record", archive([Entry(b"readme.txt", b"hello")]), refused="There is no record in it")
        self.put("upwards", archive([Entry(b"../r.hea", b"x")] + plain), refused="leads out of it")
        self.put("upwards-windows", archive([Entry(b"..\\..\\r.hea", b"x")] + plain), refused="leads out of it")
        self.put("part", archive(plain, disk=1), refused="one part of an archive of several")
        self.put("part-wide", archive(plain, disk=1, wide_end=True), refused="one part of an archive of several")
        self.put("more-told", archive(plain, told=3), refused="directory is damaged")
        self.put("wide-told", archive(plain, told=2**40, wide_end=True), refused="more than 200000")
        self.put("damaged", archive([plain[0], Entry(b"r.dat", SAMPLES, crc=7)]), refused="damaged")
        self.put("larger", archive([plain[0], Entry(b"r.dat", SAMPLES, says=5)]), refused="than it says")
        self.put("smaller", archive([plain[0], Entry(b"r.dat", SAMPLES, says=3)]), refused="than it says")
        self.put("other-name", archive([plain[0], Entry(b"r.dat", SAMPLES, local_name=b"q.dat")]), refused="descriptions")
        bomb = bytes(300 << 20)
        self.put("bomb", archive([Entry(b"r.hea", record("r")[0][1]), Entry(b"r.dat", bomb)]), refused="256 MB")
        self.put("twice", archive(plain + plain[1:]), refused="is there twice")
        both = [Entry(n.encode(), SAMPLES) for n in ("größe.dat", nfd("größe.dat"))]
        self.put("twice-decomposed", archive([Entry("größe.hea".encode(), record("größe")[0][1])] + both), refused="is there twice")


def make(folder):
    pathlib.Path(folder).mkdir(parents=True, exist_ok=True)
    m = Maker(folder)
    for part in (m.spelt, m.wide, m.programs, m.mac, m.nested, m.paths, m.refused):
        part()
    (m.folder / "archives.json").write_text(json.dumps(m.made))
    return m.made


if __name__ == "__main__":
    print(len(make(sys.argv[1])))

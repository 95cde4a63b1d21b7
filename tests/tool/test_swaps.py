"""tests/bench/train_reversal.py, which makes src/measure/reversal_weights.c: it runs, and gives the same bytes twice."""

import hashlib
import re
import subprocess
import sys

import numpy
from conftest import ROOT

SCRIPT = ROOT / "tests" / "bench" / "train_reversal.py"


def made_basis(path, n=96):
    """Median beats whose leads are mixtures of three waves, as a heart's are."""
    rng = numpy.random.default_rng(3)
    t = numpy.arange(24)
    waves = numpy.stack([numpy.exp(-((t - at) ** 2) / width) for at, width in ((9, 2), (12, 2), (20, 6))])
    mix = numpy.array([[0.5, -0.1, 0.2], [0.8, -0.1, 0.3], [0.2, -1, 0.1], [0.4, -1.3, 0.4], [0.8, -0.9, 0.4], [1.3, -0.5, 0.3],
                       [1.2, -0.2, 0.3], [0.9, -0.1, 0.2]])  # fmt: skip
    basis = numpy.einsum("nlk,kt->nlt", mix * rng.uniform(0.7, 1.3, (n, 8, 3)), waves) + rng.normal(0, 0.01, (n, 8, 24))
    source = numpy.array(["ptb"] * (n - 20) + ["rdb"] * 10 + ["cinc"] * 10)
    numpy.savez(path, basis=basis.astype(numpy.float32), source=source, fold=numpy.arange(n) % 10 + 1)


def train(basis, out):
    out.mkdir()
    subprocess.run([sys.executable, SCRIPT, "train", basis, out], check=True, capture_output=True)
    return (out / "reversal_weights.c").read_bytes(), (out / "reversal_weights.md").read_text()


def test_the_script_gives_the_same_bytes(tmp_path):
    made_basis(tmp_path / "basis.npz")
    code, card = train(tmp_path / "basis.npz", tmp_path / "one")
    assert (code, card) == train(tmp_path / "basis.npz", tmp_path / "two")
    head = (ROOT / "src" / "measure" / "reversal_weights.h").read_text()
    size = {name: int(value) for name, value in re.findall(r"(REVERSAL_\w+) = (\d+)", head)}
    for name, length in re.findall(r"xp_reversal_(\w+)\[([^\]]*)\] = {", code.decode()):
        want = numpy.prod([size[part.strip()] for part in length.split("*")])
        body = code.decode().split(f"xp_reversal_{name}[{length}] = {{")[1].split("}")[0]
        assert len([v for v in body.split(",") if v.strip()]) == want, name
    assert hashlib.sha256(code).hexdigest()[:16] in card

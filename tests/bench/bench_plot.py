"""The picture of bench_plot.c with matplotlib, and both in turns:
bench_plot.py BENCH_PLOT [DPI [REPEATS]] (pip install matplotlib)."""
import pathlib
import re
import subprocess
import sys
import tempfile
import time

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.ticker import MultipleLocator

NAMES = "I II III aVR aVL aVF V1 V2 V3 V4 V5 V6".split()


def signal(lead):
    i = np.arange(5000)
    t = np.fmod(i / 500, 0.8) - 0.4
    return (np.exp(-t * t * 6400) * (1.2 - 0.2 * lead) + 0.2 * np.exp(-((t - 0.25) ** 2) * 200)
            + 0.02 * np.sin(i * 1.7 + lead))


def draw(path, dpi):
    figure = plt.figure(figsize=(297 / 25.4, 210 / 25.4), dpi=dpi)
    axes = figure.add_axes((13.5 / 297, 11 / 210, 270 / 297, 180 / 210))
    axes.set_xlim(-0.6, 10.2)
    axes.set_ylim(-18, 0)
    for axis, step in ((axes.xaxis, 0.2), (axes.yaxis, 0.5)):
        axis.set_major_locator(MultipleLocator(step))
        axis.set_minor_locator(MultipleLocator(step / 5))
    axes.grid(which="minor", color="#fce0de", lw=0.28)
    axes.grid(which="major", color="#f0aca8", lw=0.5)
    axes.tick_params(which="both", length=0, labelbottom=False, labelleft=False)
    t = np.arange(5000) / 500
    for lead, name in enumerate(NAMES):
        base = -1.5 * lead - 1
        axes.plot(t, signal(lead) + base, color="#101014", lw=0.8)
        axes.plot([-0.4, -0.32, -0.32, -0.12, -0.12, -0.04],
                  np.array([0, 0, 1, 1, 0, 0]) + base, color="#101014", lw=0.8)
        axes.text(0.05, base + 0.78, name, size=9)
    figure.text(0.045, 0.96, "bench", size=13)
    figure.savefig(path, dpi=dpi)
    plt.close(figure)


def main():
    program = sys.argv[1]
    dpi = float(sys.argv[2]) if len(sys.argv) > 2 else 300
    ours, theirs = [], []
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder)
        for _ in range(int(sys.argv[3]) if len(sys.argv) > 3 else 3):
            # Twice in one process, as matplotlib draws here again and again: its memory is then warm too.
            out = subprocess.run([program, path / "ours.png", str(dpi), "2"], check=True,
                                 capture_output=True, text=True).stdout
            ours.append(sum(float(v) for v in re.findall(r"processor ([\d.]+)", out)))
            start = time.process_time()
            draw(path / "theirs.png", dpi)
            theirs.append(1000 * (time.process_time() - start))
    print(f"processor time, least of {len(ours)}: bench_plot {min(ours):.0f} ms, matplotlib "
          f"{matplotlib.__version__} {min(theirs):.0f} ms, {min(theirs) / min(ours):.1f} times")


main()

"""WFDB records of format 16 in one file, as the development sets are: read_record(path without
ending) gives (rate, names, mV as (leads, samples) float32 with NaN for missing samples)."""
import pathlib

import numpy as np


def read_record(path):
    path = pathlib.Path(path)
    lines = [x for x in path.with_name(path.name + ".hea").read_text().splitlines()
             if x and not x.startswith("#")]
    head = lines[0].split()
    n_leads, rate = int(head[1]), float(head[2].split("/")[0].split("(")[0])
    names, gains, zeros = [], [], []
    for line in lines[1:1 + n_leads]:
        part = line.split()
        gain = part[2].split("/")[0]
        zero = gain.split("(")[1].rstrip(")") if "(" in gain else part[4]
        gains.append(float(gain.split("(")[0]) or 200.0)
        zeros.append(float(zero))
        names.append(part[-1])
    skip = lines[1].split()[1].partition("+")[2]
    raw = np.fromfile(path.with_name(lines[1].split()[0]), "<i2", offset=int(skip or 0))
    raw = raw.reshape(-1, n_leads).T
    mv = (raw - np.array(zeros)[:, None]) / np.array(gains)[:, None]
    mv[raw == -32768] = np.nan
    return rate, names, mv.astype(np.float32)

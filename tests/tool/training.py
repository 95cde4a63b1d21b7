"""What tests of training share: small data sets in the layout of PTB-XL, and a model trained on one."""

import csv
import hashlib
import shutil

import numpy
import pytest

from conftest import ecg, write_record, xplaim


RATE, LENGTH = 100, 300
SMALL = ["--rate", RATE, "--length", LENGTH, "--filters", "3,4", "--kernels", "2,5,9", "--threads", "2"]


def sha(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def rows(path):
    with open(path, newline="") as f:
        return list(csv.DictReader(f))


def signal_of(i, n=LENGTH):
    """Every third record is twice as large, every fourth has a fast wave on it."""
    mv = ecg(n, RATE) * (1.5 if i % 3 == 0 else 0.6) + 0.01 * numpy.random.default_rng(i).normal(size=(n, 12))
    wave = 0.3 * numpy.sin(2 * numpy.pi * 20 * numpy.arange(n) / RATE)[:, None]
    return mv + (wave if i % 4 == 0 else 0)


def codes_of(i):
    return "{" + ", ".join(
        ["'SR': 0.0"] + (["'AFIB': 0.0"] if i % 3 == 0 else []) + (["'PVC': 100.0"] if i % 4 == 0 else [])
        + (["'IMI': 35.0"] if i % 10 == 1 else [])) + "}"


def fold_of(i):
    return 1 + (i // 2 + i // 12) % 10


def make_ptbxl(folder, n=120):
    """PTB-XL's layout: two records a patient, ten folds; CRLF, and a report with a newline in it."""
    lines = ["ecg_id,patient_id,age,sex,report,scp_codes,strat_fold,filename_hr"]
    for i in range(n):
        path = f"records500/00000/{i:05d}_hr"
        write_record(folder / "records500" / "00000", f"{i:05d}_hr", signal_of(i), RATE)
        lines.append(f'{i},{i // 2}.0,{20 + i % 60}.0,{i % 2},"one, ""two""\nthree","{codes_of(i)}",{fold_of(i)},{path}')
    (folder / "ptbxl_database.csv").write_bytes(("\r\n".join(lines) + "\r\n").encode())


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """A folder with data/ptb-xl and output/metadata, as after `xplaim setup`."""
    folder = tmp_path_factory.mktemp("train")
    make_ptbxl(folder / "data" / "ptb-xl")
    xplaim("setup", cwd=folder)
    return folder


def copy_of(data, tmp_path):
    shutil.copytree(data / "data", tmp_path / "data")
    shutil.copytree(data / "output" / "metadata", tmp_path / "output" / "metadata")
    (tmp_path / "output" / "models").mkdir()
    return tmp_path


def words(name, *more, labels="afib,pvc", epochs=2):
    how = [] if "--label-counts" in more else ["--all", "--labels", labels]
    return ["train", "--model-name", name, *how, "--train-ds-name", "ptb-xl", "--train-ds-dir", "data/ptb-xl", "--epochs",
            epochs, "--batch-size", "8", *SMALL, *more]


def package(folder, name):
    return folder / "output" / "models" / f"{name}_package"


def model_of(folder, name):
    return package(folder, name) / f"model_{name}.safetensors"


@pytest.fixture(scope="module")
def trained(data):
    """A model trained for some epochs in data, and what the tool said."""
    done = xplaim(*words("m", "--lr", "0.01", "--schedule", "constant", epochs=12), cwd=data)
    return data, done.stdout

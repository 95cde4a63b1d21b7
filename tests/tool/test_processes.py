"""train and predict in several processes, where there is MPI."""

import os
import shutil
import subprocess

import pytest

from conftest import PATIENCE, TOOL, ecg, write_record, xplaim
from training import copy_of, data, package, rows, words


def mpirun(processes, *words, cwd):
    """The tool in so many processes; skipped where there is no MPI."""
    if not shutil.which("mpirun"):
        pytest.skip("no mpirun")
    libraries = subprocess.run(["ldd", str(TOOL)], capture_output=True, text=True).stdout
    if "libmpi" not in libraries:
        pytest.skip("built without MPI")
    environment = dict(os.environ, OMPI_ALLOW_RUN_AS_ROOT="1", OMPI_ALLOW_RUN_AS_ROOT_CONFIRM="1",
                       ASAN_OPTIONS="detect_leaks=0")  # those of the MPI library
    return subprocess.run(["mpirun", "--oversubscribe", "-n", str(processes), str(TOOL), *map(str, words), "--threads", "1"],
                          cwd=cwd, env=environment, capture_output=True, text=True, timeout=PATIENCE)


def tensor_bytes(path):
    """All weights of a safetensors file: what follows its header."""
    data = path.read_bytes()
    return data[8 + int.from_bytes(data[:8], "little"):]


@pytest.mark.parametrize("processes", [2, 4])
def test_processes_change_no_bit(data, tmp_path, processes):
    """The weights, not only their file's figures; batches that 4 processes cannot share evenly."""
    copy_of(data, tmp_path)
    more = ["--augment", "--ema", "0.9", "--schedule", "constant", "--lr", "0.001", "--batch-size", "6"]
    done = mpirun(processes, *words("many", *more), cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    xplaim(*words("one", *more), cwd=tmp_path)
    one, many = (tensor_bytes(package(tmp_path, n) / f"model_{n}.safetensors") for n in ("one", "many"))
    assert one == many
    for a, b in zip(*(rows(package(tmp_path, n) / "logs/training.csv") for n in ("one", "many")), strict=True):
        for k in ("loss", "val_loss", "val_auroc"):
            assert a[k] == b[k], k


def test_predict_is_shared_out(models, tmp_path):
    model, folder = models("zoo"), tmp_path / "records"
    for i in range(5):
        write_record(folder, f"r{i}", ecg(5000, 500) * (1 + 0.1 * i), 500)
    request = ["predict", "-m", model, folder, tmp_path / "missing"]
    done = mpirun(3, *request, "-o", "three.npy", cwd=tmp_path)
    xplaim(*request, "-o", "one.npy", cwd=tmp_path, code=1)
    assert done.returncode == 1 and "missing" in done.stderr
    nowhere = mpirun(2, *request, cwd=tmp_path)
    assert nowhere.returncode == 2 and "give -o" in nowhere.stderr
    assert (tmp_path / "three.npy").read_bytes() == (tmp_path / "one.npy").read_bytes()

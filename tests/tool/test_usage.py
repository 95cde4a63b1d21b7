"""Help, exit codes, bad usage, and the ways in which output can fail."""

import os
import subprocess

import numpy
import pytest

from conftest import DISCLAIMER, TOOL, ecg, json_lines, write_record, xplaim

pytestmark = pytest.mark.no_network

COMMANDS = ["info", "decode", "prepare", "predict", "explain", "import", "export", "bench", "setup", "train", "calibrate",
            "ensemble", "evaluate", "compare", "xai-check", "plot", "cases"]


def test_version():
    assert xplaim("--version").stdout.startswith("xplaim 0.")


def test_kernels_are_capped():
    """XP_KERNELS hides the faster tables, and refuses a name that is none."""

    def tables(cap):
        lines = xplaim("--version", env={**os.environ, "XP_KERNELS": cap}).stdout.splitlines()
        return lines[1].removeprefix("kernels: ").split()

    every = tables("")
    for i, cap in enumerate(every):
        assert tables(cap) == every[i:]
    done = xplaim("info", code=2, env={**os.environ, "XP_KERNELS": "mmx"})
    assert "XP_KERNELS=mmx" in done.stderr and "--version" in done.stderr


@pytest.mark.parametrize("word", ["--help", "-h", "help"])
def test_overview(word):
    text = xplaim(word).stdout
    assert DISCLAIMER in text
    for command in COMMANDS:
        assert f"  {command}" in text


@pytest.mark.parametrize("command", COMMANDS)
def test_help(command):
    text = xplaim(command, "--help").stdout
    assert f"usage: xplaim {command}" in text and DISCLAIMER in text
    assert max(map(len, text.splitlines())) <= 125


def test_help_wins_over_missing_arguments():
    xplaim("predict", "-m", "none", "--help")


BAD = [
    [],
    ["diagnose"],
    ["info"],
    ["info", "--colour", "x"],
    ["predict", "x"],
    ["predict", "-m"],
    ["predict", "-m", "m.safetensors"],
    ["predict", "-m", "m", "x", "--threads", "two"],
    ["predict", "-m", "m", "x", "--threads=-1"],
    ["predict", "-m", "m", "x", "--threads", "1.5"],
    ["predict", "-m", "m", "x", "--json=yes"],
    ["predict", "-m", "m", "x", "--bandpass", "40,0.5"],
    ["predict", "-m", "m", "x", "--bandpass", "40"],
    ["predict", "-m", "m", "x", "--notch", "nan"],
    ["predict", "-m", "", "x"],
    ["explain", "x"],
    ["prepare", "x", "-m", "m"],
    ["prepare", "x", "-o", "y.npy"],
    ["decode", "x"],
    ["decode", "x", "y", "-o", "z.npy"],
    ["decode", "x", "--digital", "--physical", "-o", "z.npy"],
    ["import", "x.keras"],
    ["bench", "--repeat", "0"],
    ["bench", "stray"],
]


@pytest.mark.parametrize("words", BAD, ids=" ".join)
def test_bad_usage(words):
    done = xplaim(*words, code=2)
    assert done.stdout == "" and "usage" in done.stderr


def test_options_in_every_form(record, models, tmp_path):
    model = models("xplaim_full")
    out = [tmp_path / f"{i}.npy" for i in range(5)]
    xplaim("prepare", record, "-m", model, "-o", out[0])
    xplaim("prepare", f"-m{model}", f"-o{out[1]}", record)
    xplaim("prepare", f"--model={model}", "--output", out[2], "--", record)
    xplaim("prepare", "--model", model, record, f"--output={out[3]}")
    assert len({p.read_bytes() for p in out[:4]}) == 1


def test_unknown_model_is_bad_input(record, tmp_path):
    done = xplaim("predict", "-m", tmp_path / "none.safetensors", record, code=1)
    assert "none.safetensors" in done.stderr and "[NOT_FOUND]" in done.stderr


def test_record_as_model(record, tmp_path):
    done = xplaim("predict", "-m", f"{record}.hea", record, code=1)
    assert "rec.hea" in done.stderr and len(done.stderr.splitlines()) == 1


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full here")
def test_full_disk_on_stdout(record):
    with open("/dev/full", "w") as full:
        done = subprocess.run([str(TOOL), "info", record], stdout=full, stderr=subprocess.PIPE)
    assert done.returncode == 1 and b"standard output cannot be written" in done.stderr


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full here")
def test_full_disk_on_output(record):
    done = xplaim("decode", record, "-o", "/dev/full", code=1)
    assert "/dev/full" in done.stderr and "[IO]" in done.stderr


def test_output_in_a_folder_that_is_not_there(record, tmp_path):
    done = xplaim("decode", record, "-o", tmp_path / "no" / "x.npy", code=1)
    assert "x.npy" in done.stderr


def test_nothing_is_left_where_writing_fails(record, tmp_path):
    """The output's name is a folder: the temporary file must be gone."""
    (tmp_path / "x.npy").mkdir()
    xplaim("decode", record, "-o", tmp_path / "x.npy", code=1)
    assert os.listdir(tmp_path) == ["x.npy"] and os.listdir(tmp_path / "x.npy") == []


def test_failed_decode_keeps_the_old_file(tmp_path):
    old = tmp_path / "x.npy"
    old.write_text("old")
    xplaim("decode", tmp_path / "none", "-o", old, code=1)
    assert old.read_text() == "old"


def test_closed_pipe_is_quiet(tmp_path):
    for i in range(200):
        write_record(tmp_path, f"r{i:03}", ecg(20, 500), 500)
    command = f'"{TOOL}" info "{tmp_path}" | head -1'
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True)
    assert done.returncode == 0 and done.stderr == "" and len(done.stdout.splitlines()) == 1


@pytest.mark.parametrize("given", ["rec", "rec.hea", "rec.dat", "."])
@pytest.mark.parametrize("output", ["rec.hea", "rec.dat", "link.npy"])
def test_a_record_is_not_written_over(given, output, tmp_path):
    write_record(tmp_path, "rec", ecg(500, 500), 500)
    (tmp_path / "link.npy").symlink_to("rec.dat")
    before = {p.name: p.read_bytes() for p in tmp_path.iterdir()}
    for words in (["decode", given, "-o", output], ["predict", "-m", "none", given, "-o", output]):
        done = xplaim(*words, code=2, cwd=tmp_path)
        assert "is an input" in done.stderr and "[USAGE]" in done.stderr
    assert {p.name: p.read_bytes() for p in tmp_path.iterdir()} == before


@pytest.mark.parametrize(
    "words",
    [
        ["import", "x", "-o", "./x"],
        ["export", "-m", "x", "-o", "x", "--half", "--format", "safetensors"],
        ["predict", "-m", "m", "x", "-o", "x"],
        ["predict", "-m", "x", "m", "-o", "x"],
        ["explain", "-m", "m", "x", "-o", "x"],
    ],
    ids=" ".join,
)
def test_an_input_is_not_written_over(words, tmp_path):
    (tmp_path / "x").write_text("precious")
    assert "is an input" in xplaim(*words, code=2, cwd=tmp_path).stderr
    assert (tmp_path / "x").read_text() == "precious" and os.listdir(tmp_path) == ["x"]


def test_an_old_output_is_written_over(record, tmp_path):
    for _ in range(2):
        xplaim("decode", record, "-o", tmp_path / "x.npy")


@pytest.mark.parametrize("command", ["predict", "explain", "prepare", "export"])
def test_bad_output_is_told_before_the_work(command, tmp_path):
    """The model is not there either, but is not looked for."""
    words = [] if command == "export" else ["x"]
    done = xplaim(command, *words, "-m", "none", "-o", tmp_path / "no" / "x.npy", code=1)
    assert "x.npy: cannot be created" in done.stderr


def test_filters_that_cannot_be_applied(record, models, tmp_path):
    model = models("xplaim_full")
    for filters in (["--bandpass", "0.5,400"], ["--notch", "300"]):
        assert "[USAGE]" in xplaim("predict", "-m", model, record, *filters, code=2).stderr
    xplaim("prepare", record, "-m", model, "-o", tmp_path / "x.npy")
    done = xplaim("predict", "-m", model, tmp_path / "x.npy", "--notch", "50", code=2)
    assert "prepared already" in done.stderr
    xplaim("predict", "-m", model, "", code=2)


@pytest.mark.network
def test_amplitude_of_prepared_windows(record, models, tmp_path):
    model, path = models("xplaim_full"), tmp_path / "x.npy"
    xplaim("prepare", record, "-m", model, "-o", path)
    numpy.save(path, numpy.load(path) * numpy.float32(1000))
    assert "[UNITS]" in xplaim("predict", "-m", model, path, code=1).stderr
    xplaim("predict", "-m", model, path, "--accept-amplitude")


@pytest.mark.parametrize(
    "words",
    [["decode", "x", "-o", "x.csv"], ["prepare", "-m", "m", "x", "-o", "x.npz"],
     ["predict", "-m", "m", "x", "-o", "x"], ["import", "x.keras", "-o", "x.onnx"]],
    ids=" ".join,
)
def test_an_output_of_another_ending_is_refused(words, tmp_path):
    done = xplaim(*words, code=2, cwd=tmp_path)
    assert "its ending" in done.stderr and "[USAGE]" in done.stderr and os.listdir(tmp_path) == []


def test_links_are_written_through(record, tmp_path):
    (tmp_path / "to").mkdir()
    (tmp_path / "to/b.npy").symlink_to("c.npy")  # is not there yet
    (tmp_path / "a.npy").symlink_to("to/b.npy")
    for _ in range(2):
        xplaim("decode", record, "-o", tmp_path / "a.npy")
        assert (tmp_path / "a.npy").is_symlink() and (tmp_path / "to/b.npy").is_symlink()
        assert numpy.load(tmp_path / "to/c.npy").shape == (5000, 12)
    assert sorted(os.listdir(tmp_path)) == ["a.npy", "to"] and sorted(os.listdir(tmp_path / "to")) == ["b.npy", "c.npy"]
    (tmp_path / "loop.npy").symlink_to("loop.npy")
    assert "[IO]" in xplaim("decode", record, "-o", tmp_path / "loop.npy", code=1).stderr


# Of each command that has --json: what it dies of, and what is bad usage.
DYING = [
    ("written", ["prepare", "x", "-m", "none", "-o", "x.npy"], 1),
    ("predict", ["predict", "x", "-m", "none"], 1),
    ("explain", ["explain", "x", "-m", "none"], 1),
    ("explain", ["explain", "x", "-m", "none", "--method", "magic"], 2),
    ("written", ["decode", "x", "-o", "no/x.npy"], 1),
    ("written", ["decode", "x", "-o", "x.csv"], 2),
    ("written", ["import", "none.keras", "-o", "m.safetensors"], 1),
    ("info", ["info", ""], 2),
    ("written", ["export", "-m", "none", "-o", "m.onnx"], 1),
    ("bench", ["bench", "-m", "none"], 1),
    ("bench_train", ["bench", "--train", "--kernels", "none"], 2),
    ("setup", ["setup", "--data-dir", "none"], 1),
    ("setup", ["setup", "--datasets", "none"], 2),
    ("train", ["train", "--model-name", "m", "--train-ds-name", "csv", "--train-ds-dir", "none", "--all", "--labels", "a"], 1),
    ("calibrate", ["calibrate", "-m", "none", "-o", "m.safetensors", "--ds-name", "csv", "--ds-dir", "none"], 1),
    ("written", ["ensemble", "none", "none", "-o", "m.safetensors"], 1),
    ("evaluate", ["evaluate", "-m", "none", "--test-set", "none.npz"], 1),
    ("compare", ["compare", "--model-a", "none", "--model-b", "none", "--test-set", "none.npz"], 1),
    ("xai_check", ["xai-check", "-m", "none", "--ds-name", "csv", "--ds-dir", "none"], 1),
    ("cases", ["cases", "check", "none"], 1),
    ("cases", ["cases", "score", "none", "none"], 1),
    ("cases", ["cases", "pack", "none", "-o", "x.zip", "--zip"], 1),
]
DYING_OF_USAGE = [
    ("written", ["prepare", "x", "-o", "x.npy"]), ("predict", ["predict", "x"]), ("explain", ["explain", "x"]),
    ("written", ["decode"]), ("written", ["import", "x"]), ("info", ["info"]), ("written", ["export"]),
    ("bench", ["bench", "--repeat", "0"]), ("setup", ["setup", "stray"]), ("train", ["train", "--colour"]),
    ("calibrate", ["calibrate"]), ("written", ["ensemble", "x"]), ("evaluate", ["evaluate", "--threads", "two"]),
    ("compare", ["compare", "stray"]), ("xai_check", ["xai-check"]), ("cases", ["cases", "check"]),
    ("cases", ["cases", "pack", "none"]),
]


def test_every_command_with_json_is_tried():
    with_json = {c for c in COMMANDS if "--json" in xplaim(c, "--help").stdout}
    assert with_json == {words[0] for _, words, _ in DYING} == {words[0] for _, words in DYING_OF_USAGE}
    assert set(COMMANDS) - with_json == {"plot"}


@pytest.mark.parametrize("schema,words,code", DYING, ids=lambda v: " ".join(v) if isinstance(v, list) else str(v))
def test_what_ends_a_command_is_json_too(schema, words, code, tmp_path):
    done = xplaim(*words, "--json", code=code, cwd=tmp_path)
    (o,) = json_lines(done, schema)
    assert "record" not in o and o["error"]["text"] and done.stderr == ""


@pytest.mark.parametrize("schema,words", DYING_OF_USAGE, ids=lambda v: " ".join(v) if isinstance(v, list) else str(v))
def test_bad_usage_is_json_too(schema, words, tmp_path):
    done = xplaim(*words, "--json", code=2, cwd=tmp_path)
    (o,) = json_lines(done, schema)
    assert o["error"]["code"] == "USAGE" and o["error"]["text"] and done.stderr == ""


@pytest.mark.network
def test_one_run_is_singular():
    assert " 1 run of 1 record;" in xplaim("bench", "--repeat", "1", "--batch", "1").stdout

"""The library as a program of someone else sees it: installed, with a header, a .pc file and nothing else."""

import os
import re
import shutil
import subprocess

import pytest

from conftest import ROOT, TOOL, json_lines, xplaim

BUILD = TOOL.parents[1]
MODEL = ROOT / "model_weights" / "ecg-xplaim.safetensors"
RECORD = ROOT / "web" / "samples" / "00219_hr"
HIDDEN = {"PKG_CONFIG_PATH", "LD_LIBRARY_PATH", "CPATH", "LIBRARY_PATH"}


def run(*words, **options):
    done = subprocess.run(list(map(str, words)), capture_output=True, text=True, timeout=300, **options)
    assert done.returncode == 0, f"{words}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def prefix(tmp_path_factory):
    """What `cmake --install` puts below a prefix."""
    if not (BUILD / "CMakeCache.txt").exists():
        pytest.skip("the tool is not in a build folder")
    folder = tmp_path_factory.mktemp("installed")
    run("cmake", "--install", BUILD, "--prefix", folder)
    return folder


@pytest.fixture(scope="module")
def flags(prefix):
    """pkg-config's answer, as a list of words, to an option."""
    path = next(prefix.glob("lib/**/xplaim.pc")).parent
    env = {**os.environ, "PKG_CONFIG_PATH": str(path)}
    return lambda *options: run("pkg-config", *options, "xplaim", env=env).split()


def installed_library(prefix, ending):
    return next(prefix.glob(f"lib/**/libxplaim.{ending}"))


def build(folder, words):
    """The example, compiled where nothing of the sources is to be seen."""
    shutil.copy(ROOT / "tests" / "library" / "predict.c", folder)
    env = {k: v for k, v in os.environ.items() if k not in HIDDEN}
    run("cc", "-std=c11", "-Wall", "-Wextra", "-Werror", "-o", "predict", "predict.c", *words, cwd=folder, env=env)
    return folder / "predict"


def told_by_tool():
    (o,) = json_lines(xplaim("predict", "--json", "-m", MODEL, RECORD), "predict")
    return {label["name"]: label["probability"] for label in o["labels"]}


def check_program(program, **options):
    lines = run(program, MODEL, RECORD, **options).splitlines()
    assert {name: float(p) for name, p in map(str.split, lines)} == pytest.approx(told_by_tool(), abs=1e-6)


def test_shared_library(prefix, flags, tmp_path):
    program = build(tmp_path, flags("--cflags", "--libs"))
    library = installed_library(prefix, "so")
    assert "libxplaim.so.0" in run("objdump", "-p", program)
    check_program(program, env={**os.environ, "LD_LIBRARY_PATH": str(library.parent)})


def test_static_library(prefix, flags, tmp_path):
    words = ["-l:libxplaim.a" if w == "-lxplaim" else w for w in flags("--static", "--cflags", "--libs")]
    program = build(tmp_path, words)
    assert "libxplaim" not in run("objdump", "-p", program)
    check_program(program)


@pytest.mark.parametrize("ending, option", [("so", "-D"), ("a", "-g")])
def test_only_the_public_functions_are_visible(prefix, ending, option):
    lines = run("nm", option, "--defined-only", installed_library(prefix, ending)).splitlines()
    found = {line.split()[-1] for line in lines if len(line.split()) == 3}
    header = (prefix / "include" / "xplaim.h").read_text()
    assert found == set(re.findall(r"\b(xplaim_\w+)\(", header))


def test_the_header_is_for_cpp_too(prefix, tmp_path):
    (tmp_path / "t.cc").write_text('#include <xplaim.h>\nint main() { return xplaim_version()[0] == 0; }\n')
    run("c++", "-Wall", "-Wextra", "-Werror", "-pedantic", f"-I{prefix}/include", "-fsyntax-only", tmp_path / "t.cc")


def test_errors_are_sentences(prefix, flags, tmp_path):
    words = ["-l:libxplaim.a" if w == "-lxplaim" else w for w in flags("--static", "--cflags", "--libs")]
    program = build(tmp_path, words)
    done = subprocess.run([program, MODEL, tmp_path / "none"], capture_output=True, text=True)
    assert done.returncode == 1 and "none" in done.stderr and not done.stdout


def test_manual_page(prefix):
    page = prefix / "share" / "man" / "man1" / "xplaim.1"
    text = page.read_text().replace("\\-", "-")
    assert xplaim("--version").stdout.split()[1] in text
    overview = xplaim("--help").stdout
    for command in re.findall(r"^  (\S+) ", overview, re.M):
        assert f".SS {command}\n" in text
        options = re.findall(r"^  (?:-\w, |    )(--[\w-]+)", xplaim(command, "--help").stdout, re.M)
        assert len(options) > 1
        for option in options:
            assert option == "--help" or f"\\fB{option}\\fR" in text

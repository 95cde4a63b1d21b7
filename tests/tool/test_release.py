"""What scripts/release gives away of the tool and the library: the package, the archive, and that they work."""

import hashlib
import os
import re
import shutil
import subprocess
import tarfile

import pytest

import case_sets
from conftest import ROOT, TOOL, ecg, write_record

pytestmark = pytest.mark.once

MODEL = ROOT / "model_weights" / "ecg-xplaim.safetensors"
RECORD = ROOT / "web" / "samples" / "00219_hr"
HEADER, MANUAL, PAGE = "include/xplaim.h", "share/man/man1/xplaim.1", "share/xplaim/ecg-xplaim.html"


def run(*words, **options):
    done = subprocess.run(list(map(str, words)), capture_output=True, text=True, timeout=1200, **options)
    assert done.returncode == 0, f"{words}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def tool_version():
    return run(TOOL, "--version").split()[1]


def one(folder, pattern):
    (found,) = folder.glob(pattern)
    return found


@pytest.fixture(scope="module")
def release(tmp_path_factory):
    if not (TOOL.parents[1] / "CMakeCache.txt").exists() or not shutil.which("dpkg-shlibdeps"):
        pytest.skip("the tool is not in a build folder, or this is no machine that makes Debian packages")
    folder = tmp_path_factory.mktemp("release")
    page = tmp_path_factory.mktemp("page") / "page.html"
    page.write_text(case_sets.PAGE)
    run(ROOT / "scripts" / "release", "native", folder, page)
    return folder


@pytest.fixture(scope="module")
def unpacked(release, tmp_path_factory):
    folder = tmp_path_factory.mktemp("unpacked")
    run("tar", "-xzf", one(release, "xplaim-*.tar.gz"), "-C", folder)
    return one(folder, "xplaim-*")


def predictions(text):
    return {name: float(p) for name, p in map(str.split, text.splitlines())}


def test_checksums_are_of_what_is_there(release):
    sums = dict(line.split()[::-1] for line in (release / "SHA256SUMS").read_text().splitlines())
    assert set(sums) == {p.name for p in release.iterdir()} - {"SHA256SUMS"}
    assert len(sums) == 2
    for name, digest in sums.items():
        assert hashlib.sha256((release / name).read_bytes()).hexdigest() == digest


def test_package(release):
    package = one(release, "*.deb")
    facts = run("dpkg-deb", "--field", package)
    assert re.search(r"^Package: xplaim$", facts, re.M) and re.search(r"^Version: [0-9.]+", facts, re.M)
    depends = re.search(r"^Depends: (.*)$", facts, re.M)[1]
    for library in ("libc6", "libcjson", "libdeflate", "libexpat", "libzip", "libprotobuf-c", "zlib1g"):
        assert library in depends
    files = {line.split()[5].removeprefix("./") for line in run("dpkg-deb", "--contents", package).splitlines()}
    for name in ("bin/xplaim", HEADER, MANUAL, PAGE, "share/doc/xplaim/copyright"):
        assert f"usr/{name}" in files
    for ending in ("libxplaim.a", "libxplaim.so", "pkgconfig/xplaim.pc"):
        assert any(name.startswith("usr/lib") and name.endswith(ending) for name in files)
    assert not any("cjson" in name or "/tests/" in name for name in files)


def test_archive(release):
    with tarfile.open(one(release, "xplaim-*.tar.gz")) as archive:
        members = archive.getmembers()
    version = tool_version()
    assert {m.name.split("/")[0] for m in members} == {f"xplaim-{version}"}
    assert all(m.uid == m.gid == m.mtime == 0 for m in members)
    tool = next(m for m in members if m.name.endswith("/bin/xplaim"))
    assert tool.mode & 0o111


def test_unpacked_tool_runs(unpacked):
    assert run(unpacked / "bin" / "xplaim", "--version").split()[1] == tool_version()
    told = run(unpacked / "bin" / "xplaim", "predict", "-m", MODEL, RECORD)
    assert told == run(TOOL, "predict", "-m", MODEL, RECORD)


def test_the_tool_packs_a_case_set_without_being_told_of_a_page(unpacked, tmp_path):
    """As a teacher has it who has installed the package: with the page that came along."""
    (tmp_path / "set").mkdir()
    write_record(tmp_path / "set" / "records", "one", ecg(5000, 500), 500)
    document = case_sets.example()
    document["cases"] = document["cases"][:1]
    document["cases"][0]["like"] = None
    case_sets.write(tmp_path / "set", document)
    assert (unpacked / PAGE).read_text() == case_sets.PAGE
    for how, name in (("--html", "set.html"), ("--scorm12", "set.zip")):
        run(unpacked / "bin" / "xplaim", "cases", "pack", tmp_path / "set", "-o", tmp_path / name, how)
    assert "cases/records/one.dat" in (tmp_path / "set.html").read_text()


def test_program_of_someone_else_builds_on_it(unpacked, tmp_path):
    library = one(unpacked, "lib/**/libxplaim.so").parent
    env = {**os.environ, "PKG_CONFIG_PATH": str(library / "pkgconfig")}
    flags = run("pkg-config", "--cflags", "--libs", "xplaim", env=env).split()
    shutil.copy(ROOT / "tests" / "library" / "predict.c", tmp_path)
    run("cc", "-std=c11", "-Wall", "-Wextra", "-Werror", "-o", "predict", "predict.c", *flags, cwd=tmp_path)
    lines = run(tmp_path / "predict", MODEL, RECORD, env={**os.environ, "LD_LIBRARY_PATH": str(library)})
    assert len(predictions(lines)) > 10 and all(0 <= p <= 1 for p in predictions(lines).values())


def test_a_folder_that_holds_something_is_left_alone(tmp_path):
    (tmp_path / "mine").write_text("kept")
    done = subprocess.run([ROOT / "scripts" / "release", "native", tmp_path], capture_output=True, text=True)
    assert done.returncode != 0 and "not empty" in done.stderr
    assert [p.name for p in tmp_path.iterdir()] == ["mine"]

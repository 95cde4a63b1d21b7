"""What the end-to-end tests share: the tool, the reference data, small records made here."""

import json
import os
import pathlib
import subprocess
import sys

import jsonschema
import numpy
import pytest
import referencing

ROOT = pathlib.Path(__file__).resolve().parents[2]
TOOL = pathlib.Path(os.environ.get("XPLAIM", ROOT / "build" / "xplaim")).resolve()
SHARED = pathlib.Path(os.environ.get("XP_SHARED", ROOT.parent / "shared")).resolve()
# Seconds for one run of the tool: not a limit of speed, it only ends what hangs.
PATIENCE = 1800
LEADS = ["I", "II", "III", "aVR", "aVL", "aVF", "V1", "V2", "V3", "V4", "V5", "V6"]
MODEL_LEADS = ["I", "II", "III", "aVR", "aVF", "aVL", "V1", "V2", "V3", "V4", "V5", "V6"]
DISCLAIMER = (
    "Research and education only. Not a medical device. Not for diagnosis, treatment, "
    "monitoring or clinical decisions."
)


# Commands that run a network when they succeed: with its kernels, whose tables scripts/test takes in turn.
OF_NETWORKS = {"predict", "explain", "evaluate", "compare", "calibrate", "ensemble", "train", "xai-check", "bench"}
running = {"network": True}  # whether the test that runs may


def pytest_configure(config):
    config.addinivalue_line("markers", "no_network: of files, words and measurements: once, not with each kernel table")
    config.addinivalue_line("markers", "once: runs one, and with which kernels changes nothing that it asks")
    config.addinivalue_line("markers", "network: runs one all the same, in a file of the others")


def pytest_collection_modifyitems(items):
    """The longest files first, as they mostly take longest: no core is left with one at the end."""
    items.sort(key=lambda item: -item.path.stat().st_size)


@pytest.fixture(autouse=True)
def held_to_its_mark(request):
    marks = [request.node.get_closest_marker(name) for name in ("no_network", "network")]
    running["network"] = marks[0] is None or marks[1] is not None
    yield
    running["network"] = True


def shared(*parts):
    """A path below the shared folder; the test is skipped, and counted, where it is not there."""
    path = SHARED.joinpath(*parts)
    if not path.exists():
        pytest.skip("no " + "/".join(parts) + " in the shared folder")
    return path


def xplaim(*words, code=0, cwd=None, **options):
    """Run the tool and check its exit code; the result has stdout and stderr as text."""
    alone = code or not words or words[0] not in OF_NETWORKS or {"--help", "-h"} & {*map(str, words)}
    assert running["network"] or alone, f"marked no_network, and runs one: {words}"
    done = subprocess.run(
        [str(TOOL), *map(str, words)], capture_output=True, text=True, cwd=cwd, timeout=PATIENCE, **options
    )
    assert done.returncode == code, f"exit code {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done


def rules_of(schema):
    return json.loads((ROOT / "tools" / "schema" / f"{schema}.schema.json").read_text())


# The program's own peak: that of a child counts from its parent's, so that one stands between.
LAUNCHER = """
import resource, subprocess, sys
done = subprocess.run(sys.argv[1:], capture_output=True)
sys.stdout.buffer.write(b"%d\\n" % resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
sys.stdout.buffer.write(done.stdout)
sys.stderr.buffer.write(done.stderr)
sys.exit(done.returncode)
"""
MIB = 1024  # in kilobytes, as the system counts


def frugal(*words, code=0):
    """Run the tool, whose memory never exceeds 64 MiB."""
    words = [sys.executable, "-c", LAUNCHER, str(TOOL), *map(str, words)]
    done = subprocess.run(words, capture_output=True, text=True, timeout=PATIENCE)
    peak, _, done.stdout = done.stdout.partition("\n")
    assert done.returncode == code, f"exit code {done.returncode}\n{done.stdout}\n{done.stderr}"
    assert int(peak) <= 64 * MIB, f"{int(peak) / MIB:.0f} MiB\n{done.stdout}\n{done.stderr}"
    return done


def json_lines(done, schema):
    """The objects on standard output, each checked against tools/schema/SCHEMA.schema.json."""
    rules = rules_of(schema)
    jsonschema.Draft202012Validator.check_schema(rules)
    parts = referencing.Resource.from_contents(rules_of("parts"))
    registry = referencing.Registry().with_resource("parts.schema.json", parts)
    validator = jsonschema.Draft202012Validator(rules, registry=registry)

    def refuse(constant):
        raise AssertionError(f"{constant} is not JSON")

    objects = [json.loads(line, parse_constant=refuse) for line in done.stdout.splitlines()]
    for o in objects:
        validator.validate(o)
        assert o["disclaimer"] == DISCLAIMER
    return objects


def ecg(n, rate):
    """Twelve leads (n, 12) in the order of LEADS, millivolt, that obey Einthoven."""
    t = numpy.arange(n) / rate
    beats = numpy.exp(-(((t % 0.8) - 0.3) ** 2) / (2 * 0.012**2))
    one = 0.7 * beats + 0.05 * numpy.sin(2 * numpy.pi * 0.4 * t)
    two = 1.1 * beats + 0.04 * numpy.sin(2 * numpy.pi * 0.3 * t + 1)
    limb = [one, two, two - one, -(one + two) / 2, one - two / 2, two - one / 2]
    chest = [0.3 * (k + 1) * beats - 0.1 * numpy.roll(beats, k + 5) for k in range(6)]
    return numpy.stack(limb + chest, axis=1)


def write_record(folder, name, mv, rate, leads=LEADS, gain="1000/mV", scale=1000.0, comments=()):
    """A WFDB record of format 16: stored value = mv * scale; gain as the header writes it."""
    digital = numpy.clip(numpy.round(mv * scale), -32767, 32767).astype("<i2")
    pathlib.Path(folder).mkdir(parents=True, exist_ok=True)
    (pathlib.Path(folder) / f"{name}.dat").write_bytes(digital.tobytes())
    lines = [f"{name} {len(leads)} {rate} {len(mv)}"]
    for column, lead in enumerate(leads):
        values = digital[:, column].astype(int)
        checksum = ((int(values.sum()) + 32768) % 65536) - 32768
        lines.append(f"{name}.dat 16 {gain} 16 0 {values[0]} {checksum} 0 {lead}")
    lines += [f"# {c}" for c in comments]
    (pathlib.Path(folder) / f"{name}.hea").write_text("\n".join(lines) + "\n")
    return pathlib.Path(folder) / name


@pytest.fixture(scope="session")
def models(tmp_path_factory):
    """Imported golden models by name, imported when first asked for."""
    folder = tmp_path_factory.mktemp("models")
    made = {}
    leads = {"xplaim_small_odd": "I,II,V1,V2,V3,V4,V5,V6"}

    def model(name, *more):
        source = shared("golden", f"{name}.keras")
        if (name, more) not in made:
            path = folder / f"{name}{len(made)}.safetensors"
            words = ["--leads", leads[name]] if name in leads else []
            xplaim("import", source, "-o", path, *words, *more)
            made[name, more] = path
        return made[name, more]

    return model


@pytest.fixture(scope="session")
def record(tmp_path_factory):
    """A ten-second record at 500 Hz."""
    return write_record(tmp_path_factory.mktemp("record"), "rec", ecg(5000, 500), 500)

"""plot: its kinds, where pictures go and what they are called, what is refused."""

import re
import xml.etree.ElementTree

import numpy
import pytest

from conftest import DISCLAIMER, LEADS, ROOT, ecg, write_record, xplaim
from pictures import read_png

KINDS = ["quick", "fine", "gradcam", "gradcam-single"]
SVG = "{http://www.w3.org/2000/svg}"


def texts(path):
    root = xml.etree.ElementTree.parse(path).getroot()
    assert root.tag == SVG + "svg" and root.get("role") == "img"
    return [e.text for e in root.iter(SVG + "text")], root


def with_model(kind, models):
    return ["-m", models("zoo"), "--label", "label3"] if kind.startswith("gradcam") else []


@pytest.fixture
def zoo_record(tmp_path):
    """A record that the model zoo takes."""
    return write_record(tmp_path / "in", "one", ecg(5000, 500), 500)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_as_png_and_svg(kind, models, zoo_record, tmp_path):
    more = with_model(kind, models)
    done = xplaim("plot", kind, zoo_record, *more, "--png", "--svg", "--dpi", "60", cwd=tmp_path)
    made = [tmp_path / line for line in done.stdout.splitlines()]
    assert [p.suffix for p in made] == [".png", ".svg"]
    for p in made:
        assert re.fullmatch(rf"ECG_one_{kind}_\d{{8}}-\d{{6}}", p.stem) and p.parent == tmp_path / "output" / "imgs"
    picture, dpi = read_png(made[0])
    said, root = texts(made[1])
    assert abs(dpi - 60) < 0.02
    for size, length in zip(picture.shape, (root.get("height"), root.get("width"))):
        assert size == round(float(length.removesuffix("mm")) * 60 / 25.4)
    assert (picture < 100).all(axis=2).mean() > 0.002  # ink
    red = (picture[:, :, 0].astype(int) - picture[:, :, 1] > 15).mean()
    assert (red > 0.01) == (kind != "quick")  # the grid
    assert "one" in said and DISCLAIMER in said
    assert sum(lead in said for lead in LEADS) == (1 if kind == "gradcam-single" else 12)
    assert any("label3" in t for t in said) == kind.startswith("gradcam")
    assert ("time (s)" in said) == (kind == "gradcam-single")


def test_density_and_size(zoo_record, tmp_path):
    sizes = {}
    for dpi in (30, 60, 120):
        xplaim("plot", "fine", zoo_record, "--dpi", dpi, "-o", tmp_path / "p.png")
        picture, told = read_png(tmp_path / "p.png")
        assert abs(told - dpi) < 0.02
        sizes[dpi] = numpy.array(picture.shape[:2])
    assert (abs(sizes[120] - 2 * sizes[60]) <= 1).all() and (abs(sizes[60] - 2 * sizes[30]) <= 1).all()
    assert abs(sizes[60] / 60 * 25.4 - (210, 297)).max() < 0.5  # A4


def test_the_end_of_the_name_decides(zoo_record, tmp_path):
    done = xplaim("plot", "quick", zoo_record, "-o", tmp_path / "p.SVG")
    assert done.stdout.strip() == str(tmp_path / "p.SVG")
    assert DISCLAIMER in texts(tmp_path / "p.SVG")[0]
    assert not (tmp_path / "output").exists()


def test_many_records_and_a_bad_one(zoo_record, tmp_path):
    folder = zoo_record.parent
    write_record(folder, "two", ecg(3000, 500), 500)
    (folder / "bad.hea").write_text("bad 1 500\n")
    done = xplaim("plot", "quick", folder, "-o", tmp_path / "out", "--dpi", "30", code=1)
    assert "bad" in done.stderr
    names = sorted(p.name.split("_")[1] for p in (tmp_path / "out").iterdir())
    assert names == ["one", "two"] and len(done.stdout.splitlines()) == 2
    before = {p: p.read_bytes() for p in (tmp_path / "out").iterdir()}
    xplaim("plot", "quick", zoo_record, folder / "two", "-o", tmp_path / "out", "--dpi", "30")
    after = list((tmp_path / "out").iterdir())
    assert len(after) == 4 and all(p.read_bytes() == b for p, b in before.items())  # none is written over
    (one,) = xplaim("plot", "quick", zoo_record, "-o", tmp_path / "out", "--dpi", "30").stdout.splitlines()
    assert one.startswith(str(tmp_path / "out" / "ECG_one_quick_"))  # a folder that is there


def test_names_that_would_leave_the_folder(tmp_path):
    """The record's name is the header's, whatever that holds."""
    record = write_record(tmp_path / "in", "ok", ecg(1000, 500), 500)
    header = record.with_suffix(".hea")
    header.write_text(header.read_text().replace("ok 12", "a:b 12", 1))
    done = xplaim("plot", "quick", header, "--dpi", "30", cwd=tmp_path)
    (line,) = done.stdout.splitlines()
    assert (tmp_path / line).exists() and ":" not in line


@pytest.mark.parametrize("layout", ["12x1", "6x2", "3x4", "3x4+1", "3x4+3"])
def test_layouts(layout, zoo_record, tmp_path):
    xplaim("plot", "fine", zoo_record, "--layout", layout, "--cabrera", "-o", tmp_path / "p.svg", "--speed", "50", "--gain", "5")
    said, _ = texts(tmp_path / "p.svg")
    assert sum(said.count(lead) for lead in LEADS) == 11 + (int(layout[-1]) if "+" in layout else 0)
    assert "\u2212aVR" in said and any("50 mm/s" in t and "5 mm/mV" in t for t in said)


def test_derived_leads_and_others(tmp_path):
    mv = ecg(5000, 500)
    eight = ["I", "II", "V1", "V2", "V3", "V4", "V5", "V6"]
    record = write_record(tmp_path / "in", "eight", mv[:, [LEADS.index(lead) for lead in eight]], 500, leads=eight)
    xplaim("plot", "fine", record, "--layout", "3x4", "-o", tmp_path / "p.svg")
    said, _ = texts(tmp_path / "p.svg")
    assert {"III (derived)", "aVR (derived)", "aVL (derived)", "aVF (derived)", "V6"} <= set(said)
    assert not any("not recorded" in t for t in said)
    record = write_record(tmp_path / "in", "holter", mv[:, :2], 500, leads=["MLII", "chest lead 5"])
    xplaim("plot", "fine", record, "--layout", "3x4", "-o", tmp_path / "p.svg")
    said, _ = texts(tmp_path / "p.svg")
    assert {"MLII", "chest lead 5", "0 s", "10"} <= set(said)
    assert not any("not recorded" in t for t in said)


def test_a_window_that_is_shorter_than_the_page(models, tmp_path):
    """The model's is 2 s: the page is as long as ever, and says where the window lies in it."""
    record = write_record(tmp_path / "in", "long", ecg(8000, 500), 500)
    xplaim("plot", "gradcam", record, "-m", models("zoo"), "--label", "label3", "-o", tmp_path / "p.svg")
    said = " ".join(texts(tmp_path / "p.svg")[0])
    spans = [re.search(rf"{what}: ([\d.]+)\u2013([\d.]+) s", said).groups() for what in ("shown", "analysed")]
    (start, end), (a, b) = [tuple(map(float, span)) for span in spans]
    assert end - start == 10 and b - a == 2 and start <= a and b <= end


def test_a_label_by_its_number_and_another_style(models, zoo_record, tmp_path):
    pictures = []
    model = models("zoo")
    for k, more in enumerate((["--label", "label3"], ["--label", "2"], ["--label", "2", "--style", "strip"],
                              ["--label", "2", "--colormap", "cividis"])):
        xplaim("plot", "gradcam", zoo_record, "-m", model, *more, "--dpi", "40", "-o", tmp_path / f"{k}.png")
        pictures.append(read_png(tmp_path / f"{k}.png")[0])
    assert (pictures[0] == pictures[1]).all()
    assert (pictures[1] != pictures[2]).any() and (pictures[1] != pictures[3]).any()


def test_what_is_refused(models, zoo_record, tmp_path):
    def told(*words, code):
        return xplaim("plot", *words, "-o", tmp_path / "p.png", code=code).stderr

    assert "no model" in told("gradcam", zoo_record, code=2)
    assert "--label" in told("gradcam", zoo_record, "-m", models("zoo"), code=2)
    assert "nolabel" in told("gradcam", zoo_record, "-m", models("zoo"), "--label", "nolabel", code=2)
    assert "gradcam-single" in told("pretty", zoo_record, code=2)
    assert "5x5" in told("fine", zoo_record, "--layout", "5x5", code=2)
    assert "12.5, 25 or 50" in told("fine", zoo_record, "--speed", "30", code=2)
    assert "5, 10 or 20" in told("fine", zoo_record, "--gain", "7", code=2)
    assert "10 to 2400" in told("fine", zoo_record, "--dpi", "5", code=2)
    assert "has 10 s" in told("fine", zoo_record, "--start", "20", code=1)
    assert "X9" in told("fine", zoo_record, "--layout", "3x4+1", "--rhythm", "X9", code=1)
    assert "two" in told("fine", zoo_record, "--png", "--svg", code=2)
    numpy.save(tmp_path / "x.npy", numpy.zeros((1, 100, 12), numpy.float32))
    assert "no lead names" in told("fine", tmp_path / "x.npy", code=1)
    assert "missing" in told("fine", tmp_path / "missing", code=1)
    assert not (tmp_path / "p.png").exists()


# ==== training ===================================================================================

LOG = "epoch,loss,val_loss,val_auroc,learning_rate,seconds\n1,0.5,0.6,0.5,0.001,2\n2,0.4,0.41,0.7,0.002,2\n3,0.3,0.5,,0.001,2\n"


def make_package(folder, log=LOG):
    (folder / "mi_package" / "logs").mkdir(parents=True)
    (folder / "mi_package" / "logs" / "training.csv").write_text(log)
    return folder / "mi_package"


def test_training_curves(tmp_path):
    package = make_package(tmp_path)
    done = xplaim("plot", "training", package, "--svg", "--png", cwd=tmp_path)
    made = [tmp_path / line for line in done.stdout.splitlines()]
    assert all(re.fullmatch(r"mi_package_training_\d{8}-\d{6}", p.stem) for p in made)
    picture, dpi = read_png(made[0])
    said = texts(made[1])[0]
    assert abs(dpi - 300) < 0.02 and abs(picture.shape[1] / 300 * 25.4 - 183) < 0.1
    assert {"mi_package", "loss", "epoch", "learning rate", "training", "validation", DISCLAIMER} <= set(said)
    assert any("epoch 2" in t and "0.41" in t for t in said)  # the best one
    for path in (package / "logs", package / "logs" / "training.csv", f"{package}/"):
        xplaim("plot", "training", path, "-o", tmp_path / "same.svg")
        assert (tmp_path / "same.svg").read_bytes() == made[1].read_bytes()


def test_logs_that_are_none(tmp_path):
    for name, log, told in (("a", "epoch,loss\n", "no epoch"), ("b", "loss\n1\n", "epoch"), ("c", "", "empty"),
                            ("d", "epoch,loss\nx,1\n", "line 2"), ("e", "epoch,loss\n1,2,3\n", "line 2")):
        package = make_package(tmp_path / name, log)
        assert told in xplaim("plot", "training", package, "-o", tmp_path / "p.png", code=1).stderr
    assert "no log" in xplaim("plot", "training", tmp_path, "-o", tmp_path / "p.png", code=1).stderr
    assert not (tmp_path / "p.png").exists()
    package = make_package(tmp_path / "f", "epoch,loss\n1,0.5\n")  # one epoch, nothing else known
    xplaim("plot", "training", package, "-o", tmp_path / "p.svg")
    assert any("No validation loss" in t for t in texts(tmp_path / "p.svg")[0])


def test_marks_and_median_beat(tmp_path):
    sample = ROOT / "web" / "samples" / "00219_hr"  # eleven sinus beats and a ventricular one
    plain, marked, beat = (tmp_path / f"{name}.svg" for name in ("plain", "marked", "beat"))
    xplaim("plot", "fine", sample, "-o", plain)
    xplaim("plot", "fine", sample, "--marks", "-o", marked)
    xplaim("plot", "beat", sample, "-o", beat)
    said = texts(marked)[0]
    assert said.count("N") == 11 and said.count("V") == 1 and "V" not in texts(plain)[0]
    assert "00219_hr   median of 11 beats" in texts(beat)[0]
    assert all(lead in texts(beat)[0] for lead in LEADS)
    flat = write_record(tmp_path / "in", "flat", numpy.zeros((5000, 12)), 500)
    refused = xplaim("plot", "beat", flat, "-o", beat, code=1)
    assert "no median beat" in refused.stderr

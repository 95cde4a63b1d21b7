"""evaluate and compare: figures, and the report in one file."""

import html.parser
import re
import xml.etree.ElementTree

import numpy
import pytest

from conftest import DISCLAIMER, json_lines, shared, xplaim
from pictures import read_png

ONE = ["summary", "roc", "pr", "reliability", "confusion"]
TWO = ["summary", "paired", "roc", "pr", "reliability"]
SVG = "{http://www.w3.org/2000/svg}"
VOID = {"meta", "br", "link"}


@pytest.fixture
def scores(tmp_path):
    """Scores of two models for three labels, of which the last has one class, and the truth."""
    random = numpy.random.default_rng(5)
    truth = (random.random((80, 3)) < [0.3, 0.5, 0]).astype(int)
    truth[:5, 1] = -1
    for name, strength in (("a", 0.5), ("b", 0.2)):
        value = (strength * (truth == 1) + random.random((80, 3))) / (1 + strength)
        numpy.save(tmp_path / f"{name}.npy", value)
    numpy.save(tmp_path / "y.npy", truth)
    numpy.save(tmp_path / "p.npy", numpy.arange(80) // 2)
    return tmp_path


def words(folder, *more):
    return ["--truth", folder / "y.npy", "--patients", folder / "p.npy", "--names", "afib,<b>&pvc,lqt", "--threshold", "0.5",
            "--resamples", "100", *more]


def evaluate(folder, *more, **options):
    return xplaim("evaluate", "--scores", folder / "a.npy", *words(folder, *more), **options)


def compare(folder, *more, **options):
    return xplaim("compare", "--scores-a", folder / "a.npy", "--scores-b", folder / "b.npy", *words(folder, *more), **options)


class Page(html.parser.HTMLParser):
    """The page's elements, checked to be closed in order; its text; the rows of its tables."""

    def __init__(self, path):
        super().__init__()
        self.open, self.elements, self.text, self.rows = [], [], "", []
        self.feed(path.read_text(encoding="utf-8"))
        self.close()
        assert not self.open

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data
        if self.open and {"td", "th"} & set(self.open):
            self.rows[-1][-1] += " " + data if self.open[-1] == "small" else data

    def all(self, tag):
        return [a for t, a in self.elements if t == tag]


def check_page(path, figures):
    page = Page(path)
    source = path.read_text(encoding="utf-8")
    assert page.elements[0] == ("html", {"lang": "en"}) and page.all("title") and page.all("h1")
    assert page.text.count(DISCLAIMER) >= 2 + figures  # above, below, in every figure
    assert not re.search(r"\b(src|href)=|url\(|https?://(?!www\.w3\.org/2000/svg)", source)  # asks for nothing
    assert "default-src 'none'" in page.all("meta")[-1]["content"]
    svgs = page.all("svg")
    assert len(svgs) == figures and all(s["role"] == "img" for s in svgs)
    assert len(page.all("caption")) == len(page.all("table"))
    assert all(h["scope"] in ("row", "col") for h in page.all("th"))
    assert "prefers-color-scheme:dark" in source and "@media print" in source
    return page


def test_report_of_one_model(scores):
    done = evaluate(scores, "--report", scores / "r.html")
    assert done.stdout.splitlines()[-1] == str(scores / "r.html")
    page = check_page(scores / "r.html", len(ONE))
    (o,) = json_lines(evaluate(scores, "--json", "--report", scores / "again.html"), "evaluate")
    assert (scores / "again.html").read_bytes() == (scores / "r.html").read_bytes()
    tables = [r for r in page.rows if r and r[0] == "afib"]
    auroc = o["evaluation"]["labels"][0]["auroc"]
    low, high = auroc["delong"]
    assert tables[0][3] == f"{auroc['value']:.3f} {low:.3f}\u2013{high:.3f}"
    counts = o["evaluation"]["labels"][0]["confusion"]
    assert tables[1][2:6] == [str(counts[k]) for k in ("tp", "fn", "tn", "fp")]
    (lqt, *_) = [r for r in page.rows if r and r[0] == "lqt"]
    assert "undefined" in lqt[3]
    assert "<b>&pvc" in page.text and "&#60;b&#62;&#38;pvc" in (scores / "r.html").read_text()
    assert "bootstrap over patients (100 resamples" in page.text and "80 cases of 40 patients" in page.text


def test_report_of_two_models(scores):
    compare(scores, "--report", scores / "r.html")
    page = check_page(scores / "r.html", len(TWO))
    (o,) = json_lines(compare(scores, "--json"), "compare")
    (row, *_) = [r for r in page.rows if r and r[0] == "afib"]
    label = o["labels"][0]
    assert row[1:3] == [f"{v:.3f}" for v in label["auroc"]]
    assert row[3].startswith(f"{label['difference']:+.3f} {label['delong'][0]:+.3f} to ")
    paired = label["sensitivity"]
    assert row[6] == f"{paired['only_a']} / {paired['only_b']}"


@pytest.mark.parametrize("two", [False, True])
def test_figures(two, scores):
    run = compare if two else evaluate
    done = run(scores, "--figures", scores / "figs", "--dpi", "60")
    wanted = [f"{n}.{e}" for n in (TWO if two else ONE) for e in ("png", "svg")]
    assert [line.rsplit("/", 1)[1] for line in done.stdout.splitlines()[-len(wanted):]] == wanted
    assert sorted(p.name for p in (scores / "figs").iterdir()) == sorted(wanted)
    for name in TWO if two else ONE:
        picture, dpi = read_png(scores / "figs" / f"{name}.png")
        root = xml.etree.ElementTree.parse(scores / "figs" / f"{name}.svg").getroot()
        said = " ".join(e.text for e in root.iter(SVG + "text"))
        assert abs(dpi - 60) < 0.02 and picture.shape[1] == round(183 * 60 / 25.4)
        assert DISCLAIMER in said and "afib" in said and "y.npy: 80 cases, 40 patients" in said
        assert (picture < 100).all(axis=2).mean() > 0.0005  # ink
        assert ("a: a.npy" in said) == two


def curve_points(path, width):
    """The polylines of this width, in mm."""
    root = xml.etree.ElementTree.parse(path).getroot()
    lines = [e for e in root.iter(SVG + "polyline") if e.get("stroke-width") == width]
    return [numpy.array([[float(v) for v in p.split(",")] for p in l.get("points").split()]) for l in lines]


def test_curves_are_those_of_the_data(scores):
    """The drawn ROC curve, measured in the picture, has the AUROC that the table tells."""
    (o,) = json_lines(evaluate(scores, "--json", "--figures", scores / "figs"), "evaluate")
    curves = curve_points(scores / "figs" / "roc.svg", "0.4")
    assert len(curves) == 2  # lqt has none
    for curve, label in zip(curves, o["evaluation"]["labels"]):
        x, y = curve.T
        side = x[-1] - x[0]
        area = numpy.sum(numpy.diff(x) * (2 * y[0] - y[1:] - y[:-1]) / 2) / side**2
        assert abs(y[0] - y[-1] - side) < 0.01
        assert abs(area - label["auroc"]["value"]) < 0.005


def test_training_curves_of_a_package(scores):
    """A model in a package brings its log along; here the log lies where a package has it."""
    model = shared("golden", "zoo.keras")
    package = scores / "m_package"
    (package / "logs").mkdir(parents=True)
    xplaim("import", model, "-o", package / "model_m.safetensors")
    (package / "logs" / "training.csv").write_text("epoch,loss,val_loss\n1,2,3\n2,1,2\n")
    x = numpy.load(shared("golden", "zoo", "x.npy"))
    labels = xplaim("info", package / "model_m.safetensors", "--json")
    n = len(json_lines(labels, "info")[0]["labels"])
    truth = numpy.arange(len(x) * n).reshape(len(x), n) % 2
    numpy.savez(package / "test.npz", x=x, y=truth)
    done = xplaim("evaluate", "-m", package / "model_m.safetensors", "--test-set", package / "test.npz", "--report",
                  scores / "r.html", "--figures", scores / "figs", "--dpi", "50")
    assert "training.png" in done.stdout
    page = check_page(scores / "r.html", len(ONE) + 1)
    assert "SHA-256" in page.text and "model_m.safetensors" in page.text
    same = xplaim("compare", "--model-a", package / "model_m.safetensors", "--model-b", package / "model_m.safetensors",
                  "--test-set", package / "test.npz", "--figures", scores / "two", "--dpi", "50").stdout
    assert "training-a.svg" in same and "training-b.png" in same


def test_scores_that_are_no_probabilities(scores):
    numpy.save(scores / "a.npy", 10 * numpy.load(scores / "a.npy") - 3)
    evaluate(scores, "--report", scores / "r.html")
    assert "no probabilities" in check_page(scores / "r.html", len(ONE)).text


def test_many_labels_without_resamples(tmp_path):
    random = numpy.random.default_rng(1)
    numpy.save(tmp_path / "s.npy", random.random((40, 25)))
    numpy.save(tmp_path / "y.npy", (random.random((40, 25)) < 0.4).astype(int))
    xplaim("evaluate", "--scores", tmp_path / "s.npy", "--truth", tmp_path / "y.npy", "--resamples", "0", "--report",
           tmp_path / "r.html", "--names", ",".join(f"a_label_of_no_short_name_{i}" for i in range(25)))
    check_page(tmp_path / "r.html", len(ONE))


def test_what_is_refused(scores):
    (scores / "file").write_text("")
    assert "not a folder" in evaluate(scores, "--figures", scores / "file", code=1).stderr
    assert "is a folder" in evaluate(scores, "--report", scores, code=1).stderr
    assert "10 to 2400" in evaluate(scores, "--figures", scores / "figs", "--dpi", "3", code=2).stderr
    before = (scores / "a.npy").read_bytes()
    assert "a.npy" in evaluate(scores, "--report", scores / "a.npy", code=2).stderr
    assert (scores / "a.npy").read_bytes() == before and not (scores / "figs").exists()

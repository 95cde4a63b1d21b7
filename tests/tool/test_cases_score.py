"""xplaim cases score and pack: what answers are worth, what a package holds."""

import base64
import gzip
import hashlib
import json
import re
import shutil
import zipfile
from xml.etree import ElementTree

import pytest

from case_sets import PAGE, example, folder, write  # noqa: F401 (folder is a fixture)
from conftest import ROOT, json_lines, xplaim

pytestmark = pytest.mark.no_network

TABLE = json.loads((ROOT / "tests" / "data" / "teach" / "scoring.json").read_text())


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


# ==== scoring ===============================================================================


def table_sets():
    """The rows of the table as case sets by certainty: a case for each row."""
    sets = {}
    for i, row in enumerate(TABLE["rows"]):
        certainty = row.get("certainty", "no")
        if certainty not in sets:
            sets[certainty] = (
                {"format": "ecg-xplaim-cases", "version": 1, "id": "table", "title": "Table", "lists": TABLE["lists"],
                 "settings": {"certainty": certainty}, "cases": []},
                {"format": "ecg-xplaim-answers", "version": 1, "set": "table", "cases": []},
                [],
            )
        document, answers, rows = sets[certainty]
        document["cases"].append({"id": f"row-{i}", "level": row.get("level", "intermediate"), "record": "none.hea",
                                  "tasks": [{"id": "task", **row["task"]}]})
        given = [] if row["answer"] is None else [{"task": "task", **row["answer"]}]
        answers["cases"].append({"case": f"row-{i}", "answers": given})
        rows.append(row)
    return sets


def scored(folder, document, answers):
    folder.mkdir(exist_ok=True)
    write(folder, document)
    (folder / "answers.json").write_text(json.dumps(answers))
    (results,) = json_lines(xplaim("cases", "score", folder, folder / "answers.json", "--json"), "answers")
    return results


def test_the_table_of_answers(tmp_path):
    assert len(TABLE["rows"]) >= 60
    for certainty, (document, answers, rows) in table_sets().items():
        results = scored(tmp_path / certainty, document, answers)
        total = most = 0
        for row, case in zip(rows, results["cases"], strict=True):
            (task,) = case["tasks"]
            assert task["points"] == pytest.approx(row["points"], abs=1e-9), row["name"]
            floor = -6 if certainty == "marks" else 0
            assert case["points"] == pytest.approx(max(floor, row["points"]), abs=1e-9), row["name"]
            for key, value in row.get("expect", {}).items():
                assert task[key] == (pytest.approx(value, abs=1e-6) if isinstance(value, float) else value), row["name"]
            total += case["points"]
            most += case["max_points"]
        assert results["points"] == pytest.approx(total, abs=1e-6)
        assert results["score"] == pytest.approx(max(0, 100 * total / most), abs=1e-6)


def answer(case, *given, **more):
    return {"case": case, "answers": [{"task": task, **what} for task, what in given], **more}


def answers_to(*cases):
    return {"format": "ecg-xplaim-answers", "version": 1, "set": "week-3", "cases": list(cases)}


def test_a_set_is_scored(tmp_path):
    """A task below 0 takes from the others of its case and from nothing else."""
    given = answers_to(
        answer("af-1", ("find", {"named": ["tachsr", "rvr"], "certainty": 3}), ("rate", {"value": 75, "certainty": 1}),
               ("where", {"marks": [{"lead": "II", "at": 7.2}]})),
        answer("af-2", ("find", {"named": ["afib", "tachsr"]})))
    results = scored(tmp_path / "s", example(), given)
    assert [(c["points"], c["max_points"]) for c in results["cases"]] == [(1.5, 4), (0, 2)]
    assert results["cases"][1]["tasks"][0]["points"] == -1.5
    assert (results["points"], results["max_points"], results["score"], results["passed"]) == (1.5, 6, 25, False)
    assert results["tags"] == [
        {"tag": "rhythm", "cases": 2, "points": 1.5, "max_points": 6, "score": 25},
        {"tag": "second", "cases": 1, "points": 0, "max_points": 2, "score": 0}]
    assert [(c["tasks"], c["right"], c["share"]) for c in results["certainty"]] == [(1, 1, 1), (0, 0, None), (1, 0, 0)]
    text = xplaim("cases", "score", tmp_path / "s", tmp_path / "s" / "answers.json").stdout
    assert "25 of 100" in text and "not passed" in text and "not answered" in text


def test_of_the_attempts_that_count_the_best_counts(tmp_path):
    tries = [answer("af-2", ("find", {"named": named})) for named in ([], ["rvr"], ["rvr"], ["rvr", "afib"])]
    results = scored(tmp_path / "s", example(), answers_to(*tries))
    assert [(c["attempt"], c["counted"]) for c in results["cases"]] == [(1, False), (2, True), (3, False), (4, False)]
    assert (results["played"], results["score"], results["passed"]) == (1, 100, True)
    document = example()
    document["settings"]["attempts"] = 1
    assert scored(tmp_path / "s", document, answers_to(*tries))["score"] == 0


def test_nothing_to_score_is_no_score(tmp_path):
    document = example()
    document["cases"][0]["tasks"] = [{"id": "say", "type": "text"}]
    results = scored(tmp_path / "s", document, answers_to(answer("af-1", ("say", {"text": "x"}))))
    assert (results["score"], results["passed"], results["cases"][0]["score"]) == (None, None, None)


WRONG_ANSWERS = {
    "another set": (lambda a: a.update(set="x"), "", "set"),
    "format": (lambda a: a.update(format="x"), "", "format"),
    "no such case": (lambda a: a["cases"][0].update(case="x"), "x", "case"),
    "no such task": (lambda a: a["cases"][0]["answers"][0].update(task="x"), "af-1", "answers[0].task"),
    "answered twice": (lambda a: a["cases"][0]["answers"].append({"task": "find"}), "af-1", "answers[4].task"),
    "no such statement": (lambda a: a["cases"][0]["answers"][0].update(named=["x"]), "af-1", "answers[0].named[0]"),
    "value as a text": (lambda a: a["cases"][0]["answers"][1].update(value="75"), "af-1", "answers[1].value"),
    "calipers of no width": (lambda a: a["cases"][0]["answers"].__setitem__(1, {"task": "rate", "from": 1, "to": 1}), "af-1", "answers[1]"),
    "mark without a time": (lambda a: a["cases"][0]["answers"][2].update(marks=[{"lead": "I"}]), "af-1", "answers[2].marks[0]"),
    "mark in no lead": (lambda a: a["cases"][0]["answers"][2].update(marks=[{"lead": "X", "at": 1}]), "af-1", "answers[2].marks[0].lead"),
    "two options of one": (lambda a: a["cases"][0]["answers"][3].update(chosen=["a", "b"]), "af-1", "answers[3].chosen[1]"),
    "no such option": (lambda a: a["cases"][0]["answers"][3].update(chosen=["z"]), "af-1", "answers[3].chosen[0]"),
    "certainty": (lambda a: a["cases"][0]["answers"][0].update(certainty=4), "af-1", "answers[0].certainty"),
    "attempt twice": (lambda a: a["cases"].append({**a["cases"][0], "attempt": 1}), "af-1", "attempt"),
}


@pytest.mark.parametrize("name", WRONG_ANSWERS)
def test_answers_that_are_none(tmp_path, name):
    change, case, field = WRONG_ANSWERS[name]
    given = answers_to(answer("af-1", ("find", {"named": ["afib"]}), ("rate", {"value": 75}), ("where", {"marks": []}),
                              ("next", {"chosen": ["a"]})))
    scored(tmp_path / "s", example(), given)
    change(given)
    (tmp_path / "s" / "answers.json").write_text(json.dumps(given))
    words = ("cases", "score", tmp_path / "s", tmp_path / "s" / "answers.json")
    (told,) = json_lines(xplaim(*words, "--json", code=1), "cases")
    assert (told["error"]["case"], told["error"]["field"]) == (case, field), told
    assert told["error"]["text"] in xplaim(*words, code=1).stderr


# ==== packages ==============================================================================


def inside(html):
    """The data elements of a page, by name."""
    found = re.findall(r'<script type="text/plain" data-inside="([^"]*)" data-bytes="(\d+)">([^<]*)</script>\n', html)
    return {name: (int(size), text) for name, size, text in found}


@pytest.fixture()
def page(tmp_path):
    path = tmp_path / "page.html"
    path.write_text(PAGE)
    return path


def test_one_html_file(folder, tmp_path, page):
    out = tmp_path / "out.html"
    assert xplaim("cases", "pack", write(folder, example()), "-o", out, "--html", "--page", page).stdout.strip() == str(out)
    html = out.read_text()
    assert "<title>Rhythm, week 3 &amp; more</title>" in html
    assert '<ecg-xplaim cases="cases/cases.json" lock>The page</ecg-xplaim>' in html
    assert html.endswith("</script>\n<script>run()</script>\n</body></html>\n")
    parts = inside(html)
    files = ["network/af-2.json", "records/one.dat", "records/one.hea", "records/two.dat", "records/two.hea"]
    assert list(parts) == ["page.html", "readers.wasm", "cases/cases.json", *(f"cases/{f}" for f in files)]
    for name in ["cases.json", *files]:
        size, text = parts[f"cases/{name}"]
        data = gzip.decompress(base64.b64decode(text, validate=True))
        assert data == (folder / name).read_bytes() and len(data) == size
    assert "lock" not in open_page(folder, tmp_path, page)
    again = tmp_path / "again.html"
    xplaim("cases", "pack", folder, "-o", again, "--html", "--page", out)
    assert inside(again.read_text()).keys() == parts.keys()


def open_page(folder, tmp_path, page):
    document = example()
    document["settings"]["lock"] = False
    xplaim("cases", "pack", write(folder, document), "-o", tmp_path / "open.html", "--html", "--page", page)
    return (tmp_path / "open.html").read_text().split("data-inside")[0]


def test_the_network_goes_along_when_asked(folder, tmp_path, page):
    write(folder, example())
    xplaim("cases", "pack", folder, "-o", tmp_path / "o.html", "--html", "--with-network", "--page", page)
    assert "model.safetensors" in inside((tmp_path / "o.html").read_text())
    page.write_text(PAGE.replace("model.safetensors", "other"))
    words = ("cases", "pack", folder, "-o", tmp_path / "p.html", "--html", "--with-network", "--page", page)
    assert "no model" in xplaim(*words, code=1).stderr
    assert not (tmp_path / "p.html").exists()


def test_without_the_network_one_module_does(folder, tmp_path, page):
    """Nothing takes long then, and the package is a third smaller."""
    modules = "".join(f'<script type="text/plain" data-inside="{name}" data-bytes="3">{name}</script>\n'
                      for name in ("modules.json", "xplaim-relaxed.wasm", "xplaim-scalar.wasm", "xplaim-simd.wasm"))
    page.write_text(PAGE.replace("<script>run()", f"{modules}<script>run()"))
    write(folder, example())
    xplaim("cases", "pack", folder, "-o", tmp_path / "o.html", "--html", "--page", page)
    parts = inside((tmp_path / "o.html").read_text())
    assert [n for n in parts if "xplaim" in n] == ["xplaim-scalar.wasm"]
    size, text = parts["modules.json"]
    data = gzip.decompress(base64.b64decode(text))
    assert json.loads(data) == ["scalar"] and len(data) == size
    xplaim("cases", "pack", folder, "-o", tmp_path / "n.html", "--html", "--with-network", "--page", page)
    whole = inside((tmp_path / "n.html").read_text())
    assert "xplaim-simd.wasm" in whole and whole["modules.json"][1] == "modules.json"


# What the schemas of IMS Content Packaging 1.1.2 and of the ADL's additions ask of the elements that are used here: which
# come inside, in this order, and which attributes there are, with those that have to be.
MANIFEST = {
    "manifest": (["metadata", "organizations", "resources"], {"identifier": True, "version": False}),
    "metadata": (["schema", "schemaversion"], {}),
    "organizations": (["organization"], {"default": False}),
    "organization": (["title", "item"], {"identifier": True}),
    "item": (["title", "masteryscore"], {"identifier": True, "identifierref": False, "isvisible": False}),
    "resources": (["resource"], {}),
    "resource": (["file"], {"identifier": True, "type": True, "href": False, "scormtype": False}),
    "file": ([], {"href": True}),
}
LONGEST = {"title": 200, "schema": 100, "schemaversion": 20, "version": 20}


def check_manifest(element, ids):
    """An element and all in it, by the schemas; identifiers are names of XML, each once."""
    def local(name):
        return name.rpartition("}")[2]

    name = local(element.tag)
    inside, attributes = MANIFEST.get(name, ([], {}))
    order = [inside.index(local(child.tag)) for child in element]
    assert order == sorted(order), name
    given = {local(key): value for key, value in element.attrib.items() if local(key) != "schemaLocation"}
    assert given.keys() <= attributes.keys() and {key for key, needed in attributes.items() if needed} <= given.keys(), name
    for key, value in [*given.items(), (name, element.text or "")]:
        assert len(value) <= LONGEST.get(key, 2000), (key, len(value))
    if "identifier" in given:
        assert re.fullmatch(r"[A-Za-z_][A-Za-z0-9_.-]*", given["identifier"]) and given["identifier"] not in ids
        ids.add(given["identifier"])
    if name == "masteryscore":
        assert re.fullmatch(r"\d{1,3}", element.text) and int(element.text) <= 100
    for child in element:
        check_manifest(child, ids)
    return ids


@pytest.mark.parametrize("title, ident, passed", [
    ("Rhythm, week 3 & more", "week-3", 70), ("\u00c4" * 200, "1.2_x", 0), ("A \U0001f9e1 of & \"signs\" \u0394" * 8, "-", 99.6)])
def test_a_manifest_is_one_by_the_schemas(folder, tmp_path, page, title, ident, passed):
    document = example()
    document.update(title=title, id=ident)
    document["settings"]["pass"] = passed
    xplaim("cases", "pack", write(folder, document), "-o", tmp_path / "a.zip", "--scorm12", "--page", page)
    with zipfile.ZipFile(tmp_path / "a.zip") as z:
        text = z.read("imsmanifest.xml").decode("utf-8")
    manifest = ElementTree.fromstring(text)
    ids = check_manifest(manifest, set())
    ims = "{http://www.imsproject.org/xsd/imscp_rootv1p1p2}"
    for element, key in (("organizations", "default"), ("item", "identifierref")):
        (one,) = manifest.iter(f"{ims}{element}")
        assert one.get(key) in ids
    for element in manifest.iter(f"{ims}title"):
        assert element.text == title


def test_a_scorm_package(folder, tmp_path, page):
    """Two files, of which the second is the HTML file; the same set makes the same bytes."""
    write(folder, example())
    xplaim("cases", "pack", folder, "-o", tmp_path / "o.html", "--html", "--page", page)
    for name in ("a.zip", "b.zip"):
        xplaim("cases", "pack", folder, "-o", tmp_path / name, "--scorm12", "--page", page)
    assert digest(tmp_path / "a.zip") == digest(tmp_path / "b.zip")
    with zipfile.ZipFile(tmp_path / "a.zip") as z:
        assert z.namelist() == ["imsmanifest.xml", "index.html"]
        assert z.read("index.html") == (tmp_path / "o.html").read_bytes()
        manifest = ElementTree.fromstring(z.read("imsmanifest.xml"))
    ims, adl = "{http://www.imsproject.org/xsd/imscp_rootv1p1p2}", "{http://www.adlnet.org/xsd/adlcp_rootv1p2}"
    assert manifest.get("identifier") == "SET-week-3"
    (item,) = manifest.iter(f"{ims}item")
    (resource,) = manifest.iter(f"{ims}resource")
    assert item.find(f"{ims}title").text == "Rhythm, week 3 & more"
    assert item.find(f"{adl}masteryscore").text == "70"
    assert item.get("identifierref") == resource.get("identifier")
    assert (resource.get(f"{adl}scormtype"), resource.get("href")) == ("sco", "index.html")


def test_without_a_pass_there_is_no_mastery_score(folder, tmp_path, page):
    document = example()
    document["settings"]["pass"] = None
    xplaim("cases", "pack", write(folder, document), "-o", tmp_path / "a.zip", "--scorm12", "--page", page)
    with zipfile.ZipFile(tmp_path / "a.zip") as z:
        assert b"masteryscore" not in z.read("imsmanifest.xml")


def test_a_set_as_a_zip(folder, tmp_path):
    out = tmp_path / "set.zip"
    xplaim("cases", "pack", write(folder, example()), "-o", out, "--zip")
    with zipfile.ZipFile(out) as z:
        assert z.namelist() == ["cases.json", "network/af-2.json", "records/one.dat", "records/one.hea",
                                "records/two.dat", "records/two.hea"]
        assert z.read("cases.json") == (folder / "cases.json").read_bytes()
    assert "2 cases" in xplaim("cases", "check", out).stdout


def test_what_cannot_be_packed(folder, tmp_path, page):
    write(folder, example())
    pack = ("cases", "pack", folder)
    xplaim(*pack, "-o", tmp_path / "o.zip", code=2)
    xplaim(*pack, "-o", tmp_path / "o.zip", "--zip", "--html", code=2)
    xplaim(*pack, "-o", tmp_path / "o.html", "--zip", code=2)
    xplaim(*pack, "--zip", code=2)
    xplaim("cases", "mend", folder, code=2)
    page.write_text("<html></html>")
    assert "not the page as one file" in xplaim(*pack, "-o", tmp_path / "o.zip", "--scorm12", "--page", page, code=1).stderr
    shutil.rmtree(folder / "records")
    assert "missing" in xplaim(*pack, "-o", tmp_path / "o.zip", "--zip", code=1).stderr
    assert not (tmp_path / "o.zip").exists()


def test_a_page_that_is_not_there_is_asked_for(folder, tmp_path):
    done = xplaim("cases", "pack", write(folder, example()), "-o", tmp_path / "o.zip", "--scorm12", code=1)
    assert "--page FILE" in done.stderr

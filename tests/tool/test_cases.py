"""xplaim cases check: sets that are refused, where and in which words, and what is noted."""

import json
import re
import zipfile

import numpy
import pytest

from case_sets import example, folder, write, zipped  # noqa: F401 (folder is a fixture)
from conftest import ecg, json_lines, write_record, xplaim

pytestmark = pytest.mark.no_network


# ==== sets that are sets ====================================================================


def test_folder_file_and_zip_are_checked_alike(folder, tmp_path):
    write(folder, example())
    places = [folder, folder / "cases.json", zipped(folder, tmp_path / "set.zip"),
              zipped(folder, tmp_path / "deeper.zip", "week 3/")]
    for place in places:
        (told,) = json_lines(xplaim("cases", "check", place, "--json"), "cases")
        assert (told["cases"], told["tasks"], told["max_points"], told["warnings"]) == (2, 6, 6, [])
    assert "2 cases, 6 tasks, 6 points" in xplaim("cases", "check", *places).stdout


def test_what_is_odd_is_a_note(folder):
    document = example()
    document["mine"] = {"kept": True}
    case = document["cases"][0]
    case["explain"] = "Look at {B}."
    case["tasks"][1].update(answer=140, beats=1)
    del case["tasks"][1]["lead"]
    (told,) = json_lines(xplaim("cases", "check", write(folder, document), "--json"), "cases")
    assert [(w["case"], w["field"]) for w in told["warnings"]] == [
        ("", "mine"), ("af-1", "tasks[1].answer"), ("af-1", "explain")]
    assert "{B} names no mark" in told["warnings"][2]["text"]
    text = xplaim("cases", "check", folder).stdout
    assert text.count("note:") == 3


def test_beats_that_spread_are_a_note(folder):
    """Every second beat comes early: no answer holds for any RR interval."""
    mv = ecg(5000, 500)
    uneven = [piece for i in range(6) for piece in (mv[i * 800 : i * 800 + 400], mv[i * 800 + 400 : i * 800 + 700])]
    write_record(folder / "records", "one", numpy.concatenate(uneven), 500)
    document = example()
    case = document["cases"][0]
    case["tasks"] = [{"id": "rr", "type": "measure", "quantity": "rr", "answer": 700}]
    case.pop("marks")
    case["explain"] = ""
    (told,) = json_lines(xplaim("cases", "check", write(folder, document), "--json"), "cases")
    (warning,) = told["warnings"]
    assert warning["field"] == "tasks[0].tolerance" and "own beats" in warning["text"] and "between" in warning["text"]
    case["tasks"][0]["beats"] = 4
    assert "note" not in xplaim("cases", "check", write(folder, document)).stdout
    case["tasks"][0].update(beats=1, between={"from": 1, "to": 3})
    assert "note" not in xplaim("cases", "check", write(folder, document)).stdout


# ==== sets that are none ====================================================================


def put(document, path, value):
    """Set the field that a path of keys and numbers leads to; DROP takes it out."""
    *way, last = path
    for key in way:
        document = document[key]
    if value is DROP:
        del document[last]
    else:
        document[last] = value


DROP = object()
ONE = ("cases", 0)
TASK = (*ONE, "tasks")
# What is put where, the case and the field of the fault, words of the reason, words of what to do.
BROKEN = {
    "format": (("format",), "other", "", "format", "another format", 'write "ecg-xplaim-cases"'),
    "version": (("version",), 2, "", "version", "not known", "newer"),
    "version as a text": (("version",), "1", "", "version", "this is a text", "write a number"),
    "no id": (("id",), DROP, "", "id", "missing", "write a text"),
    "id with a blank": (("id",), "week 3", "", "id", "SCORM", "letters, digits"),
    "id too long": (("id",), "w" * 65, "", "id", "SCORM", "1 to 64"),
    "no title": (("title",), " ", "", "title", "empty", "write one"),
    "title as a number": (("title",), 3, "", "title", "this is a number", "write a text"),
    "tag in the title": (("title",), "Week <b>3</b>", "", "title", "markup", "plain text or Markdown"),
    "comment in the about": (("about",), "a <!-- b -->", "", "about", "markup", "plain text or Markdown"),
    "control character": (("about",), "bell \x07", "", "about", "control character", "take it out"),
    "language": (("lang",), "english please", "", "lang", "no language", 'write "en"'),
    "iri": (("iri",), "javascript:alert(1)", "", "iri", "no address", "https://"),
    "authors": (("authors",), "A. Teacher", "", "authors", "this is a text", "write an array"),
    "markup in an author": (("authors", 0), "<img src=x>", "", "authors[0]", "markup", "plain text"),
    "settings as a list": (("settings",), [], "", "settings", "this is an array", "write an object"),
    "level": (("settings", "level"), "expert", "", "settings.level", 'no "expert"', "beginner, intermediate, advanced"),
    "order": (("settings", "order"), "random", "", "settings.order", 'no "random"', "given, mixed, grouped"),
    "feedback": (("settings", "feedback"), "late", "", "settings.feedback", 'no "late"', "each, end, none"),
    "network": (("settings", "network"), "always", "", "settings.network", 'no "always"', "never, after"),
    "certainty": (("settings", "certainty"), "yes", "", "settings.certainty", 'no "yes"', "no, ask, marks"),
    "pass": (("settings", "pass"), 101, "", "settings.pass", "101", "from 0 to 100"),
    "attempts": (("settings", "attempts"), 1.5, "", "settings.attempts", "whole number", "write one"),
    "pick": (("settings", "pick"), 0, "", "settings.pick", "0 is not possible", "from 1"),
    "pick of more than there are": (("settings", "pick"), 3, "", "settings.pick", "3 cases are to be drawn of 2", "no more"),
    "lock": (("settings", "lock"), "yes", "", "settings.lock", "this is a text", "true or false"),
    "lists": (("lists",), [], "", "lists", "object of lists", "by its name"),
    "name of a list": (("lists", "a b"), [{"id": "x", "text": "X"}], "", "lists", "no name", "letters"),
    "empty list": (("lists", "rhythm"), [], "", "lists.rhythm", "0 items", "at least 1"),
    "statement twice": (("lists", "rhythm", 2, "id"), "afib", "", "lists.rhythm[2].id", "twice", "of its own"),
    "in of nothing": (("lists", "rhythm", 1, "in"), "none", "", "lists.rhythm[1].in", "no statement", "name one"),
    "in a circle": (("lists", "rhythm", 0, "in"), "afib", "", "lists.rhythm[0].in", "in itself", "take one"),
    "not with nothing": (("lists", "rhythm", 3, "not_with"), ["x"], "", "lists.rhythm[3].not_with[0]", "no statement", "name one"),
    "not with its parent": (("lists", "rhythm", 1, "not_with"), ["svarr"], "", "lists.rhythm[1].not_with[0]", "excludes", "take one"),
    "no cases": (("cases",), [], "", "cases", "0 items", "at least 1"),
    "a case as a text": (("cases", 0), "af-1", "number 1", "", "this is a text", "write an object"),
    "case without an id": ((*ONE, "id"), DROP, "number 1", "id", "missing", "write a text"),
    "cases of one id": (("cases", 1, "id"), "af-1", "af-1", "id", "cases 1 and 2", "of its own"),
    "record missing": ((*ONE, "record"), "records/three.hea", "af-1", "record", "missing from the set", "put it there"),
    "record outside": ((*ONE, "record"), "../one.hea", "af-1", "record", "leads out", "inside it"),
    "record outside further in": ((*ONE, "record"), "records/../../one.hea", "af-1", "record", "leads out", "inside it"),
    "record from the root": ((*ONE, "record"), "/etc/passwd", "af-1", "record", "leads out", "relative"),
    "record of a drive": ((*ONE, "record"), "C:\\one.hea", "af-1", "record", "leads out", "relative"),
    "record of an address": ((*ONE, "record"), "https://example.edu/1", "af-1", "record", "character", "rename"),
    "record no recording": ((*ONE, "record"), "network/af-2.json", "af-1", "record", "cannot be read", ""),
    "earlier record missing": ((*ONE, "before"), "records/old.hea", "af-1", "before", "missing", "put it there"),
    "network missing": ((*ONE, "network"), "network/x.json", "af-1", "network", "missing", "put it there"),
    "network no document": ((*ONE, "network"), "records/one.hea", "af-1", "network", "xplaim explain --json", "anew"),
    "sha256 no digest": ((*ONE, "sha256"), {"records/one.dat": "12"}, "af-1", "sha256.records/one.dat", "no SHA-256", "64 digits"),
    "sha256 of another": ((*ONE, "sha256"), {"records/one.dat": "0" * 64}, "af-1", "sha256.records/one.dat", "records/one.dat is not the one", "original"),
    "sha256 of nothing": ((*ONE, "sha256"), {"records/x.dat": "0" * 64}, "af-1", "sha256.records/x.dat", "missing", "put it there"),
    "layout": ((*ONE, "view", "layout"), "4x3", "af-1", "view.layout", 'no "4x3"', "3x4+1"),
    "view outside": ((*ONE, "view", "start"), 10.5, "af-1", "view.start", "outside the recording", "inside it"),
    "rhythm lead": ((*ONE, "view", "rhythm"), "V7", "af-1", "view.rhythm", "has no lead V7", "name one"),
    "script in the story": ((*ONE, "story"), "x<script>alert(1)</script>", "af-1", "story", "markup", "plain text"),
    "tag that is not closed": ((*ONE, "story"), "x <img/src=x onerror=alert(1)", "af-1", "story", "markup", "plain text"),
    "long story": ((*ONE, "story"), "é" * 4001, "af-1", "story", "4001 characters", "4000"),
    "no tasks": (TASK, [], "af-1", "tasks", "0 items", "at least 1"),
    "21 tasks": (TASK, [{"id": f"t{i}", "type": "text"} for i in range(21)], "af-1", "tasks", "21 items", "at most 20"),
    "type": ((*TASK, 0, "type"), "essay", "af-1", "tasks[0].type", 'no "essay"', "findings, measure"),
    "tasks of one id": ((*TASK, 1, "id"), "find", "af-1", "tasks[1].id", "twice", "of its own"),
    "list of nothing": ((*TASK, 0, "list"), "axis", "af-1", "tasks[0].list", "no list", "name one"),
    "must of nothing": ((*TASK, 0, "must"), ["x"], "af-1", "tasks[0].must[0]", "no statement", "name one"),
    "nothing that must": ((*TASK, 0, "must"), [], "af-1", "tasks[0].must", "0 items", "at least 1"),
    "must and must not": ((*TASK, 0, "must_not"), ["afib"], "af-1", "tasks[0].must_not[0]", "among must already", "once"),
    "must and may": ((*TASK, 0, "may"), ["rvr"], "af-1", "tasks[0].may[0]", "among should already", "once"),
    "two must that exclude": ((*TASK, 0), {"id": "f", "type": "findings", "list": "rhythm", "must": ["afib", "tachsr"]}, "af-1", "tasks[0].must", "exclude each other", "keep one"),
    "points of nothing": ((*TASK, 0, "must"), [{"id": "afib", "points": 0}], "af-1", "tasks[0].must[0].points", "0 is not possible", "0.1"),
    "quantity": ((*TASK, 1, "quantity"), "height", "af-1", "tasks[1].quantity", 'no "height"', "rate, rr"),
    "measure without answer": ((*TASK, 1, "answer"), DROP, "af-1", "tasks[1].answer", "missing", "write a number"),
    "answer as a text": ((*TASK, 1, "answer"), "75", "af-1", "tasks[1].answer", "this is a text", "write a number"),
    "rate below 0": ((*TASK, 1, "answer"), -75, "af-1", "tasks[1].answer", "-75", "above 0"),
    "unit": ((*TASK, 1, "unit"), "ms", "af-1", "tasks[1].unit", "/min", 'write "/min"'),
    "tolerance below 0": ((*TASK, 1, "tolerance"), -1, "af-1", "tasks[1].tolerance", "-1", "from 0"),
    "lead": ((*TASK, 1, "lead"), "V0", "af-1", "tasks[1].lead", 'no lead "V0"', "V1 to V9"),
    "formula": ((*TASK, 1, "quantity"), "qtc", "af-1", "tasks[1].formula", "missing", "write a text"),
    "between outside": ((*TASK, 1, "between"), {"from": 8, "to": 10.1}, "af-1", "tasks[1].between.to", "outside the recording", "10 s"),
    "no target": ((*TASK, 2, "targets"), [], "af-1", "tasks[2].targets", "0 items", "at least 1"),
    "target outside": ((*TASK, 2, "targets", 0, "to"), 12, "af-1", "tasks[2].targets[0].to", "outside the recording", "inside it"),
    "target before": ((*TASK, 2, "targets", 0, "from"), -1, "af-1", "tasks[2].targets[0].from", "outside the recording", "from 0 on"),
    "target backwards": ((*TASK, 2, "targets", 0, "to"), 7, "af-1", "tasks[2].targets[0].to", "behind its start", "later end"),
    "target in no lead": ((*TASK, 2, "targets", 0, "lead"), "X", "af-1", "tasks[2].targets[0].lead", "no lead", "* for any"),
    "more needed than there are": ((*TASK, 2, "need"), 2, "af-1", "tasks[2].need", "2 are needed of 1", "no more"),
    "one option": ((*TASK, 3, "options"), [{"id": "a", "text": "A", "right": True}], "af-1", "tasks[3].options", "1 items", "at least 2"),
    "no right option": ((*TASK, 3, "options", 0, "right"), False, "af-1", "tasks[3].options", "none of them", '"right": true'),
    "options of one id": ((*TASK, 3, "options", 1, "id"), "a", "af-1", "tasks[3].options[1].id", "twice", "of its own"),
    "one of several": ((*TASK, 3), {"id": "n", "type": "choice", "several": False, "options": [
        {"id": i, "text": i, "right": True} for i in "ab"]}, "af-1", "tasks[3].several", "2 options are right", "write true"),
    "37 options": ((*TASK, 3, "options"), [{"id": f"o{i}", "text": "x", "right": i == 0} for i in range(37)],
                   "af-1", "tasks[3].options", "37 items", "at most 36"),
    "markup in a model answer": ((*TASK, 4, "model"), "</p>", "af-1", "tasks[4].model", "markup", "plain text"),
    "51 marks": ((*ONE, "marks"), [{"id": f"m{i}", "lead": "I", "from": 0, "to": 1} for i in range(51)], "af-1", "marks", "51 items", "at most 50"),
    "marks of one letter": ((*ONE, "marks"), [{"id": "A", "lead": "I", "from": 0, "to": 1}] * 2, "af-1", "marks[1].id", "twice", "of its own"),
    "mark outside": ((*ONE, "marks", 0, "to"), 10.01, "af-1", "marks[0].to", "outside the recording", "inside it"),
    "mark in any lead": ((*ONE, "marks", 0, "lead"), "*", "af-1", "marks[0].lead", "no lead", "I, II"),
    "markup in the explanation": ((*ONE, "explain"), "<a href=x>y</a>", "af-1", "explain", "markup", "plain text"),
    "like itself": ((*ONE, "like"), "af-1", "af-1", "like", "itself", "another case"),
    "like nothing": ((*ONE, "like"), "x", "af-1", "like", 'no case "x"', "another case"),
    "markup in the source": ((*ONE, "source", "text"), "<br>", "af-1", "source.text", "markup", "plain text"),
}


def refused(place):
    """The one fault of a set, which both forms of output tell."""
    (told,) = json_lines(xplaim("cases", "check", place, "--json", code=1), "cases")
    done = xplaim("cases", "check", place, code=1)
    assert done.stdout == "" and len(done.stderr.splitlines()) == 1
    assert told["error"]["text"] in done.stderr
    return told["error"]


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_set_is_told_with_its_place(folder, name):
    path, value, case, field, reason, advice = BROKEN[name]
    document = example()
    put(document, path, value)
    fault = refused(write(folder, document))
    assert (fault["case"], fault["field"]) == (case, field), fault
    assert reason in fault["text"] and advice in fault["text"], fault
    assert (not case) or case in fault["text"]
    assert field in fault["text"]


def test_a_fault_has_its_line(folder):
    document = example()
    document["cases"][1]["tasks"][0]["list"] = "axis"
    write(folder, document)
    lines = (folder / "cases.json").read_text().splitlines()
    fault = refused(folder)
    assert '"list": "axis"' in lines[fault["line"] - 1]
    assert f"line {fault['line']}" in xplaim("cases", "check", folder, code=1).stderr


TEXTS = {
    "no JSON": ('{"format": "ecg-xplaim-cases",}', "no JSON", 1),
    "empty": ("", "no JSON", 1),
    "cut": ('{\n"format":\n', "no JSON", 2),
    "more behind": ('{}\n{}', "follows", 2),
    "a list": ("[]", "write an object", 0),
    "key twice": (json.dumps(example()).replace('"version": 1', '"version": 1, "version": 1'), "twice", 0),
    "key twice inside": (json.dumps(example()).replace('"type": "text"', '"type": "text", "model": "<b>"'), "twice", 0),
    "character 0": (json.dumps(example()).replace("71-year-old", "71\\u0000<b>"), "character 0", 1),
    "deep": ("[" * 33 + "]" * 33, "32 deep", 1),
    "501 cases": (json.dumps({**example(), "cases": [{"id": f"c{i}"} for i in range(501)]}), "501 items", 1),
    "large": (" " * (8 << 20) + "{}", "8 MiB", 1),
}


@pytest.mark.parametrize("name", TEXTS)
def test_a_text_that_is_no_set(folder, name):
    text, reason, line = TEXTS[name]
    fault = refused(write(folder, text))
    assert reason in fault["text"] and (not line or fault["line"] == line), fault


def test_a_text_that_is_no_utf8(folder):
    (folder / "cases.json").write_bytes(json.dumps(example()).replace("Teacher", "T\u00e9acher").encode()[:-4] + b"\xff\n")
    assert "UTF-8" in refused(folder)["text"]


def test_ids_that_a_course_takes_for_one(folder):
    document = example()
    document["cases"][0]["id"], document["cases"][0]["tasks"][0]["id"] = "a", "b.c"
    document["cases"][1]["id"], document["cases"][1]["tasks"][0]["id"] = "a.b", "c"
    del document["cases"][0]["like"]
    fault = refused(write(folder, document))
    assert fault["field"] == "tasks" and '"a.b.c"' in fault["text"]


def test_a_signal_file_that_is_missing_is_named(folder):
    (folder / "records" / "two.dat").unlink()
    fault = refused(write(folder, example()))
    assert (fault["case"], fault["field"]) == ("af-2", "record") and "two.dat" in fault["text"]


def test_places_that_hold_no_set(tmp_path, folder):
    assert "is not there" in refused(tmp_path / "nowhere")["text"]
    assert "no cases.json" in refused(folder)["text"]
    (tmp_path / "no.zip").write_bytes(b"PK\x03\x04 and then nothing of an archive")
    assert "zip" in refused(tmp_path / "no.zip")["text"]


def test_archives_are_bounded(folder, tmp_path):
    """Zeros pack a thousand to one: what would unpack to more than is read is refused before it does."""
    write(folder, example())
    for name, where in (("records/one.dat", "one.dat"), ("cases.json", "cases.json")):
        path = zipped(folder, tmp_path / "bomb.zip")
        with zipfile.ZipFile(path) as z:
            kept = {n: z.read(n) for n in z.namelist() if n != name}
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as z:
            for n, data in kept.items():
                z.writestr(n, data)
            entry = zipfile.ZipInfo(name)
            entry.compress_type = zipfile.ZIP_DEFLATED
            with z.open(entry, "w", force_zip64=True) as f:  # piece by piece: 300 MB are not held here
                for _ in range(300):
                    f.write(bytes(1 << 20))
        fault = refused(path)
        assert where in fault["text"] and re.search(r"would unpack|256 MB", fault["text"]), fault


def test_an_archive_with_a_file_twice(folder, tmp_path):
    write(folder, example())
    path = zipped(folder, tmp_path / "twice.zip")
    with zipfile.ZipFile(path, "a") as z, pytest.warns(UserWarning):
        z.writestr("cases.json", "{}")
    assert "cases.json twice" in refused(path)["text"]


def test_links_lead_nowhere(folder, tmp_path):
    write(folder, example())
    (tmp_path / "outside").write_bytes((folder / "records" / "one.dat").read_bytes())
    (folder / "records" / "one.dat").unlink()
    (folder / "records" / "one.dat").symlink_to(tmp_path / "outside")
    assert "one.dat" in refused(folder)["text"]

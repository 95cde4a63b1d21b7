"""A case set, whole, that the tests of `xplaim cases` change."""

import json
import zipfile

import pytest

from conftest import ecg, write_record


# The page as one file, as far as the tool looks into it.
PAGE = (
    "<!doctype html>\n<html><head><title>The page</title></head><body><ecg-xplaim>The page</ecg-xplaim>\n"
    '<script type="text/plain" data-inside="page.html" data-bytes="3">H4sI</script>\n'
    '<script type="text/plain" data-inside="cases/cases.json" data-bytes="3">OLD</script>\n'
    '<script type="text/plain" data-inside="model.safetensors" data-bytes="3">MODEL</script>\n'
    '<script type="text/plain" data-inside="readers.wasm" data-bytes="3">READERS</script>\n'
    '<script type="text/plain" data-inside="samples/a.dat" data-bytes="3">SAMPLE</script>\n'
    "<script>run()</script>\n</body></html>\n"
)


def example():
    """A set with a task of every kind, on a record of ten seconds in which all beats are alike."""
    return {
        "format": "ecg-xplaim-cases", "version": 1, "id": "week-3", "title": "Rhythm, week 3 & more", "lang": "en",
        "iri": "https://example.edu/ecg/rhythm-3", "authors": ["A. Teacher"], "licence": "CC-BY-4.0",
        "about": "Text with **Markdown**, and PR < 120 ms.",
        "settings": {"level": "intermediate", "certainty": "ask", "check": ["Rate", "Rhythm"], "attempts": 2, "pass": 70, "lock": True},
        "lists": {"rhythm": [
            {"id": "svarr", "text": "Supraventricular arrhythmia"},
            {"id": "afib", "text": "Atrial fibrillation", "in": "svarr"},
            {"id": "rvr", "text": "Rapid ventricular response"},
            {"id": "tachsr", "text": "Sinus tachycardia", "not_with": ["afib"]},
        ]},
        "cases": [
            {
                "id": "af-1", "tags": ["rhythm"], "record": "records/one.hea", "before": None,
                "view": {"layout": "3x4+1", "rhythm": "II", "speed": 25, "gain": 10, "start": 0, "seconds": 10},
                "story": "A 71-year-old woman with palpitations.",
                "tasks": [
                    {"id": "find", "type": "findings", "prompt": "Name every finding.", "list": "rhythm",
                     "must": ["afib"], "should": ["rvr"], "must_not": ["tachsr"]},
                    {"id": "rate", "type": "measure", "quantity": "rate", "beats": 6, "lead": "II", "answer": 75},
                    {"id": "where", "type": "mark", "targets": [{"lead": "*", "from": 7.18, "to": 7.95}]},
                    {"id": "next", "type": "choice", "options": [
                        {"id": "a", "text": "No P waves", "right": True}, {"id": "b", "text": "Rate", "why": "Both."}]},
                    {"id": "say", "type": "text", "model": "Atrial fibrillation."},
                ],
                "marks": [{"id": "A", "lead": "V1", "from": 5.0, "to": 7.5, "text": "no P waves"}],
                "explain": "No P waves {A}.", "like": "af-2", "source": {"text": "Made", "licence": "CC0-1.0"},
            },
            {"id": "af-2", "tags": ["rhythm", "second"], "record": "records/two.hea", "network": "network/af-2.json",
             "tasks": [{"id": "find", "type": "findings", "list": "rhythm", "must": [{"id": "rvr", "points": 2}]}]},
        ],
    }


@pytest.fixture()
def folder(tmp_path):
    """The example's folder, without cases.json: `write` puts it there."""
    here = tmp_path / "set"
    for name in ("one", "two"):
        write_record(here / "records", name, ecg(5000, 500), 500)
    (here / "network").mkdir()
    (here / "network" / "af-2.json").write_text('{"model": {"name": "made up"}}')
    (here / "notes.txt").write_text("not a part of the set")
    return here


def write(folder, document):
    text = document if isinstance(document, str) else json.dumps(document, indent=1)
    (folder / "cases.json").write_text(text)
    return folder


def zipped(folder, path, inside=""):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as z:
        for file in sorted(folder.rglob("*")):
            if file.is_file():
                z.write(file, inside + str(file.relative_to(folder)))
    return path

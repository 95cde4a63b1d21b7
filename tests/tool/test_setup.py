"""setup: what data sets there are, and their tables of labels."""

import pytest
from conftest import ecg, json_lines, write_record, xplaim
from training import RATE, data, make_ptbxl, rows, signal_of

pytestmark = pytest.mark.no_network


def test_setup_ptbxl(data):
    (o,) = json_lines(xplaim("setup", "--datasets", "ptb-xl", "--json", cwd=data), "setup")
    counts = {l["name"]: (l["yes"], l["no"], l["unknown"]) for l in o["labels"]}
    assert o["records"] == 120 and counts["afib"] == (40, 80, 0) and counts["pvc"] == (30, 90, 0)
    assert counts["imi"] == (0, 108, 12) and counts["vt"] == (0, 0, 120)
    table = rows(data / "output/metadata/ptb-xl_labels_metadata.csv")
    assert list(table[0])[:4] == ["patient_id", "ecg_id", "filename_hr", "afib"]
    assert table[3]["patient_id"] == "1" and table[3]["afib"] == "1" and table[3]["sex"] == "F"
    assert all((data / "output" / name).is_dir() for name in ("metadata", "models", "imgs"))
    text = xplaim("setup", "--datasets", "ptb-xl", "--data-dir", "data", cwd=data).stdout
    assert "afib" in text and "atrial fibrillation" in text


def test_setup_options(data, tmp_path):
    for option, value, want in (("--uncertain", "1", 12), ("--uncertain", "0", 0)):
        (o,) = json_lines(xplaim("setup", "--data-dir", data / "data", option, value, "--json", cwd=tmp_path), "setup")
        assert {l["name"]: l["yes"] for l in o["labels"]}["imi"] == want
    (o,) = json_lines(xplaim("setup", "--data-dir", data / "data", "--compat", "--json", cwd=tmp_path), "setup")
    assert all(l["unknown"] == 0 for l in o["labels"])
    assert "--uncertain 2" in xplaim("setup", "--uncertain", "2", code=2, cwd=tmp_path).stderr
    assert "ptb-xl,mimic-iv,cinc" in xplaim("setup", "--datasets", "mitdb", code=2, cwd=tmp_path).stderr
    (tmp_path / "none").mkdir()
    assert "ptbxl_database.csv" in xplaim("setup", "--data-dir", "none", code=1, cwd=tmp_path).stderr


def test_setup_all_three(tmp_path):
    make_ptbxl(tmp_path / "data" / "ptb", 4)
    mimic = tmp_path / "data" / "mimic-iv-ecg"
    mimic.mkdir()
    (mimic / "record_list.csv").write_text(
        "subject_id,study_id,file_name,ecg_time,path\n10,101,101,2180-07-23,files/p10/101\n11,102,102,x,files/p11/102\n"
        "12,103,103,x,files/p12/103\n")
    (mimic / "machine_measurements.csv").write_text(
        "subject_id,study_id,report_0,report_1\n11,102,Sinus rhythm,\"Left bundle, branch block\"\n"
        "10,101,Atrial fibrillation,Abnormal ECG\n")
    for i, dx in enumerate(("164889003", "426783006")):
        write_record(tmp_path / "data" / "cinc2021" / "g1", f"A000{i}", signal_of(i), RATE,
                     comments=["Age: 74", "Sex: Male", f"Dx: {dx}"])
    objects = json_lines(xplaim("setup", "--json", cwd=tmp_path), "setup")
    assert [o["data_set"] for o in objects] == ["ptb-xl", "mimic-iv", "cinc"]
    assert [o["records"] for o in objects] == [4, 2, 2] and objects[1]["left_out"] == 1
    yes = [{l["name"]: l["yes"] for l in o["labels"]} for o in objects]
    assert yes[1]["afib"] == 1 and yes[2]["afib"] == 1
    table = rows(tmp_path / "output/metadata/cinc_labels_metadata.csv")
    assert table[0]["path"] == "g1/A0000" and table[0]["age"] == "74" and table[0]["sex"] == "M"
    assert [r["study_id"] for r in rows(tmp_path / "output/metadata/mimic-iv_labels_metadata.csv")] == ["101", "102"]


def test_corrupt_row(tmp_path):
    make_ptbxl(tmp_path / "data" / "ptb-xl", 3)
    path = tmp_path / "data" / "ptb-xl" / "ptbxl_database.csv"
    path.write_bytes(path.read_bytes().replace(b"{'SR': 0.0}", b"{'SR': 0.0"))
    done = xplaim("setup", cwd=tmp_path, code=1)
    assert "ptbxl_database.csv, line 6" in done.stderr and "scp_codes" in done.stderr
    assert not (tmp_path / "output/metadata/ptb-xl_labels_metadata.csv").exists()

"""xplaim measure: records of exact timing, abstention, documents."""

import csv
import io
import json
import struct

import numpy
import pytest
from conftest import LEADS, ROOT, json_lines, shared, write_record, xplaim
from exact import recording, wave
from test_field import frugal

pytestmark = pytest.mark.no_network

SHARP = {"heart_rate": 1, "p_duration": 10, "pr_interval": 10, "qrs_duration": 6, "qt_interval": 12}
CASES = (
    [{"hr": hr, "pr": 0.16 if hr < 120 else 0.12, "p": 0.1 if hr < 120 else 0.08} for hr in (45, 60, 75, 100, 120, 150)]
    + [{"hr": 70, "qrs": qrs, "qt": 0.42} for qrs in (0.08, 0.12, 0.14, 0.16)]
    + [{"hr": 65, "pr": pr} for pr in (0.13, 0.2, 0.26, 0.3)]
    + [{"hr": 60, "qt": qt} for qt in (0.3, 0.34, 0.46, 0.52)]
    + [{"hr": 70, "premature": (3, 8)}, {"hr": 85, "fibrillation": True}]
)


def values(o):
    return {m["name"]: m["value"] for m in o["measurements"]}


def reasons(o):
    return {m["name"]: m["reason"] for m in o["measurements"]}


def measured(*records):
    return json_lines(xplaim("measure", "--json", *records), "measure")


@pytest.mark.parametrize("noise_uv", [0, 15])
@pytest.mark.parametrize("soft", [False, True])
@pytest.mark.parametrize("rate", [250, 360, 500, 1000])
def test_exact_timing(tmp_path, rate, soft, noise_uv):
    truths = []
    for i, case in enumerate(CASES):
        mv, truth = recording(rate=rate, soft=soft, noise_uv=noise_uv, **case)
        write_record(tmp_path, f"r{i:02}", mv, rate)
        truths.append(truth)
    wrong = []
    for case, truth, o in zip(CASES, truths, measured(tmp_path)):
        for name, limit in SHARP.items():
            got, want = values(o)[name], truth[name]
            if want is None:
                if got is not None or reasons(o)[name] != "NO_P_WAVE":
                    wrong.append((case, name, got, None))
                continue
            limit = limit * 2 if soft and name != "heart_rate" else limit
            if got is None or abs(got - want) > limit:
                wrong.append((case, name, got, want))
    # QRS of 60 ms apart from the last digit, QT beside a P wave in noise: none may be far off.
    assert not wrong


def test_ectopic_beats(tmp_path):
    mv, _ = recording(hr=70, premature=(3, 8))
    (o,) = measured(write_record(tmp_path, "e", mv, 500))
    assert [b["class"] for b in o["beats"]].count("V") == 2
    assert o["rhythm"]["ventricular_ectopic"] == 2 and o["rhythm"]["p_waves"] == "present"
    assert all(b["p"]["onset_s"] is None for b in o["beats"] if b["class"] == "V")


@pytest.mark.parametrize("rate, leads", [(500, LEADS), (360, ["II", "V1"]), (1000, LEADS[:2] + LEADS[6:])])
def test_fusion_beats(tmp_path, rate, leads):
    """A sinus and a ventricular complex at once, where a sinus beat is due, are a fusion beat; without a ventricular one
    to compare with, or too early for a sinus beat, it is none."""
    some = [LEADS.index(lead) for lead in leads]

    def written(name, **what):
        mv, _ = recording(rate=rate, hr=70, noise_uv=8, **what)
        return write_record(tmp_path, name, mv[:, some], rate, leads=leads)

    fused, alone, none = measured(written("a", premature=(3, 8), fused=(6,)), written("b", fused=(6,)), written("c", premature=(3, 8)))
    assert [b["class"] for b in fused["beats"]] == list("NNNVNNFNVNNN")
    assert [b["symbol"] for b in fused["beats"]] == [b["class"] for b in fused["beats"]]
    assert fused["rhythm"]["fusion_beats"] == 1 and fused["rhythm"]["ventricular_ectopic"] == 2
    assert "F" not in {b["class"] for b in alone["beats"] + none["beats"]}
    assert alone["rhythm"]["fusion_beats"] == none["rhythm"]["fusion_beats"] == 0
    early = recording(rate=rate, hr=70, noise_uv=8, premature=(3, 8), fused=(3,))[0]
    (o,) = measured(write_record(tmp_path, "d", early[:, some], rate, leads=leads))
    assert "F" not in {b["class"] for b in o["beats"]}


def test_fusion_beats_are_counted_apart(tmp_path):
    mv, _ = recording(hr=70, noise_uv=8, premature=(3, 8), fused=(6,))
    path = write_record(tmp_path, "f", mv, 500)
    assert "ectopic beats: 0 supraventricular, 2 ventricular; fusion beats: 1\n" in xplaim("measure", path).stdout
    (row,) = csv.DictReader(io.StringIO(xplaim("measure", "--csv", path).stdout))
    assert (row["ventricular_ectopic"], row["fusion_beats"]) == ("2", "1")
    (o,) = measured(path)
    sinus = [b["rr_s"] for before, b in zip(o["beats"], o["beats"][1:]) if before["class"] == b["class"] == "N"]
    assert abs(o["rhythm"]["rr"]["sdnn_ms"] - 1000 * numpy.std(sinus, ddof=1)) < 0.2, "intervals beside it are no normal ones"


def with_stimuli(mv, onsets, rate, before, height=1.2):
    """Deflections of a pacemaker, 2 ms wide with a tail of 8 ms, `before` s before each complex."""
    out = mv.copy()
    tail = [1, -0.1, 0.06, 0.03] if rate <= 500 else [1, 1, -0.1, -0.08, 0.06, 0.05, 0.03, 0.02]
    for k, onset in enumerate(onsets):
        at = int(round((onset - before) * rate))
        for i, part in enumerate(tail):
            if 0 <= at + i < len(out):
                out[at + i] += part * height * numpy.array([0.8, 1, 0.2, -0.9, 0.3, 0.6, 1, 1, 1, 0.9, 0.9, 0.8]) * (-1) ** k
    return out


@pytest.mark.parametrize("rate", [500, 1000])
def test_pacing(tmp_path, rate):
    """A pacemaker's stimuli are told and are no part of any wave; the atrium's do not make paced complexes."""
    mv, truth = recording(hr=70, rate=rate, qrs=0.15, qt=0.44, noise_uv=5)
    onsets = 0.45 + numpy.arange(12) * 60 / 70
    write_record(tmp_path, "a_ventricle", with_stimuli(mv, onsets, rate, 0.024), rate)
    write_record(tmp_path, "b_atrium", with_stimuli(mv, onsets, rate, 0.19), rate)
    one = mv.copy()
    one[:, 7] = with_stimuli(mv, onsets, rate, 0.024)[:, 7]
    write_record(tmp_path, "c_one_lead", one, rate)
    write_record(tmp_path, "d_none", mv, rate)
    ventricle, atrium, one, none = measured(tmp_path)
    assert [o["rhythm"]["paced"] for o in (ventricle, atrium, one, none)] == [True, True, False, False]
    assert {b["symbol"] for b in ventricle["beats"]} == {"/"} and {b["class"] for b in ventricle["beats"]} == {"Q"}
    assert {b["symbol"] for b in atrium["beats"]} == {"N"}
    assert ventricle["rhythm"]["rr"]["sdnn_ms"] is not None and ventricle["rhythm"]["ventricular_ectopic"] == 0
    for o in (ventricle, atrium):
        for name, limit in SHARP.items():
            assert abs(values(o)[name] - truth[name]) <= limit, (name, values(o)[name])
    assert all(m["reliability"] != "high" for m in ventricle["measurements"] if m["name"].startswith("q"))


def test_states_of_a_paced_file():
    """A cart's own numbers for a recording with a pacemaker's stimuli, which are 30 ms before the complexes."""
    (o,) = measured(shared("fixtures", "muse_xml", "braveheart_example4.xml"))
    assert o["rhythm"]["paced"] and {b["symbol"] for b in o["beats"]} == {"/"}
    for name, want, limit in (("qrs_duration", 128, 10), ("pr_interval", 209, 20), ("qt_interval", 459, 30)):
        assert abs(values(o)[name] - want) <= limit, name


@pytest.mark.parametrize("leads", [LEADS, LEADS[:2] + LEADS[6:], LEADS[:6], LEADS[:3], LEADS[:2], ["II"]])
def test_fewer_leads(tmp_path, leads):
    mv, truth = recording(hr=65, noise_uv=5)
    some = mv[:, [LEADS.index(lead) for lead in leads]]
    (o,) = measured(write_record(tmp_path, "r", some, 500, leads=leads))
    got = values(o)
    for name, limit in SHARP.items():
        assert abs(got[name] - truth[name]) <= 2 * limit, name
    assert (got["qrs_axis"] is not None) == (len(leads) > 1)
    if len(leads) == 1:
        assert reasons(o)["qrs_axis"] == "LEADS_MISSING"


@pytest.mark.parametrize("rate", [250, 500])
@pytest.mark.parametrize("noise_uv", [0, 10])
def test_notched_p(tmp_path, rate, noise_uv):
    """A P wave of two humps ends with the second one."""
    for i, p in enumerate((0.1, 0.11, 0.12, 0.13)):
        mv, _ = recording(hr=65, rate=rate, pr=0.18, p=p, notched=True, noise_uv=noise_uv)
        write_record(tmp_path, f"r{i}", mv, rate)
    got = [values(o) for o in measured(tmp_path)]
    assert all(abs(v["pr_interval"] - 180) <= 10 for v in got)
    assert all(abs(v["p_duration"] - p) <= 15 for v, p in zip(got, (100, 110, 120, 130))), [v["p_duration"] for v in got]


@pytest.mark.parametrize("hr", [50, 60, 72])
def test_long_p(tmp_path, hr):
    """Where P has room for itself, a long one is not cut short."""
    widths = (0.1, 0.12, 0.14, 0.16)
    for i, p in enumerate(widths):
        mv, _ = recording(hr=hr, pr=p + 0.06, p=p, noise_uv=8, seed=i)
        write_record(tmp_path, f"r{i}", mv, 500)
    got = [values(o)["p_duration"] for o in measured(tmp_path)]
    assert all(abs(v - 1000 * p) <= 10 for v, p in zip(got, widths)), got


@pytest.mark.parametrize("hr", [50, 60, 72])
@pytest.mark.parametrize("noise_uv", [0, 8])
def test_long_soft_p(tmp_path, hr, noise_uv):
    """Nor is its soft foot."""
    widths = (0.12, 0.14, 0.16)
    for i, p in enumerate(widths):
        mv, _ = recording(hr=hr, pr=p + 0.06, p=p, soft=True, noise_uv=noise_uv, seed=i)
        write_record(tmp_path, f"r{i}", mv, 500)
    got = [values(o)["p_duration"] for o in measured(tmp_path)]
    assert all(abs(v - 1000 * p) <= 20 for v, p in zip(got, widths)), got


@pytest.mark.parametrize("gap", [0.025, 0.03, 0.035])
def test_t_just_before_qrs(tmp_path, gap):
    """At high rates T may end so shortly before the next complex that the two are as near as parts of one complex."""
    t = numpy.arange(5000) / 500
    x = numpy.zeros(len(t))
    for on in numpy.arange(0.3, 9.5, 0.34):
        x += wave(t, on, on + 0.1, False) + 0.4 * wave(t, on + 0.16, on + 0.34 - gap, False)
    mv = numpy.outer(x, numpy.linspace(0.4, 1.2, 12))
    (o,) = measured(write_record(tmp_path, "r", mv, 500))
    assert abs(values(o)["qrs_duration"] - 100) <= 12


def test_axis_and_amplitudes(tmp_path):
    mv, truth = recording(hr=65)
    (o,) = measured(write_record(tmp_path, "r", mv, 500))
    lead = {x["lead"]: x["amplitudes"] for x in o["leads"]}
    for i, name in enumerate(LEADS):
        r = mv[:, i].max()
        if r > 0.3:
            assert abs(lead[name]["r"] - r) <= max(0.025, 0.05 * r), name
    on = 0.45
    inside = slice(int(on * 500), int((on + 0.09) * 500))
    x, y = mv[inside, 0].sum(), mv[inside, 5].sum() * 2 / 3**0.5
    axis = numpy.degrees(numpy.arctan2(y, x))
    assert abs(values(o)["qrs_axis"] - axis) <= 5


def test_nothing_to_measure(tmp_path):
    rng = numpy.random.default_rng(3)
    write_record(tmp_path, "a_noise", rng.normal(0, 0.1, (5000, 12)), 500)
    write_record(tmp_path, "b_flat", numpy.zeros((5000, 12)), 500)
    write_record(tmp_path, "c_one_beat", recording(hr=45, seconds=1.2)[0], 500)
    write_record(tmp_path, "d_one_sample", numpy.zeros((1, 12)), 500)
    for o in measured(tmp_path):
        for m in o["measurements"]:
            assert m["value"] is None and m["reason"], o["record"]
            assert "not measurable" in m["text"]


def test_nothing_recorded_for_a_while(tmp_path):
    """The time in which no lead shows anything is no interval between beats."""
    mv, _ = recording(hr=68, noise_uv=8)
    mv[1450:2770] = mv[1450]  # from behind a T wave to before a P wave, three beats later
    (o,) = measured(write_record(tmp_path, "r", mv, 500))
    assert {f["code"] for f in o["quality"]["findings"]} == {"flat"}
    assert abs(values(o)["heart_rate"] - 68) <= 1 and o["rhythm"]["rr"]["max_ms"] < 1000
    assert o["rhythm"]["irregularity"] == "regular" and sum(b["rr_s"] is None for b in o["beats"]) == 2


def no_more_beats_than(before, after, blind):
    """Each beat is one of before, none outside blind (s, with a margin) is missed, and no interval spans a missed one."""
    times = [b["time_s"] for b in before["beats"]]
    of = [min(range(len(times)), key=lambda k: abs(times[k] - b["time_s"])) for b in after["beats"]]
    assert all(abs(times[k] - b["time_s"]) <= 0.03 for k, b in zip(of, after["beats"])), "a beat that is none"
    lost = [times[k] for k in range(len(times)) if k not in of]
    assert all(blind[0] - 0.3 <= t <= blind[1] + 0.3 for t in lost), (lost, blind)
    for k, i, b in zip(of, of[1:], after["beats"][1:]):
        assert b["rr_s"] is None or i == k + 1, "an interval over a beat that is not seen"


def held_at(mv, leads, span, how, rng):
    """Leads at a rail, swinging from rail to rail, at zero, or all of them with a calibration pulse, over span (s)."""
    out, rate = mv.copy(), 500
    a, z = (int(s * rate) for s in span)
    t = numpy.arange(z - a) / rate
    for lead in leads:
        swing = numpy.clip(40 * numpy.sin(2 * numpy.pi * 2 * t + lead), -5, 5)
        rail = rng.choice([-5.0, -3.0, 3.0, 5.0])
        out[a:z, lead] = {"rail": rail, "swing": swing, "zero": 0, "pulse": 1}[how]
        if how == "pulse":
            out[max(a - 40, 0) : a, lead] = out[z : z + 40, lead] = 0
    return out


@pytest.mark.parametrize("how", ["rail", "swing", "zero", "pulse"])
@pytest.mark.parametrize("leads", [[1], [6], [0, 2, 4], [6, 7, 8], [1, 2, 5, 7, 9, 11], list(range(12))])
def test_a_rail_is_no_beat(tmp_path, how, leads):
    """What holds a lead for a while at the start, in the middle, or at the end gives no beats, and hides none silently."""
    rng = numpy.random.default_rng(len(leads))
    leads = list(range(12)) if how == "pulse" else leads
    spans = [(a, a + d) for d in ((0.2,) if how == "pulse" else (0.25, 0.6, 2.2)) for a in (0, 3.1, 4.7, 9.9 - d, 10 - d)]
    mv, _ = recording(hr=68, noise_uv=8, premature=(5,))
    write_record(tmp_path, "a", mv, 500)
    for i, span in enumerate(spans):
        write_record(tmp_path, f"r{i:02}", held_at(mv, leads, span, how, rng), 500)
    before, *after = measured(tmp_path)
    for span, o in zip(spans, after):
        no_more_beats_than(before, o, span)
        assert abs(values(o)["heart_rate"] - values(before)["heart_rate"]) <= 4, span
        if how == "pulse":
            assert not o["quality"]["findings"], span


def test_clipped_complexes_are_beats(tmp_path):
    """The tops of complexes that are cut off are no time at the rail."""
    mv, truth = recording(hr=75, noise_uv=5)
    for leads in (LEADS, ["II"]):
        cut = numpy.clip(1.5 * mv[:, [LEADS.index(lead) for lead in leads]], -0.5, 0.5)
        (o,) = measured(write_record(tmp_path / str(len(leads)), "r", cut, 500, leads=leads))
        assert "saturated" in {f["code"] for f in o["quality"]["findings"]}
        assert len(o["beats"]) == 12 and abs(values(o)["heart_rate"] - 75) <= 1


def test_a_calibration_pulse_at_the_end():
    """A Philips file whose last 0.4 s are a calibration pulse: two beats were found at its edges, and a rate of 47."""
    (o,) = measured(shared("fixtures", "formats", "aecg", "aecg_philips_ad4d_converted.xml"))
    assert abs(values(o)["heart_rate"] - 41.4) <= 0.5 and all(b["class"] == "N" for b in o["beats"])
    assert "saturated" not in {f["code"] for f in o["quality"]["findings"]}


# What one electrode records besides the heart, in each lead; chest leads are against the mean of the limbs.
ELECTRODES = {
    "RA": [-1, -1, 0, 1, -0.5, -0.5] + [-1 / 3] * 6,
    "LA": [1, 0, -1, -0.5, 1, -0.5] + [-1 / 3] * 6,
    "LL": [0, 1, 1, -0.5, -0.5, 1] + [-1 / 3] * 6,
    "V2": [0] * 7 + [1] + [0] * 4,
}


@pytest.mark.parametrize("hz", [50, 60])
def test_mains_on_an_electrode(tmp_path, hz):
    """The mains is told, and taken out of what is measured: each number is as good as without it."""
    t = numpy.arange(5000) / 500
    for i, (electrode, mv) in enumerate((e, a) for e in ("RA", "LL", "V2") for a in (0.1, 0.3, 1)):
        clean, truth = recording(hr=70, noise_uv=5, seed=i)
        noise = mv * numpy.sin(2 * numpy.pi * hz * t + i)
        write_record(tmp_path, f"r{i}", clean + numpy.outer(noise, ELECTRODES[electrode]), 500)
    write_record(tmp_path, "s", clean, 500)
    *noisy, quiet = measured(tmp_path)
    assert quiet["settings"]["filter"] == "none" and not quiet["quality"]["findings"]
    for o in noisy:
        assert o["settings"]["filter"] == "mains"
        assert f"mains_{hz}hz" in {f["code"] for f in o["quality"]["findings"]}
        for name, limit in SHARP.items():
            assert abs(values(o)[name] - truth[name]) <= limit, (o["record"], name, values(o)[name])


def disturbances(rng, t):
    """Bursts of noise, and jumps that die away: (electrode, mV)."""
    for electrode in ELECTRODES:
        for mv in (0.5, 2):
            begin = rng.uniform(1, 5)
            yield electrode, mv * rng.normal(0, 1, len(t)) * ((t > begin) & (t < begin + rng.uniform(1, 3)))
        jumps = sum(rng.choice([-2, 2]) * numpy.exp((a - t) / 0.05) * (t >= a) for a in rng.uniform(0.3, 9.5, 6))
        yield electrode, jumps


def test_noise_is_no_beat(tmp_path):
    """No noise of an electrode makes a wrong rate that is called reliable, and most leave the right one."""
    rng, t = numpy.random.default_rng(5), numpy.arange(5000) / 500
    for i, (electrode, noise) in enumerate(disturbances(rng, t)):
        mv, _ = recording(hr=70, noise_uv=8, seed=i, premature=(4,) if i % 3 == 0 else ())
        write_record(tmp_path, f"r{i:02}", mv + numpy.outer(noise, ELECTRODES[electrode]), 500)
    rates = [next(m for m in o["measurements"] if m["name"] == "heart_rate") for o in measured(tmp_path)]
    right = [m["value"] is not None and abs(m["value"] - 70) <= 4 for m in rates]
    assert sum(right) >= 0.75 * len(rates), [m["value"] for m in rates]
    wrong = [m["value"] for m, is_right in zip(rates, right) if m["reliability"] == "high" and not is_right]
    assert not wrong


def motion(rng, n, hz):
    """What a moving electrode adds, of 0.5 Hz to hz; its root mean square is 1."""
    f = numpy.fft.rfftfreq(n, 1 / 500)
    bins = numpy.fft.rfft(rng.standard_normal(n)) / numpy.maximum(f, 0.5)
    bins[(f < 0.5) | (f > hz)] = 0
    x = numpy.fft.irfft(bins, n)
    return x / x.std()


def test_motion_is_not_called_reliable(tmp_path):
    """Electrodes that move hide the edges of QRS: what is still called reliable is within 10 ms in 95 of 100."""
    rng, wanted = numpy.random.default_rng(7), []
    chest = {f"V{k + 1}": [0] * 6 + [float(k == j) for j in range(6)] for k in range(6)}
    electrodes = {**{e: ELECTRODES[e] for e in ("RA", "LA", "LL")}, **chest}
    for i in range(160):
        qrs, hr = rng.choice([0.08, 0.1, 0.12, 0.14]), rng.uniform(50, 110)
        mv, truth = recording(hr=hr, qrs=qrs, qt=0.39 * min(60 / hr, 1.2) ** 0.5 + qrs - 0.09, noise_uv=8, soft=i % 2 == 1, seed=i)
        some = rng.permutation(list(electrodes))[: 9 if i % 3 == 0 else rng.integers(1, 5)]
        for electrode in some:
            noise = (0.1, 0.2, 0.4, 0.8)[i % 4] * motion(rng, len(mv), rng.choice([6, 12, 20]))
            mv = mv + numpy.outer(noise, electrodes[electrode])
        write_record(tmp_path, f"r{i:03}", mv, 500)
        wanted.append(truth["qrs_duration"])
    found = [next(m for m in o["measurements"] if m["name"] == "qrs_duration") for o in measured(tmp_path)]
    off = [abs(m["value"] - want) for m, want in zip(found, wanted) if m["reliability"] == "high"]
    assert len(off) >= 60 and numpy.mean(numpy.array(off) <= 10) >= 0.95, (len(off), sorted(off)[-8:])


def test_uncalibrated(tmp_path):
    mv, _ = recording(hr=65)
    (o,) = measured(write_record(tmp_path, "r", mv, 500, gain="0", scale=200))
    assert values(o)["pr_interval"] is not None
    assert {x["reason"] for x in o["leads"]} == {"UNCALIBRATED"}


def test_long_record(tmp_path):
    """Windows give what one window gives, and every beat once."""
    mv, truth = recording(hr=65, seconds=200, rate=250, noise_uv=5)
    (o,) = measured(write_record(tmp_path, "r", mv, 250))
    times = [b["time_s"] for b in o["beats"]]
    assert abs(len(times) - 200 / (60 / 65)) <= 1 and numpy.diff(times).min() > 0.9
    for name, limit in SHARP.items():
        assert abs(values(o)[name] - truth[name]) <= limit + 1, name


def holter(path, hours, rate=250):
    """An ISHNE file of two leads: ten minutes, over and over; in the last hour the second electrode is off."""
    mv, _ = recording(hr=72, seconds=600, rate=rate, noise_uv=10, premature=(5, 77, 200, 455))
    some = numpy.rint(mv[:, [1, 7]] * 1000).astype("<i2")
    off = some.copy()
    off[:, 1] = 3
    header = bytearray(522)
    header[:8] = b"ISHNE1.0"
    struct.pack_into("<iiiih", header, 10, 0, hours * 6 * len(some), 522, 522, 1)
    struct.pack_into("<h", header, 156, 2)
    struct.pack_into("<12h", header, 158, 6, 12, *[-9] * 10)
    struct.pack_into("<12h", header, 206, 1000, 1000, *[-9] * 10)
    struct.pack_into("<h", header, 272, rate)
    with open(path, "wb") as f:
        f.write(header)
        for i in range(hours * 6):
            f.write((off if i >= hours * 6 - 6 else some).tobytes())
    return path


def test_a_day_takes_little_memory(tmp_path):
    """It is read, judged and written in parts; nothing of it is lost."""
    done = frugal("measure", "--json", holter(tmp_path / "day.ecg", 24))
    (o,) = [json.loads(line) for line in done.stdout.splitlines()]
    times = numpy.array([b["time_s"] for b in o["beats"]])
    assert o["duration_s"] == 86400 and abs(len(times) - 24 * 60 * 72) < 10
    assert numpy.diff(times).min() > 0.5 and numpy.diff(times).max() < 1.2
    assert o["rhythm"]["ventricular_ectopic"] == 24 * 6 * 4
    assert [len(lead["beats"]) for lead in o["leads"]] == [len(times)] * 2
    for name, want in (("heart_rate", 72), ("pr_interval", 160), ("qrs_duration", 90)):
        assert abs(values(o)[name] - want) <= SHARP[name], name
    flat = [f for f in o["quality"]["findings"] if f["code"] == "flat"]
    assert [f["lead"] for f in flat] == ["V2"] and flat[0]["end_s"] == 86400 and abs(flat[0]["start_s"] - 82800) < 0.1
    assert [lead["usable"] for lead in o["quality"]["leads"]] == [True, True]


def test_samples():
    """The shipped recordings: beats, and values that go together."""
    for o in measured(ROOT / "web" / "samples"):
        v = values(o)
        assert len(o["beats"]) >= 5 and v["heart_rate"] is not None
        assert v["qt_interval"] is None or v["qt_interval"] > v["qrs_duration"]
        assert abs(v["heart_rate"] * v["rr_interval"] - 60000) < 100


def test_same_for_any_threads():
    one = xplaim("measure", "--json", "--threads", "1", ROOT / "web" / "samples").stdout
    assert one == xplaim("measure", "--json", "--threads", "3", ROOT / "web" / "samples").stdout


def test_csv_and_text():
    rows = list(csv.DictReader(io.StringIO(xplaim("measure", "--csv", ROOT / "web" / "samples").stdout)))
    objects = measured(ROOT / "web" / "samples")
    assert [r["record"] for r in rows] == [o["record"] for o in objects]
    for row, o in zip(rows, objects):
        for name, value in values(o).items():
            assert row[name] == ("" if value is None else f"{value:g}")
    assert "QRS duration" in xplaim("measure", ROOT / "web" / "samples").stdout


def test_failures(tmp_path):
    done = xplaim("measure", "--json", tmp_path / "none", ROOT / "web" / "samples" / "00057_hr", code=1)
    failed, fine = json_lines(done, "measure")
    assert failed["error"]["code"] == "NOT_FOUND" and fine["beats"]
    xplaim("measure", "--json", "--csv", "x", code=2)


def slowly_sampled(mv):
    """From 500 to 100 Hz: nothing is left above 45 Hz, and little above 40."""
    bins = numpy.fft.rfft(mv, axis=0)
    hz = numpy.fft.rfftfreq(len(mv), 1 / 500)
    bins *= numpy.clip((45 - hz) / 6, 0, 1)[:, None]
    return numpy.fft.irfft(bins[: len(mv) // 10 + 1], len(mv) // 5, axis=0) / 5


def test_slowly_sampled(tmp_path):
    """The edges that were filtered away at 100 Hz make no complex longer."""
    widths = (0.09, 0.1, 0.12, 0.14)
    for i, qrs in enumerate(widths):
        mv, _ = recording(hr=66, qrs=qrs, qt=0.42, noise_uv=5, seed=i)
        write_record(tmp_path, f"r{i}", slowly_sampled(mv), 100)
    got = [values(o)["qrs_duration"] for o in measured(tmp_path)]
    errors = [v - 1000 * qrs for v, qrs in zip(got, widths)]
    assert all(abs(e) <= 10 for e in errors) and abs(numpy.mean(errors)) <= 5, errors

"""Twelve-lead recordings whose waves begin and end at times that are known exactly: every wave is zero outside its
onset and offset. Made in X, Y and Z and brought to twelve leads, so that Einthoven's law holds."""

import numpy

# Dower's matrix: I, II, V1 to V6 from X, Y, Z.
DOWER = numpy.array(
    [
        [0.632, -0.235, 0.059],
        [0.235, 1.066, -0.132],
        [-0.515, 0.157, -0.917],
        [0.044, 0.164, -1.387],
        [0.882, 0.098, -1.277],
        [1.213, 0.127, -0.601],
        [1.125, 0.127, -0.086],
        [0.831, 0.076, 0.230],
    ]
)


def wave(t, on, off, soft):
    """Half a sine; its square where soft."""
    u = (t - on) / (off - on)
    s = numpy.where((u > 0) & (u < 1), numpy.sin(numpy.pi * numpy.clip(u, 0, 1)), 0)
    return s * s if soft else s


def spike(t, on, off, soft):
    u = (t - on) / (off - on)
    return wave(t, on, off, True) if soft else numpy.clip(1 - abs(2 * u - 1), 0, None)


def beat(t, at, pr, p, qrs, qt, soft, has_p, ectopic, notched=False):
    """X, Y, Z of one beat whose QRS complex begins at `at`; all in s. Notched: P has two humps."""
    xyz = numpy.zeros((3, len(t)))
    on = at - pr
    humps = [(0, 0.55, 1), (0.45, 1, 0.75)] if notched else [(0, 1, 1)]
    for begin, end, height in humps if has_p else []:
        xyz += numpy.outer([0.08, 0.14, -0.05], height * wave(t, on + begin * p, on + end * p, soft))
    parts = [(0, 0.3, [-0.1, -0.12, 0.25]), (0.2, 0.7, [1.1, 0.9, 0.3]), (0.6, 1, [-0.2, -0.15, 0.35])]
    if ectopic:
        parts = [(0, 0.6, [-0.9, 1.2, -0.7]), (0.5, 1, [0.4, -0.8, 0.5])]
    for begin, end, v in parts:
        xyz += numpy.outer(v, spike(t, at + begin * qrs, at + end * qrs, soft))
    t_wave = wave(t, at + qrs + 0.35 * (qt - qrs), at + qt, soft)
    return xyz + numpy.outer([0.3, -0.4, 0.3] if ectopic else [0.25, 0.2, -0.12], t_wave)


def recording(
    rate=500, hr=60, seconds=10.0, pr=0.16, p=0.1, qrs=0.09, qt=None, soft=False, noise_uv=0, premature=(),
    fibrillation=False, seed=1, first=0.45, notched=False, fused=(),
):
    """(n, 12) mV, and what is true of it: rate in /min, intervals in ms (None: there is no such wave). The beats `fused` are half
    a sinus beat and half one as the premature ones, whose complex begins 30 ms earlier."""
    rng = numpy.random.default_rng(seed)
    t = numpy.arange(int(seconds * rate)) / rate
    rr = 60 / hr
    qt = qt if qt else 0.39 * min(rr, 1.2) ** 0.5
    xyz = numpy.zeros((3, len(t)))
    at, onsets = first, []
    while at + 0.1 < seconds:
        early = len(onsets) in premature
        width, end = (0.15, min(qt + 0.05, 0.45)) if early else (qrs, qt)
        one = beat(t, at, pr, p, width, end, soft, not fibrillation and not early, early, notched)
        if len(onsets) in fused:
            one = one / 2 + beat(t, at - 0.03, pr, p, 0.15, min(qt + 0.05, 0.45), soft, False, True) / 2
        xyz += one
        onsets.append(at)
        step = rr * (rng.uniform(0.65, 1.4) if fibrillation else 1)
        if len(onsets) in premature:
            step = rr * 0.65
        at += rr * 1.35 if early else step
    if fibrillation:
        phase = numpy.cumsum(6.5 + rng.normal(0, 1.0, len(t)).cumsum() * 0.02) / rate
        xyz += numpy.outer([0.03, 0.05, 0.05], numpy.sin(2 * numpy.pi * phase))
    eight = (DOWER @ xyz).T + rng.normal(0, max(noise_uv, 1e-9) / 1000, (len(t), 8))
    one, two = eight[:, 0], eight[:, 1]
    limb = [one, two, two - one, -(one + two) / 2, one - two / 2, two - one / 2]
    truth = {
        "heart_rate": 60 / numpy.diff(onsets).mean() if len(onsets) > 1 else None,
        "p_duration": None if fibrillation else p * 1000,
        "pr_interval": None if fibrillation else pr * 1000,
        "qrs_duration": qrs * 1000,
        "qt_interval": qt * 1000,
    }
    return numpy.column_stack([*limb, *eight[:, 2:].T]), truth

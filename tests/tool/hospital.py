"""Recordings as hospitals' devices write them, made here: stored counts (n, 12) in the order of LEADS, 5 uV a step
unless said otherwise, with what a file tells of the person in its usual places."""

import base64
import struct
import zlib

import numpy
from conftest import LEADS, write_record

# A name, numbers, dates and free texts: none of them may be found in an export.
WHO = {
    "name": "DOE^JANE",
    "last": "DOE",
    "first": "JANE",
    "id": "4711-0815",
    "born": "19490523",
    "taken": "20190817",
    "words": "chest pain since Tuesday",
    "staff": "QUACK^HUGO",
    "place": "Wardroom 17b",
}


def secrets(who=WHO):
    """All spellings in which they could come out."""
    words = list(who.values()) + ["QUACK", "HUGO"]
    for day in (who["born"], who["taken"]):
        y, m, d = day[:4], day[4:6], day[6:]
        month = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"][int(m) - 1]
        words += [f"{y}-{m}-{d}", f"{d}.{m}.{y[2:]}", f"{d}/{m}/{y}", f"{m}-{d}-{y}", f"{d}-{month}-{y}", f"{y}.{m}.{d}"]
    return words


# ==== XML ==================================================================================


def _dashed(day):
    return f"{day[:4]}-{day[4:6]}-{day[6:]}"


def muse(path, counts, rate=500, step=5, who=WHO, encoding="utf-8", wrap=76, order=None, median=True, stored=None):
    w = who

    def lead(name):
        data = base64.b64encode(counts[:, LEADS.index(name)].astype("<i2").tobytes()).decode()
        lines = "\r\n".join(data[i : i + wrap] for i in range(0, len(data), wrap)) if wrap else data
        return (
            f"<LeadData><LeadByteCountTotal>{2 * len(counts)}</LeadByteCountTotal><LeadSampleCountTotal>{len(counts)}"
            f"</LeadSampleCountTotal><LeadAmplitudeUnitsPerBit>{step}</LeadAmplitudeUnitsPerBit><LeadAmplitudeUnits>MICROVOLTS"
            f"</LeadAmplitudeUnits><LeadID>{name}</LeadID><LeadSampleSize>2</LeadSampleSize><WaveFormData>\r\n{lines}\r\n"
            "</WaveFormData></LeadData>"
        )

    leads = stored or ["I", "II", "V1", "V2", "V3", "V4", "V5", "V6"]
    rhythm = (
        f"<Waveform><WaveformType>Rhythm</WaveformType><SampleBase>{rate}</SampleBase><SampleExponent>0</SampleExponent>"
        + "".join(map(lead, leads))
        + "</Waveform>"
    )
    beat = numpy.zeros(600, "<i2").tobytes()
    other = (
        "<Waveform><WaveformType>Median</WaveformType><SampleBase>1000</SampleBase><SampleExponent>0</SampleExponent>"
        "<LeadData><LeadSampleCountTotal>600</LeadSampleCountTotal><LeadAmplitudeUnitsPerBit>5</LeadAmplitudeUnitsPerBit>"
        f"<LeadAmplitudeUnits>MICROVOLTS</LeadAmplitudeUnits><LeadID>I</LeadID><WaveFormData>{base64.b64encode(beat).decode()}"
        "</WaveFormData></LeadData></Waveform>"
    )
    blocks = [rhythm, other] if order == "rhythm first" else [other, rhythm]
    us = f"{w['taken'][4:6]}-{w['taken'][6:]}-{w['taken'][:4]}"
    born = f"{w['born'][4:6]}-{w['born'][6:]}-{w['born'][:4]}"
    text = (
        f'<?xml version="1.0" encoding="{encoding.upper()}"?>\r\n<!DOCTYPE RestingECG SYSTEM "restecg.dtd">\r\n<RestingECG>'
        f"<MuseInfo><MuseVersion>9.0</MuseVersion></MuseInfo><PatientDemographics><PatientID>{w['id']}</PatientID><PatientAge>70"
        f"</PatientAge><AgeUnits>YEARS</AgeUnits><DateofBirth>{born}</DateofBirth><Gender>FEMALE</Gender><PatientLastName>"
        f"{w['last']}</PatientLastName><PatientFirstName>{w['first']}</PatientFirstName></PatientDemographics><TestDemographics>"
        f"<Site>1</Site><Location>{w['place']}</Location><AcquisitionDate>{us}</AcquisitionDate><AcquisitionTime>11:12:13"
        f"</AcquisitionTime><OverreaderLastName>QUACK</OverreaderLastName><OverreaderFirstName>HUGO</OverreaderFirstName>"
        f"<TestReason>{w['words']}</TestReason></TestDemographics><Order><HISOrderNumber>{w['id']}</HISOrderNumber></Order>"
        f"<RestingECGMeasurements><VentricularRate>75</VentricularRate></RestingECGMeasurements><Diagnosis><DiagnosisStatement>"
        f"<StmtText>{w['words']}, {w['name']}</StmtText></DiagnosisStatement></Diagnosis>{''.join(blocks) if median else rhythm}"
        "</RestingECG>"
    )
    path.write_bytes(text.encode(encoding))
    return path


def _xli(v):
    """Two halves of the second differences, each byte a code of its own."""
    v = v.astype(int)
    raw = numpy.full(len(v), 64)
    raw[:2] = v[:2]
    change = 2 * v[1:-1] - v[:-2] - v[2:]  # of sample i from i-1, i-2: for i = 2...
    raw[2:-1] = 64 + change[1:]
    halves = (raw >> 8 & 255).tolist() + (raw & 255).tolist() + [1023]
    bits = "".join(format(c, "010b") for c in halves)
    bits += "0" * (-len(bits) % 8)
    data = int(bits, 2).to_bytes(len(bits) // 8, "big")
    return struct.pack("<IHh", len(data), 0, int(change[0])) + data


def philips(path, counts, rate=500, step=5, who=WHO, version="1.04", encoding="utf-16"):
    w = who
    limb = counts[:, :6].astype(int)
    one, two = limb[:, 0], limb[:, 1]
    three = limb[:, 2]
    half = lambda v: (v - (v & 1)) // 2
    stored = [one, two, two - one - three, -half(one + two) - limb[:, 3], half(one - three) - limb[:, 4], half(two + three) - limb[:, 5]]
    stored += [counts[:, k] for k in range(6, 12)]
    data = base64.b64encode(b"".join(map(_xli, stored))).decode()
    ms = round(1000 * len(counts) / rate)
    if version == "1.04":
        head = f'<dataacquisition date="{_dashed(w["taken"])}" time="11:12:13"><machine machineid="{w["id"]}">PageWriter</machine><acquirer>'
        head += f"<operatorid>{w['staff']}</operatorid><departmentname>{w['place']}</departmentname></acquirer><signalcharacteristics>"
        head += f"<samplingrate>{rate}</samplingrate><resolution>{step}</resolution></signalcharacteristics></dataacquisition>"
        form = f'durationperchannel="{ms}" samplespersecond="{rate}" resolution="{step}" compression="XLI" leadlabels="{" ".join(LEADS)}"'
    else:
        head = f'<dataacquisition date="{_dashed(w["taken"])}" time="11:12:13"><machine>PageWriter</machine><signalcharacteristics>'
        head += f"<samplingrate>{rate}</samplingrate></signalcharacteristics></dataacquisition>"
        form = f'compressflag="True" compressmethod="XLI" durationperchannel="{ms}"'
    text = (
        f'<?xml version="1.0" encoding="{encoding.upper()}"?>\n<restingecgdata xmlns="http://www3.medical.philips.com">{head}'
        f"<patient><generalpatientdata><patientid>{w['id']}</patientid><name><lastname>{w['last']}</lastname><firstname>{w['first']}"
        f"</firstname></name><age><dateofbirth>{_dashed(w['born'])}</dateofbirth></age><sex>Female</sex></generalpatientdata></patient>"
        f"<orderinfo><reasonfororder>{w['words']}</reasonfororder></orderinfo><interpretations><interpretation><statement>"
        f"<leftstatement>{w['words']}</leftstatement><rightstatement>{w['name']}</rightstatement></statement></interpretation>"
        f'</interpretations><waveforms><parsedwaveforms dataencoding="Base64" {form}>\n{data}\n</parsedwaveforms></waveforms></restingecgdata>'
    )
    path.write_bytes(text.encode(encoding))
    return path


def aecg(path, counts, rate=500, step=5, who=WHO, unit="uV", origin=0, glist="TS", pieces=1, prefix=""):
    """pieces: as many sequence sets, one behind the other."""
    w, p = who, prefix
    per = {"nV": 1e3, "uV": 1, "mV": 1e-3, "V": 1e-6}[unit]
    size = len(counts) // pieces

    def time(k):
        seconds = k * size / rate
        if glist == "TS":
            head = f'<{p}head value="{w["taken"]}1112{13 + int(seconds):02d}.{round(seconds % 1 * 1000):03d}"/>'
        else:
            head = f'<{p}head value="{seconds!r}" unit="s"/>'
        return (
            f'<{p}component><{p}sequence><{p}code code="TIME_{"ABSOLUTE" if glist == "TS" else "RELATIVE"}"/><{p}value xsi:type="'
            f'GLIST_{glist}">{head}<{p}increment value="{1 / rate!r}" unit="s"/></{p}value></{p}sequence></{p}component>'
        )

    def lead(k, i):
        digits = " ".join(map(str, counts[k * size : (k + 1) * size, i] - round(origin / step)))
        return (
            f'<{p}component><{p}sequence><{p}code code="MDC_ECG_LEAD_{LEADS[i].upper()}" codeSystem="2.16.840.1.113883.6.24"/>'
            f'<{p}value xsi:type="SLIST_PQ"><{p}origin value="{origin * per!r}" unit="{unit}"/><{p}scale value="{step * per!r}" '
            f'unit="{unit}"/><{p}digits>{digits}</{p}digits></{p}value></{p}sequence></{p}component>'
        )

    sets = "".join(
        f"<{p}component><{p}sequenceSet>{time(k)}{''.join(lead(k, i) for i in range(12))}</{p}sequenceSet></{p}component>"
        for k in range(pieces)
    )
    space = f'xmlns{":" + p[:-1] if p else ""}="urn:hl7-org:v3"'
    text = (
        f'<{p}AnnotatedECG {space} xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><{p}id root="1.2.3" extension="{w["id"]}"/>'
        f'<{p}text>{w["words"]}</{p}text><{p}effectiveTime><{p}low value="{w["taken"]}111213"/></{p}effectiveTime><{p}componentOf>'
        f"<{p}timepointEvent><{p}componentOf><{p}subjectAssignment><{p}subject><{p}trialSubject><{p}id extension=\"{w['id']}\"/>"
        f"<{p}subjectDemographicPerson><{p}name><{p}family>{w['last']}</{p}family><{p}given>{w['first']}</{p}given></{p}name>"
        f'<{p}administrativeGenderCode code="F"/><{p}birthTime value="{w["born"]}"/></{p}subjectDemographicPerson></{p}trialSubject>'
        f"</{p}subject></{p}subjectAssignment></{p}componentOf></{p}timepointEvent></{p}componentOf><{p}component><{p}series>"
        f'<{p}code code="RHYTHM"/><{p}effectiveTime><{p}low value="{w["taken"]}111213.000"/></{p}effectiveTime><{p}author>'
        f"<{p}seriesAuthor><{p}manufacturedSeriesDevice><{p}id extension=\"{w['id']}\"/><{p}manufacturerModelName>{w['place']}"
        f"</{p}manufacturerModelName></{p}manufacturedSeriesDevice></{p}seriesAuthor></{p}author><{p}secondaryPerformer>"
        f"<{p}seriesPerformer><{p}assignedPerson><{p}name>{w['staff']}</{p}name></{p}assignedPerson></{p}seriesPerformer>"
        f"</{p}secondaryPerformer>{sets}<{p}subjectOf><{p}annotationSet><{p}component><{p}annotation><{p}code code="
        f'"MDC_ECG_INTERPRETATION"/><{p}component><{p}annotation><{p}code code="MDC_ECG_INTERPRETATION_STATEMENT"/><{p}value>'
        f"{w['words']} {w['name']}</{p}value></{p}annotation></{p}component></{p}annotation></{p}component></{p}annotationSet>"
        f"</{p}subjectOf></{p}series></{p}component></{p}AnnotatedECG>"
    )
    path.write_text(text)
    return path


def cardiosoft(path, counts, rate=500, step=5, who=WHO, full=False):
    w = who

    def date(name, day):
        return f"<{name}><Year>{day[:4]}</Year><Month>{int(day[4:6])}</Month><Day>{int(day[6:])}</Day></{name}>"

    strip = "".join(f'<WaveformData lead="{lead}">{",".join(map(str, counts[:, i]))}</WaveformData>' for i, lead in enumerate(LEADS))
    part = f'<SampleRate units="Hz">{rate}</SampleRate><Resolution units="uVperLsb">{step}</Resolution>'
    body = f"<StripData><NumberOfLeads>12</NumberOfLeads>{part}{strip}</StripData>"
    if full:
        seconds = [counts[at : at + rate, i] for at in range(0, len(counts), rate) for i in range(12)]
        numbers = ", ".join(map(str, numpy.concatenate(seconds)))
        body = f"<FullDisclosure><NumberOfChannels>12</NumberOfChannels>{part}<LeadOrder>{', '.join(LEADS)}</LeadOrder>"
        body += f"<FullDisclosureData>{numbers}</FullDisclosureData></FullDisclosure>"
    text = (
        f'<?xml version="1.0" encoding="ISO-8859-1"?><CardiologyXML>{date("ObservationDateTime", w["taken"])}<ObservationType>RestECG'
        f"</ObservationType><ClinicalInfo><ReasonForStudy>{w['words']}</ReasonForStudy><DeviceInfo><Desc>{w['place']}</Desc></DeviceInfo>"
        f"</ClinicalInfo><PatientInfo><PID>{w['id']}</PID><Name><FamilyName>{w['last']}</FamilyName><GivenName>{w['first']}</GivenName>"
        f"</Name>{date('BirthDateTime', w['born'])}<Gender>FEMALE</Gender></PatientInfo><Interpretation><Diagnosis><DiagnosisText>"
        f"{w['words']} {w['name']}</DiagnosisText></Diagnosis></Interpretation>{body}</CardiologyXML>"
    )
    path.write_bytes(text.encode("latin-1"))
    return path


# ==== DICOM ================================================================================


def _dicom_header(d, w):
    from pydicom.dataset import Dataset
    from pydicom.sequence import Sequence

    d.PatientName, d.PatientID, d.PatientBirthDate, d.PatientSex = w["name"], w["id"], w["born"], "F"
    d.StudyDate = d.SeriesDate = d.ContentDate = w["taken"]
    d.AcquisitionDateTime = w["taken"] + "111213"
    d.AccessionNumber = d.StudyID = w["id"]
    d.ReferringPhysicianName = d.OperatorsName = w["staff"]
    d.InstitutionName = d.StationName = w["place"]
    d.StudyDescription = d.PatientComments = d.AdmittingDiagnosesDescription = w["words"]
    d.OtherPatientIDs = w["id"]
    item = Dataset()
    item.PatientID, item.IssuerOfPatientID = w["id"], w["place"]
    d.OtherPatientIDsSequence = Sequence([item])
    item = Dataset()
    item.RequestedProcedureDescription, item.RequestingPhysician = w["words"], w["staff"]
    d.RequestAttributesSequence = Sequence([item])
    block = d.private_block(0x0009, "XPLAIM TEST", create=True)
    block.add_new(1, "LO", w["name"])
    item = Dataset()
    item.PatientName = w["name"]
    block.add_new(2, "SQ", Sequence([item]))
    item = Dataset()
    item.UnformattedTextValue = f"{w['words']} {w['name']}"
    d.WaveformAnnotationSequence = Sequence([item])


def _code(value, scheme, meaning):
    from pydicom.dataset import Dataset

    c = Dataset()
    c.CodeValue, c.CodingSchemeDesignator, c.CodeMeaning = value, scheme, meaning
    return c


SCP_NUMBERS = dict(zip(LEADS, [1, 2, 61, 62, 63, 64, 3, 4, 5, 6, 7, 8]))


def dicom_group(counts, leads, rate, step=5, kind="SS", units="uV", coded=True, baseline=0, padding=None, label="RHYTHM", big=False):
    """One multiplex group of counts (n, leads)."""
    from pydicom.dataset import Dataset
    from pydicom.sequence import Sequence

    types = {"SS": "i2", "US": "u2", "SB": "i1", "UB": "u1", "SL": "i4"}
    per = {"uV": 1, "mV": 1e-3, "V": 1e-6, "nV": 1e3}[units]
    g = Dataset()
    g.WaveformOriginality, g.MultiplexGroupLabel = "ORIGINAL", label
    g.NumberOfWaveformChannels, g.NumberOfWaveformSamples, g.SamplingFrequency = len(leads), len(counts), rate
    channels = []
    for lead in leads:
        c = Dataset()
        c.ChannelLabel = lead
        source = _code(f"5.6.3-9-{SCP_NUMBERS[lead]}", "SCPECG", f"Lead {lead}") if coded else _code("", "", f"Lead {lead}")
        if not coded:
            del source.CodeValue
        c.ChannelSourceSequence = Sequence([source])
        c.ChannelSensitivity = f"{step * per:.10g}"
        c.ChannelSensitivityUnitsSequence = Sequence([_code(units, "UCUM", units)])
        c.ChannelSensitivityCorrectionFactor, c.ChannelBaseline = "1", f"{baseline * per:.10g}"
        c.WaveformBitsStored = 8 * numpy.dtype(types[kind]).itemsize
        channels.append(c)
    g.ChannelDefinitionSequence = Sequence(channels)
    g.WaveformBitsAllocated, g.WaveformSampleInterpretation = 8 * numpy.dtype(types[kind]).itemsize, kind
    order = ">" if big else "<"
    vr = "OB" if kind in ("SB", "UB") else "OW"
    if padding is not None:
        g.add_new(0x5400100A, vr, numpy.array([padding]).astype(order + types[kind]).tobytes())
    data = counts.astype(order + types[kind]).tobytes()
    g.add_new(0x54001010, vr, data + b"\0" * (len(data) % 2))
    return g


def dicom(path, counts, rate=500, who=WHO, syntax="1.2.840.10008.1.2.1", groups=None, object="1.2.840.10008.5.1.4.1.1.9.1.1", **form):
    import pydicom
    from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
    from pydicom.sequence import Sequence

    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = object, "1.2.3.4"
    meta.TransferSyntaxUID = syntax
    d = FileDataset(str(path), {}, file_meta=meta, preamble=b"\0" * 128)
    d.SOPClassUID, d.SOPInstanceUID, d.Modality, d.Manufacturer = object, "1.2.3.4", "ECG", "Acme"
    _dicom_header(d, who)
    big = syntax.endswith("1.2.2")
    d.WaveformSequence = Sequence(groups or [dicom_group(counts, LEADS, rate, big=big, **form)])
    pydicom.dcmwrite(path, d, enforce_file_format=True)
    return path


# ==== binary files =========================================================================


def edf(path, counts, rate=500, step=5, who=WHO):
    """EDF+ with a description of a patient and annotations; records of a second."""
    w = who
    seconds = len(counts) // rate
    month = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"]
    born = f"{w['born'][6:]}-{month[int(w['born'][4:6]) - 1]}-{w['born'][:4]}"
    taken = f"{w['taken'][6:]}-{month[int(w['taken'][4:6]) - 1]}-{w['taken'][:4]}"
    patient = f"{w['id']} F {born} {w['first']}_{w['last']} {w['words']}"
    recording = f"Startdate {taken} {w['id']} QUACK {w['place'].replace(' ', '_')}"
    day = f"{w['taken'][6:]}.{w['taken'][4:6]}.{w['taken'][2:4]}"
    notes = 60
    head = f"{'0':8}{patient:80.80}{recording:80.80}{day:8}11.12.13{256 * 14:<8}{'EDF+C':44}{seconds:<8}{1:<8}{13:<4}"

    def each(form, values, last):
        return "".join(format(v, form) for v in list(values) + [last])

    head += each("<16", [f"ECG {lead}" for lead in LEADS], "EDF Annotations") + " " * 80 * 13 + each("<8", ["uV"] * 12, "")
    head += each("<8", [-32768 * step] * 12, -1) + each("<8", [32767 * step] * 12, 1)
    head += each("<8", [-32768] * 12, -32768) + each("<8", [32767] * 12, 32767)
    head += " " * 80 * 13 + each("<8", [rate] * 12, notes) + " " * 32 * 13
    data = head.encode("ascii")
    for s in range(seconds):
        for i in range(12):
            data += counts[s * rate : (s + 1) * rate, i].astype("<i2").tobytes()
        text = f"+{s}\x14\x14\0" + (f"+0.5\x14{w['words']}\x14\0+1\x14{w['name']}\x14\0" if s == 0 else "")
        data += text.encode().ljust(2 * notes, b"\0")
    path.write_bytes(data)
    return path


def _crc_ccitt(data):
    crc = 0xFFFF
    for byte in data:
        crc ^= byte << 8
        for _ in range(8):
            crc = (crc << 1 ^ 0x1021 if crc & 0x8000 else crc << 1) & 0xFFFF
    return crc


def ishne(path, counts, rate=500, step=5, who=WHO, total=False):
    w = who
    block = f"{w['words']} {w['name']}".encode()
    codes = [5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16]
    day = lambda d: struct.pack("<3h", int(d[6:]), int(d[4:6]), int(d[:4]))
    head = struct.pack("<iiii", len(block), len(counts) * (12 if total else 1), 522, 522 + len(block)) + struct.pack("<h", 1)
    head += w["first"].encode().ljust(40, b"\0") + w["last"].encode().ljust(40, b"\0") + w["id"].encode().ljust(20, b"\0")
    head += struct.pack("<hh", 2, 1) + day(w["born"]) + day(w["taken"]) + day(w["taken"]) + struct.pack("<3h", 11, 12, 13)
    head += struct.pack("<h12h", 12, *codes) + struct.pack("<12h", *[1] * 12) + struct.pack("<12h", *[1000 * step] * 12)
    head += struct.pack("<h", 0) + w["place"].encode().ljust(40, b"\0") + struct.pack("<h", rate)
    head += w["words"].encode().ljust(80, b"\0")[:80] + w["staff"].encode().ljust(80, b"\0") + b"\0" * 88
    head = head[:512].ljust(512, b"\0")
    crc = _crc_ccitt(head + block)
    path.write_bytes(b"ISHNE1.0" + struct.pack("<H", crc) + head + block + counts.astype("<i2").tobytes())
    return path


def scp(path, counts, rate=500, step=5, who=WHO, order=0):
    """SCP-ECG without Huffman codes; differences of an order."""
    w = who

    def field(tag, value):
        return struct.pack("<BH", tag, len(value)) + value

    text = lambda s: s.encode("latin-1") + b"\0"
    day = lambda d: struct.pack("<HBB", int(d[:4]), int(d[4:6]), int(d[6:]))
    device = struct.pack("<HHHBBBB", 1, 2, 3, 1, 0, 20, 0x90) + b"\0" * 21 + text(w["place"])
    person = field(0, text(w["last"])) + field(1, text(w["first"])) + field(2, text(w["id"])) + field(3, text(w["words"]))
    person += field(5, day(w["born"])) + field(8, b"\2") + field(13, text(w["words"])) + field(14, device) + field(16, text(w["place"]))
    person += field(20, text(w["staff"])) + field(21, text(w["staff"])) + field(25, day(w["taken"])) + field(26, struct.pack("<3B", 11, 12, 13))
    person += field(30, text(w["words"])) + field(31, text(w["id"])) + field(255, b"")
    leads = bytes([12, 0x04 | 12 << 3 & 0xF8])
    for lead in LEADS:
        leads += struct.pack("<IIB", 1, len(counts), SCP_NUMBERS[lead])
    data, lengths = b"", b""
    for i in range(12):
        v = counts[:, i].astype(int)
        for _ in range(order):
            v = numpy.concatenate([v[:1], numpy.diff(v)])
        if order == 2:  # of the second differences the first two are stored as they are
            v = numpy.concatenate([counts[:2, i], numpy.diff(counts[:, i].astype(int), 2)])
        lengths += struct.pack("<H", 2 * len(v))
        data += v.astype("<i2").tobytes()
    rhythm = struct.pack("<HHBB", 1000 * step, 1000000 // rate, order, 0) + lengths + data
    report = struct.pack("<BHBBBBBBB", 1, int(w["taken"][:4]), int(w["taken"][4:6]), int(w["taken"][6:]), 11, 12, 13, 1, 0)[:9] + b"\1"
    line = text(f"{w['words']} {w['name']}")
    report += struct.pack("<BH", 1, len(line)) + line
    sections = {1: person, 3: leads, 6: rhythm, 8: report}
    parts, at, table = [], 7, b""
    zero_size = 16 + 12 * 10
    at = 6 + zero_size
    for number in range(12):
        if number == 0:
            table += struct.pack("<HII", 0, zero_size, 7)
        elif number in sections:
            body = sections[number] + b"\0" * (len(sections[number]) % 2)
            size = 16 + len(body)
            head = struct.pack("<HIBB6s", number, size, 20, 20, b"\0" * 6)
            parts.append(struct.pack("<H", _crc_ccitt(head + body)) + head + body)
            table += struct.pack("<HII", number, size, at + 1)
            at += size
        else:
            table += struct.pack("<HII", number, 0, 0)
    head = struct.pack("<HIBB6s", 0, zero_size, 20, 20, b"SCPECG") + table
    first = struct.pack("<H", _crc_ccitt(head)) + head
    whole = struct.pack("<I", at) + first + b"".join(parts)
    path.write_bytes(struct.pack("<H", _crc_ccitt(whole)) + whole)
    return path


# ==== what people have ======================================================================


def table(path, counts, rate=500, step=5, who=WHO):
    w = who
    rows = [f"# {w['name']}", f"# ID: {w['id']}", f"Name,{w['name']}", f"Patient ID,{w['id']}", f"Date of Birth,{_dashed(w['born'])}"]
    rows += [f"Recorded Date,{_dashed(w['taken'])} 11:12:13", f"Device,{w['place']}", f"Classification,{w['words']}"]
    rows += ["time (s)," + ",".join(f"{lead} (uV)" for lead in LEADS)]
    rows += [",".join([repr(i / rate)] + [str(int(v) * step) for v in row]) for i, row in enumerate(counts)]
    path.write_text("\n".join(rows) + "\n")
    return path


def wfdb(path, counts, rate=500, step=5, who=WHO):
    w = who
    comments = ["Age: 63", f"Patient: {w['name']}", f"ID {w['id']}", f"born {w['born']}", f"{w['name']} {w['words']}", f"<Dx>: {w['words']}"]
    header = write_record(path.parent, path.stem, counts, rate, scale=1, gain=f"{1000 / step:g}/mV", comments=comments).with_suffix(".hea")
    text = header.read_text()
    first = text.splitlines()[0]
    day = f"{w['taken'][6:]}/{w['taken'][4:6]}/{w['taken'][:4]}"
    header.write_text(text.replace(first, f"{first} 11:12:13 {day}", 1))
    return path.parent / path.stem


def matlab(path, counts, rate=500, step=5, who=WHO, packed=True):
    """MATLAB 5: a number, texts, and the array (leads, n) in microvolt."""
    w = who

    def element(kind, data):
        return struct.pack("<II", kind, len(data)) + data + b"\0" * (-len(data) % 8)

    def array(name, cls, shape, kind, data):
        flags = element(6, struct.pack("<II", cls, 0))
        body = flags + element(5, struct.pack(f"<{len(shape)}i", *shape)) + element(1, name.encode()) + element(kind, data)
        whole = element(14, body)
        if not packed:
            return whole
        small = zlib.compress(whole)
        return struct.pack("<II", 15, len(small)) + small

    def words(name, text):
        return array(name, 4, (1, len(text)), 4, numpy.array([ord(c) for c in text], "<u2").tobytes())

    numbers = (counts.T * step).astype("<f8")
    data = words("patient", w["name"]) + words("id", w["id"]) + words("date", _dashed(w["taken"])) + words("note", w["words"])
    data += array("fs", 6, (1, 1), 9, struct.pack("<d", rate))
    data += array("ecg", 6, numbers.shape, 9, numbers.tobytes(order="F"))
    path.write_bytes(f"MATLAB 5.0 MAT-file, {w['name']}".encode().ljust(124) + struct.pack("<H2s", 0x100, b"IM") + data)
    return path


# ==== PDF ==================================================================================

MUSE_STEP = 4.88  # uV


def muse_units(steps):
    """What MUSE draws for stored values: whole hundredths of a millimetre."""
    return numpy.floor(MUSE_STEP * numpy.asarray(steps) + 0.5).astype(int)


def pdf_contents(counts, who=WHO, scale=1.0, words="25mm/s  10mm/mV", grid=True, pulses=True, alter=None):
    """A page as GE MUSE draws it, 500 Hz: 3x4 with three rhythm strips. alter: called with a curve's number and its
    points, gives those that are drawn."""
    unit, left, top = 0.02835 * scale, 12.7575, 565.2225
    out = []

    def line(x, y, length, upright, colour):
        to = f"{length} 0" if upright else f"0 {length}"
        out.append(f"q 0 {unit:.6g} {-unit:.6g} 0 {y:.7g} {x:.6g} cm\n{colour} RG\n0 0 m\n{to} l\nS\nQ")

    colours = ("0.996 0.639 0.674", "1 0.839 0.874")
    for i in range(269 if grid else 0):
        line(left + i * 2.835 * scale, top, 14100, False, colours[i % 5 > 0])
    for i in range(142 if grid else 0):
        line(left, top - i * 2.835 * scale, 26803, True, colours[i % 5 > 0])
    rows = [top - (374.4468 - 69.88275 * r) * scale for r in range(6)]
    curve = lambda row, x, points: out.append(
        f"q 0 {unit:.7g} {-unit:.7g} 0 {row:.10g} {x:.10g} cm\n15 w\n"
        + "\n".join(f"{a} {b} {'l' if k else 'm'}" for k, (a, b) in enumerate(points)) + "\nS\nQ"
    )
    for row in rows if pulses else []:
        curve(row, left, [(10 * i, 1000 if 5 <= i < 55 else 0) for i in range(60)])
    for i, lead in enumerate(LEADS + ["V1", "II", "V5"]):
        strip = i >= 12
        row, column = (rows[i - 9], 0) if strip else (rows[i % 3], i // 3)
        piece = counts[1250 * column :, LEADS.index(lead)][: 5000 if strip else 1238]
        y, start = muse_units(piece), 630 + 6250 * column
        points = [(5 * k, v - y[0]) for k, v in enumerate(y)]
        curve(row - y[0] * unit, left + start * unit, alter(i, points) if alter else points)
        at = f"{row + 620 * unit:.6f} {left + start * unit:.6f}"
        out.append(f"BT\n/F1 320 Tf\n0 {0.0284 * scale:.5g} {-0.0284 * scale:.5g} 0 {at} Tm\n({lead})Tj\nET")
    texts = [(words, 582.2, 12.7)] if words else []
    day = who["taken"]
    texts += [(who["name"], 30, 13), (f"ID:{who['id']}", 42, 13), (f"{day[6:]}.{day[4:6]}.{day[2:4]} 11:12:13", 42, 300)]
    texts += [(who["words"], 54, 300), (who["place"], 66, 13), (who["staff"], 66, 300), (f"born {_dashed(who['born'])}", 78, 13)]
    for text, x, y in texts:
        out.append(f"BT\n/F1 320 Tf\n0 0.0284 -0.0284 0 {x} {y} Tm\n({text})Tj\nET")
    return "\n".join(out).encode()


def pdf_file(contents, who=WHO, more=()):
    """One page of these contents, packed; more: further objects (number, bytes)."""
    packed = zlib.compress(contents)
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Rotate 90/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>",
        b"<</Length %d/Filter/FlateDecode>>\nstream\n" % len(packed) + packed + b"\nendstream",
        b"<</Type/Font/Subtype/Type1/BaseFont/Times-Roman/Encoding/WinAnsiEncoding>>",
        f"<</Title({who['name']})/Author({who['staff']})/Subject({who['words']})>>".encode(),
        *more,
    ]
    data, places = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, 1):
        places.append(len(data))
        data += b"%d 0 obj\n" % number + body + b"\nendobj\n"
    xref = b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1) + b"".join(b"%010d 00000 n \n" % at for at in places)
    return data + xref + b"trailer\n<</Size %d/Root 1 0 R/Info 6 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, len(data))


def pdf(path, counts, who=WHO, **style):
    path.write_bytes(pdf_file(pdf_contents(counts, who, **style), who))
    return path


# name, ending, maker, options of the tool that say what the file does not
FORMATS = {
    "wfdb": (".hea", wfdb, []),
    "dicom": (".dcm", dicom, []),
    "muse": (".xml", muse, []),
    "philips": (".xml", philips, []),
    "aecg": (".xml", aecg, []),
    "cardiosoft": (".xml", cardiosoft, []),
    "scp": (".scp", scp, []),
    "edf": (".edf", edf, []),
    "ishne": (".ecg", ishne, []),
    "csv": (".csv", table, []),
    "pdf": (".pdf", lambda path, v: pdf(path, counts(5000)), []),
    "matlab": (".mat", matlab, ["--unit", "uV", "--columns", ",".join(LEADS)]),
}


def counts(n=1000, rate=500, step=5):
    """Whole numbers that obey Einthoven to the count."""
    from conftest import ecg

    v = numpy.round(ecg(n, rate) * 1000 / step).astype(int)
    one, two = v[:, 0], v[:, 1]
    v[:, 2], v[:, 3] = two - one, -numpy.round((one + two) / 2)
    v[:, 4], v[:, 5] = numpy.round(one - two / 2), numpy.round(two - one / 2)
    return v

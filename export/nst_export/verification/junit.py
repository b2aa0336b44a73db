"""Answers as a JUnit file, which CI systems show: https://github.com/testmoapp/junitxml has the format."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree as ET

from nst_export.errors import SavedModelError
from nst_export.verification.report import Verification

NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # what XML 1.0 has no letters for


def write_junit(file: Path, verification: Verification) -> None:
    """Writes the file: a test case for each question, a failure for each no, and skipped ones.

    Raises:
        SavedModelError: it cannot be written.
    """
    answers = verification.answers
    counts = {
        "tests": len(answers),
        "failures": sum(answer.verdict == "no" for answer in answers),
        "skipped": sum(answer.verdict == "does not apply" for answer in answers),
        "errors": 0,
        "time": round(sum(answer.seconds for answer in answers), 3),
    }
    attributes = {name: str(count) for name, count in counts.items()}
    suites = ET.Element("testsuites", attributes)
    suite = ET.SubElement(suites, "testsuite", {"name": _text(f"nst verify {verification.source}"), **attributes})
    for answer in answers:
        case = {"classname": f"nst.verify.{answer.name}", "name": answer.question, "time": str(answer.seconds)}
        element = ET.SubElement(suite, "testcase", case)
        if answer.verdict == "no":
            ET.SubElement(element, "failure", {"message": _text(answer.reason)}).text = _text(answer.remedy)
        elif answer.verdict == "does not apply":
            ET.SubElement(element, "skipped", {"message": _text(answer.reason)})
    ET.indent(suites)
    try:
        ET.ElementTree(suites).write(file, encoding="utf-8", xml_declaration=True)
    except OSError as error:
        raise SavedModelError(f"{file} cannot be written: {error.strerror}.", "Name another file.") from error


def _text(text: str) -> str:
    return NOT_XML.sub("?", text)

"""A gate's report as JUnit XML: a test case a cell and metric, for what reads test results.

A regression is a failure; an error and a cell of one side alone are errors; what cannot be told is
skipped, with the reason; a warning passes and is told in system-out.
"""

import re
from xml.etree import ElementTree

from mmbench.compare.gate import Finding, GateReport
from mmbench.report.document import Lang
from mmbench.report.gate_markdown import change_text, missing_text, reason_text, summary
from mmbench.report.i18n import Messages
from mmbench.report.text import one_line

# What XML 1.0 has no way to write, escaped or not; `one_line` has removed the rest.
_NOT_XML = re.compile("[\ufffe\uffff]")
SUITE = "mmbench gate"
TAGS = {"regression": "failure", "error": "error", "cannot_tell": "skipped"}


def gate_junit(report: GateReport, *, lang: Lang = "en") -> bytes:
    """The whole file, UTF-8. The counts of the suite are those of its cases."""
    say = Messages(lang)
    suite = ElementTree.Element("testsuite", name=SUITE)
    for found in report.findings:
        _case(suite, found, say)
    for item in report.missing:
        tag = "skipped" if report.allow_missing else "error"
        case = _named(suite, item.cell, item.metric or "cell")
        ElementTree.SubElement(case, tag, message=_clean(missing_text(item, say)))
    if not report.findings:
        case = _named(suite, SUITE, "compared")
        ElementTree.SubElement(case, "error", message=say("gate.nothing"))
    counts = {"tests": len(suite)}
    for name, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        counts[name] = len(suite.findall(f"testcase/{tag}"))
    for name, count in counts.items():
        suite.set(name, str(count))
    ElementTree.SubElement(suite, "system-out").text = _clean(summary(report, say))
    root = ElementTree.Element("testsuites", {k: str(v) for k, v in counts.items()})
    root.append(suite)
    ElementTree.indent(root)
    content: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return content + b"\n"


def _case(suite: ElementTree.Element, found: Finding, say: Messages) -> None:
    case = _named(suite, found.cell, found.metric or "trial")
    told = [change_text(found, say)] if found.change is not None else []
    if found.reason is not None:
        told.append(reason_text(found.reason, say))
    text = _clean("; ".join(told))
    if found.verdict in TAGS:
        ElementTree.SubElement(case, TAGS[found.verdict], message=text)
    elif text:
        ElementTree.SubElement(case, "system-out").text = text


def _named(suite: ElementTree.Element, cell: str, metric: str) -> ElementTree.Element:
    return ElementTree.SubElement(suite, "testcase", classname=_clean(cell), name=_clean(metric))


def _clean(text: str) -> str:
    return _NOT_XML.sub("\N{REPLACEMENT CHARACTER}", one_line(text))

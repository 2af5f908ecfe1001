"""A gate's report with one finding of each verdict, and names that try to break out of it."""

from dataclasses import replace

from mmbench.compare.gate import Change, Finding, GateReport, Missing, Reason

NASTY = "<img src=x> | `a` & ]]> \x1b[31m\ufffe [x](http://e.example) × @all"

SLOWER = Finding(
    cell="bert × news × full",
    metric="train_padded_tokens_per_second",
    aspect="rate",
    verdict="regression",
    threshold=0.05,
    change=Change(scale="ratio", value=1.072, low=1.051, high=1.09, count=60, counted="pairs"),
    baseline=1234.5,
    candidate=1151.6,
    unit="tokens/s",
)
STORED = replace(
    SLOWER, cell="vit", verdict="warning", reason=Reason(code="stored_only"), metric="x_per_second"
)
FEW = Finding(
    cell="bert × news × full",
    metric="accuracy",
    aspect="quality",
    verdict="cannot_tell",
    threshold=0.01,
    change=Change(scale="drop", value=0.004, low=-0.01, high=0.02, count=1, counted="examples"),
    baseline=0.9,
    candidate=0.896,
    reason=Reason(code="few_examples", values={"count": "1", "needed": "7,000"}),
)
FAILED = Finding(
    cell=NASTY,
    metric="",
    aspect="quality",
    verdict="error",
    threshold=0.0,
    reason=Reason(code="failed", values={"side": "candidate", "message": NASTY}),
)
RANK = Finding(
    cell="clip",
    metric="i2t_median_rank",
    aspect="quality",
    verdict="pass",
    threshold=0.05,
    change=Change(scale="relative_drop", value=-0.02),
    baseline=10.0,
    candidate=9.8,
)
MEMORY = replace(
    RANK,
    metric="peak_rss_bytes",
    aspect="memory",
    change=Change(scale="ratio", value=1.01),
    baseline=2.0**31,
    candidate=2.02 * 2**30,
    unit="bytes",
)
REPORT = GateReport(
    mode="paired",
    baseline="main",
    candidate="work",
    findings=(SLOWER, STORED, FEW, FAILED, RANK, MEMORY),
    missing=(Missing(cell="gone", lacking="candidate"),),
    differences=("threads: 2 against 4",),
    unused=("trian",),
    notes=("a note",),
)

"""`mmbench doctor`: what is here, what the quickstart lacks, and the commands that mend it."""

import typer


def doctor() -> None:
    """Check this installation.

    Exit status 0 if all that the quickstart needs is here, else 1.
    """
    from mmbench.cli.checks import QUICKSTART, all_checks
    from mmbench.cli.console import counted, output, plain, say

    console = output()
    marks = {"ok": ("ok  ", "green"), "lack": ("LACK", "bold red"), "note": ("note", "yellow")}
    lacks = 0
    for check in all_checks():
        mark, style = marks[check.verdict]
        say(console, plain(mark, style).append_text(plain(f"  {check.what}: {check.found}")))
        if check.mend is not None:
            say(console, f"      → {check.mend}")
        lacks += check.verdict == "lack"
    if lacks:
        console.print(f"\n{counted(lacks, 'thing')} missing for the quickstart; see LACK above.")
        raise typer.Exit(1)
    console.print(f"\nReady. Next: mmbench run {QUICKSTART}")

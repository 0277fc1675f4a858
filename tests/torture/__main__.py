"""`python -m tests.torture [--only NAME] [--seed N] [--count N] …`: the campaigns, and the table of their results.

Exit status 1 when a case failed; each failure is printed with the command that repeats it.
"""

from __future__ import annotations

import argparse
import faulthandler
import sys

from tests.torture.campaign import Report, campaigns, run

LONGEST = 1800  # seconds for one campaign; then something hangs, and where is printed


def table(reports: list[Report]) -> str:
    """The table, its columns aligned."""
    rows = [("campaign", "seed", "count", "failures", "seconds")]
    rows += [(r.name, str(r.seed), f"{r.count:,}", str(len(r.failures)), f"{r.seconds:.1f}") for r in reports]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [
        "  ".join(
            cell.ljust(width) if at == 0 else cell.rjust(width)
            for at, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    ]
    return "\n".join(lines)


def main() -> int:
    """Run what was asked for."""
    known = campaigns()
    parser = argparse.ArgumentParser(prog="python -m tests.torture", description="Run the campaigns of faults.")
    parser.add_argument("--only", choices=known, metavar="NAME", help=f"one of: {', '.join(known)}", action="append")
    parser.add_argument("--seed", type=int, help="the first case")
    parser.add_argument("--count", type=int, help="how many cases")
    parser.add_argument("--short", action="store_true", help="as few cases as the tests run")
    parser.add_argument("--processes", type=int, help="how many at once, at most")
    asked = parser.parse_args()
    reports = []
    for campaign in known.values():
        if asked.only and campaign.name not in asked.only:
            continue
        faulthandler.dump_traceback_later(LONGEST, exit=True)
        if asked.processes:
            campaign = campaign._replace(processes=min(campaign.processes, asked.processes))
        count = asked.count or (campaign.short if asked.short else campaign.long)
        print(f"{campaign.name}: {campaign.claim}", file=sys.stderr, flush=True)
        report = run(campaign, campaign.seed if asked.seed is None else asked.seed, count)
        faulthandler.cancel_dump_traceback_later()
        for failed in report.failures[:20]:
            again = f"python -m tests.torture --only {report.name} --seed {failed.seed} --count 1"
            print(f"\n{again}\n{failed.text[:3000]}", file=sys.stderr, flush=True)
        reports.append(report)
    print(table(reports))
    return 1 if any(report.failures for report in reports) else 0


if __name__ == "__main__":
    sys.exit(main())

"""Run rows, print their tables, write them to docs/bench.md and end with one line a row.

python -m benchmarks [ROW …]
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable

from benchmarks.report import RowResult, closing_line, section, write
from benchmarks.rows import (
    authors,
    brought,
    cost,
    cost_tables,
    curvature,
    families,
    headline,
    headline_staged,
    jax_rows,
    memory,
    optimizers,
    role_bugs,
    training,
)
from benchmarks.rows.faults import backups, clock, kills, network, soak
from benchmarks.rows.product import (
    crowd,
    figures,
    files,
    forecast,
    large_files,
    lists,
    live,
    posts,
    reports,
    uploads,
    visits,
)
from benchmarks.rows.security import (
    dependencies,
    first_run,
    gate,
    leaks,
    malformed,
    paths,
    roles,
    sign_in,
    slow_clients,
    source,
    spreadsheets,
    stored_scripts,
)
from muscope.worker.device import prepare_process

ROWS: dict[str, Callable[[], RowResult]] = {
    "headline_full": headline.full,
    "headline_narrow": headline.narrow,
    "headline_staged": headline_staged.staged,
    "headline_settled": headline_staged.settled,
    "train_rate": training.train_rate,
    "gemm_share": training.gemm_share,
    "hvps": curvature.hvps,
    "one_value": curvature.one_value,
    "ntk": curvature.ntk,
    "families": families.families,
    "jax": jax_rows.residual_mlp,
    "authors": authors.authors,
    "memory": memory.memory,
    "cost_cells": cost.cells,
    "cost_eta": cost.eta,
    "cost_tables": cost_tables.walls,
    "cost_tables_left": cost_tables.left,
    "files_trial": files.trial,
    "files_packages": files.packages,
    "files_hostile": files.hostile,
    "files_csv": files.csv_time,
    "files_large": large_files.large,
    "files_wide": large_files.wide,
    "report": reports.report,
    "optimizers": optimizers.optimizers,
    "brought_same": brought.same,
    "brought_stacked": brought.stacked,
    "brought_overhead": brought.overhead,
    "role_bugs": role_bugs.role_bugs,
    "list_10000": lists.list_10000,
    "paint": visits.paint,
    "layout_shift": visits.layout_shift,
    "live": live.live,
    "figures": figures.figures,
    "posts": posts.posts,
    "viewers": crowd.viewers,
    "uploads_200": uploads.uploads_200,
}
# Rows of `make faults`, which `make bench` leaves out: they take hours.
FAULT_ROWS: dict[str, Callable[[], RowResult]] = {
    "faults_kills": kills.kills,
    "faults_kills_postgres": kills.kills_postgres,
    "faults_network": network.network,
    "faults_backup_production": backups.backup_production,
    "faults_broker": kills.broker,
    "faults_disk": kills.disk,
    "faults_clock": clock.clock,
    "faults_soak": soak.soak,
}
# Rows of `make security`; the number is that of the design's scorecard.
SECURITY_ROWS: dict[str, Callable[[], RowResult]] = {
    "security_s1": malformed.malformed,
    "security_s2": files.hostile,
    "security_s3": roles.roles,
    "security_s4": gate.gate,
    "security_s5": paths.traversal,
    "security_s6": stored_scripts.stored_scripts,
    "security_s7": source.deserialisation,
    "security_s8": leaks.secrets,
    "security_s9": sign_in.sign_in,
    "security_s10": first_run.first_run,
    "security_s11": spreadsheets.spreadsheets,
    "security_s12": slow_clients.slow_clients,
    "security_permissions": leaks.permissions,
    "security_s13": dependencies.dependencies,
}
# Rows that read a table from outside the repository, whose path the environment names.
DATA_ROWS: dict[str, Callable[[], RowResult]] = {"forecast": forecast.forecast}
# One name for rows that share their measurement.
GROUPS = {
    "faults": tuple(FAULT_ROWS),
    "security": tuple(SECURITY_ROWS),
    "brought": ("brought_same", "brought_stacked", "brought_overhead"),
    "cost": ("cost_cells", "cost_eta"),
    "cost_tables": ("cost_tables", "cost_tables_left"),
    "files": (
        "files_trial",
        "files_packages",
        "files_hostile",
        "files_csv",
        "files_large",
        "files_wide",
    ),
}


def main(wanted: list[str]) -> int:
    """Run the wanted rows, or all of them."""
    wanted = [row for name in wanted for row in GROUPS.get(name, (name,))]
    known = ROWS | FAULT_ROWS | SECURITY_ROWS | DATA_ROWS
    unknown = [name for name in wanted if name not in known]
    if unknown:
        print(f"no such row: {', '.join(unknown)}; rows: {', '.join(known)}", file=sys.stderr)
        return 2
    # Attacks train nothing, and malformed requests are made of tiny floats too, which training flushes.
    if not wanted or set(wanted) - set(SECURITY_ROWS):
        prepare_process()
    lines = []
    for name in wanted or ROWS:
        before = os.getloadavg()[0]
        result = known[name]()
        text = section(name, result, load=f"{before:.1f} before, {os.getloadavg()[0]:.1f} after")
        write(name, text)
        print(text, flush=True)
        lines.append(closing_line(name, result))
    print("\n".join(lines))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

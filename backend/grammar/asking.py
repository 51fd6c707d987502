"""The commands that ask a server, and their options. Importing it loads nothing but the parser."""

from __future__ import annotations

from muscope.backend.grammar.parser import Commands, Parser

# From the best answer to the worst; the exit status of `wait` is the answer's.
EXIT_STATUS = {
    "transfers": 0,
    "sharpness_drifts": 10,
    "fine_tune": 20,
    "does_not_transfer": 30,
    "inconclusive": 40,
}
FAILURE = 1
# Help on the file that an action on a sweep writes.
_OUTPUT = {"runs": "export.output", "report": "report.output"}
# Values that `GET /api/v1/sweeps` sorts by, as its `SweepOrder` has them.
SWEEP_ORDERS = ("created", "name", "outcome", "rows")
SHELLS = ("bash", "zsh")
CLIENT_COMMANDS = frozenset(
    {
        "cancel",
        "completion",
        "datasets",
        "doctor",
        "export",
        "import",
        "mcp",
        "models",
        "recipe",
        "report",
        "results",
        "resume",
        "settle",
        "status",
        "submit",
        "sweeps",
        "wait",
    }
)


def add_client_commands(commands: Commands) -> None:
    """Add every command that asks a server."""
    _add_submit(commands)
    _add_wait(commands)
    _add_answers(commands)
    _add_files(commands)
    _add_datasets(commands)
    _add_sweeps(commands)
    _add_brought(commands)
    _asking(commands.add("doctor"))
    _server(commands.add("mcp"))
    completion = commands.add("completion")
    completion.add_argument("shell", choices=SHELLS, help=completion.say("completion.shell"))


def _add_submit(commands: Commands) -> None:
    submit = _asking(commands.add("submit"))
    submit.add_argument("spec", metavar="SPEC", help=submit.say("submit.spec"))
    submit.add_argument("--key", help=submit.say("submit.key"))
    submit.add_argument("--preview", action="store_true", help=submit.say("submit.preview"))


def _add_wait(commands: Commands) -> None:
    wait = _of_experiment(commands, "wait")
    wait.add_argument(
        "--require", choices=tuple(EXIT_STATUS)[:-1], default="transfers", help=wait.say("wait.require")
    )
    wait.add_argument("--timeout", type=float, metavar="SECONDS", help=wait.say("wait.timeout"))


def _add_answers(commands: Commands) -> None:
    status = _asking(commands.add("status"))
    status.add_argument("id", nargs="?", metavar="ID", help=status.say("status.id"))
    _of_experiment(commands, "results")
    settle = _of_experiment(commands, "settle")
    settle.add_argument("--max-seeds", type=int, metavar="N", help=settle.say("settle.max_seeds"))
    settle.add_argument("--preview", action="store_true", help=settle.say("settle.preview"))
    _of_experiment(commands, "cancel")
    _of_experiment(commands, "resume")


def _add_files(commands: Commands) -> None:
    for name in ("report", "export"):
        command = _of_experiment(commands, name)
        command.add_argument("-o", "--output", metavar="FILE", help=command.say(f"{name}.output"))
        if name == "export":
            kinds = command.add_mutually_exclusive_group()
            kinds.add_argument("--archive", action="store_true", help=command.say("export.archive"))
            kinds.add_argument("--points", choices=("csv", "parquet"), help=command.say("export.points"))
            command.add_argument(
                "--without-data", action="store_true", help=command.say("export.without_data")
            )
    taken = _asking(commands.add("import"))
    taken.add_argument("file", metavar="FILE", help=taken.say("import.file"))


def _add_brought(commands: Commands) -> None:
    models = _asking(commands.add("models"))
    models.add_argument("--store-data", metavar="NAME", help=models.say("models.store_data"))
    recipe = _of_experiment(commands, "recipe")
    recipe.add_argument("-o", "--output", metavar="FILE", help=recipe.say("recipe.output"))
    for name in ("width", "depth"):
        recipe.add_argument(f"--{name}", type=int, metavar="N", help=recipe.say(f"recipe.{name}"))
    recipe.add_argument("--arm", help=recipe.say("recipe.arm"))
    recipe.add_argument("--lr", type=float, help=recipe.say("recipe.lr"))


def _add_datasets(commands: Commands) -> None:
    datasets = commands.add("datasets")
    kinds = datasets.add_commands("action")
    _asking(kinds.add("list", "datasets.list"))
    upload = _asking(kinds.add("upload", "datasets.upload"))
    upload.add_argument("file", metavar="FILE", help=upload.say("datasets.file"))
    upload.add_argument("--label", help=upload.say("datasets.label"))
    delete = _asking(kinds.add("delete", "datasets.delete"))
    delete.add_argument("id", metavar="ID", help=delete.say("datasets.id"))


def _add_sweeps(commands: Commands) -> None:
    sweeps = commands.add("sweeps")
    kinds = sweeps.add_commands("action")
    listed = _asking(kinds.add("list", "sweeps.list"))
    listed.add_argument("--search", metavar="WORDS", help=listed.say("sweeps.search"))
    listed.add_argument(
        "--outcome", action="append", choices=tuple(EXIT_STATUS), help=listed.say("sweeps.outcome")
    )
    listed.add_argument("--sort", choices=SWEEP_ORDERS, help=listed.say("sweeps.sort"))
    store = _asking(kinds.add("store", "sweeps.store"))
    store.add_argument("file", metavar="FILE", help=store.say("judge.sweep"))
    for action in ("show", "judge", "runs", "report", "delete"):
        command = _asking(kinds.add(action, f"sweeps.{action}"))
        command.add_argument("id", metavar="ID", help=command.say("sweeps.id"))
        if action in _OUTPUT:
            command.add_argument("-o", "--output", metavar="FILE", help=command.say(_OUTPUT[action]))
        if action == "judge":
            _add_choices(command)
    rename = _asking(kinds.add("rename", "sweeps.rename"))
    rename.add_argument("id", metavar="ID", help=rename.say("sweeps.id"))
    rename.add_argument("name", metavar="NAME", help=rename.say("sweeps.name"))


def _add_choices(judge: Parser) -> None:
    """Add the options of `muscope judge` that choose what is judged; what is left out stays."""
    judge.add_argument("--columns", default="", metavar="ROLE=COLUMN,...", help=judge.say("judge.columns"))
    judge.add_argument("--arm", help=judge.say("judge.arm"))
    judge.add_argument("--axis", help=judge.say("judge.axis"))
    judge.add_argument("--law", metavar="E,ALPHA", help=judge.say("judge.law"))
    judge.add_argument("--initial-loss", type=float, metavar="LOSS", help=judge.say("judge.initial_loss"))


def _of_experiment(commands: Commands, name: str) -> Parser:
    command = _asking(commands.add(name))
    command.add_argument("id", metavar="ID", help=command.say("experiment.id"))
    return command


def _asking(command: Parser) -> Parser:
    """Add the options of a command that asks a server and prints an answer."""
    _server(command).add_argument("--json", action="store_true", help=command.say("json"))
    return command


def _server(command: Parser) -> Parser:
    command.add_argument("--server", metavar="URL", help=command.say("server"))
    command.add_argument("--token", help=command.say("token"))
    return command

"""Says what SAM would refuse of the `samconfig.toml` that documents show.

    python -I samconfig_examples.py DOCUMENT ...

Each block of toml with `parameter_overrides` is read as `sam build` and `sam deploy` read it, by SAM's own types. Prints a line
for each problem, and ends with 1 if there is one, or if there is no example at all.
"""

import re
import sys

import click
import tomlkit
from samcli.cli.types import CfnParameterOverridesType


def problems(text: str):
    for block in re.findall(r"```toml\n(.*?)```", text, re.DOTALL):
        if "parameter_overrides" not in block:
            continue
        for environment in tomlkit.parse(block).unwrap().values():
            for command in environment.values():
                given = command["parameters"].get("parameter_overrides", [])
                try:
                    CfnParameterOverridesType().convert(given, None, None)
                    yield None
                except click.BadParameter as error:
                    yield str(error)


def main() -> int:
    found = [(path, problem) for path in sys.argv[1:] for problem in problems(open(path, encoding="utf-8").read())]
    refused = [(path, problem) for path, problem in found if problem]
    for path, problem in refused:
        print(f"{path}: {problem}", file=sys.stderr)
    if not found:
        print("no example of samconfig.toml was found", file=sys.stderr)
    return 1 if refused or not found else 0


sys.exit(main())

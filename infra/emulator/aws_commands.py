"""Says what the AWS CLI would refuse of commands, by botocore's models, from which the CLI makes its own.

    python -I aws_commands.py < COMMANDS > PROBLEMS

COMMANDS is JSON: a list of commands, each a list of words without the leading `aws`. PROBLEMS is a list of as many texts, null
for a command that the CLI takes. Nothing is sent anywhere.

A word in capitals, with a `$` or in braces stands for a value of the reader's and fits wherever a text does. Arguments that
the CLI names otherwise than the API are not known here: a command with one is refused.
"""

import json
import re
import sys

import jmespath
from botocore import xform_name
from botocore.exceptions import UnknownServiceError
from botocore.model import ServiceModel
from botocore.session import Session

# Global options: whether a value follows, and which.
GLOBAL = {
    "--query": "text", "--output": ["json", "text", "table", "yaml", "yaml-stream", "off"], "--region": "text",
    "--profile": "text", "--endpoint-url": "text", "--no-cli-pager": None, "--no-paginate": None, "--no-sign-request": None,
    "--max-items": "number", "--page-size": "number", "--cli-read-timeout": "number", "--cli-connect-timeout": "number",
}

# What the CLI calls otherwise than botocore.
SERVICES = {"deploy": "codedeploy", "configservice": "config", "s3api": "s3"}

# Commands of the CLI's own, which are no operation of a service: how many words follow, and their options. By
# docs.aws.amazon.com/cli/latest/reference.
OWN = {
    ("logs", "tail"): (1, {"--since": "text", "--follow": None, "--format": ["detailed", "short", "json"],
                           "--filter-pattern": "pattern", "--log-stream-names": "text", "--log-stream-name-prefix": "text"}),
    ("sso", "login"): (0, {"--no-browser": None, "--sso-session": "text", "--use-device-code": None}),
    ("s3", "ls"): (1, {"--recursive": None, "--human-readable": None, "--summarize": None}),
    ("s3", "cp"): (2, {"--recursive": None, "--quiet": None}),
    ("s3", "sync"): (2, {"--quiet": None, "--delete": None}),
    ("s3", "rm"): (1, {"--recursive": None, "--quiet": None}),
    ("s3", "rb"): (1, {"--force": None}),
}

SESSION = Session()


class Refused(Exception):
    """Why."""


def is_placeholder(word: str) -> bool:
    return bool(re.search(r"[$…]|\{\w*\}", word) or re.fullmatch(r"[A-Z][A-Z0-9_.:/-]*", word))


def check(words: list) -> None:
    if len(words) < 2 or words[0].startswith("-") or words[1].startswith("-"):
        raise Refused("a service and an operation come first")
    service, operation, rest = words[0], words[1], words[2:]
    if (service, operation) in OWN:
        count, options = OWN[service, operation]
        given = read(rest, options, count)
        return check_values(given, options)
    try:
        loaded = SESSION.get_service_model(SERVICES.get(service, service))
    except UnknownServiceError:
        raise Refused(f"no service {service}") from None
    if operation == "wait" and rest:
        check_waiter(loaded, service, rest[0], rest[1:])
        return None
    return check_operation(loaded, operation, rest)


def check_waiter(service: ServiceModel, name: str, waiter: str, rest: list) -> None:
    try:
        waiters = SESSION.get_waiter_model(service.service_name)
    except UnknownServiceError:
        raise Refused(f"{name} has no waiters") from None
    for known in waiters.waiter_names:
        if xform_name(known, "-") == waiter:
            return check_operation(service, xform_name(waiters.get_waiter(known).operation, "-"), rest)
    raise Refused(f"{name} has no waiter {waiter}")


def check_operation(service: ServiceModel, name: str, rest: list) -> None:
    known = {xform_name(operation, "-"): operation for operation in service.operation_names}
    if name not in known:
        raise Refused(f"{service.service_name} has no operation {name}")
    operation = service.operation_model(known[name])
    members = operation.input_shape.members if operation.input_shape else {}
    options, shapes = {}, {}
    for member, shape in members.items():
        option = "--" + xform_name(member, "-")
        shapes[option] = member
        options[option] = kind(member, shape)
        if shape.type_name == "boolean":
            options["--no-" + option[2:]] = None
    given = read(rest, options, 0)
    required = operation.input_shape.required_members if operation.input_shape else []
    missing = [option for option, member in shapes.items()
               if member in required and option not in given and "--no-" + option[2:] not in given]
    if missing:
        raise Refused(f"{', '.join(missing)} is missing")
    check_values(given, options)
    for query in given.get("--query", []):
        check_query(query, operation.output_shape)


def kind(member: str, shape):
    if member == "filterPattern":
        return "pattern"
    if shape.type_name == "boolean":
        return None
    if shape.type_name in ("integer", "long"):
        return "number"
    if shape.type_name == "string":
        return list(shape.enum) or "text"
    if shape.type_name == "list":
        return (kind("", shape.member),) if shape.member.type_name == "string" else "structure"
    return "structure" if shape.type_name in ("structure", "map") else "text"


def read(words: list, options: dict, positional: int) -> dict:
    """The values of each option."""
    allowed = {**options, **GLOBAL}
    given, option, count = {}, None, 0
    for word in words:
        if word.startswith("--"):
            option = word
            if option not in allowed:
                raise Refused(f"no option {option}")
            if option in given:
                raise Refused(f"{option} is there twice")
            given[option] = []
        elif option is None or allowed[option] is None or (given[option] and not isinstance(allowed[option], tuple)):
            count += 1
            if count > positional:
                raise Refused(f"nothing takes {word}")
        else:
            given[option].append(word)
    if count < positional:
        raise Refused(f"{positional} words have to follow, not {count}")
    for option, values in given.items():
        if not values and allowed[option] is not None:
            raise Refused(f"{option} needs a value")
    return given


def check_values(given: dict, options: dict) -> None:
    allowed = {**options, **GLOBAL}
    for option, values in given.items():
        for value in values:
            check_value(option, value, allowed[option])


def check_value(option: str, value: str, expected) -> None:
    if isinstance(expected, tuple):
        expected = expected[0]
    if value.startswith("file://") or expected == "text":
        return
    if expected == "pattern":
        return check_pattern(value)
    if is_placeholder(value):
        return
    if isinstance(expected, list) and value not in expected:
        raise Refused(f"{option} is one of {', '.join(expected)}")
    if expected == "number" and not value.isdigit():
        raise Refused(f"{option} is a number")
    if expected == "structure" and value[0] in "[{":
        try:
            json.loads(value)
        except ValueError:
            raise Refused(f"{option} is not JSON") from None


def check_pattern(pattern: str) -> None:
    """CloudWatch Logs' filter patterns, as far as documents use them: terms, or one selector of JSON."""
    pattern = pattern.strip()
    if pattern.startswith("{"):
        term = r"\(?\s*\$\.[A-Za-z0-9_.\[\]*]+\s*(=|!=|<|>|<=|>=)\s*(\"[^\"]*\"|[\w.*%-]+)\s*\)?"
        if not re.fullmatch(r"\{\s*" + term + r"(\s*(&&|\|\|)\s*" + term + r")*\s*\}", pattern):
            raise Refused(f"{pattern} is no selector of JSON")
        return
    # What is neither a letter, a digit nor an underscore has to stand in quotes.
    if not re.fullmatch(r"(\s*[?-]?(\"[^\"]*\"|%[^%]*%|\w+)(\s+|$))*", pattern):
        raise Refused(f"{pattern} has characters outside of quotes that no term may have")


def check_query(query: str, shape) -> None:
    try:
        expression = jmespath.compile(query)
    except jmespath.exceptions.JMESPathError as error:
        raise Refused(f"--query is no JMESPath: {error}") from None
    found = expression.search(sample(shape, []))
    if found is None or (isinstance(found, list) and found and all(value is None for value in flat(found))):
        raise Refused(f"--query {query} finds nothing in what the operation answers")


def flat(value):
    return [leaf for item in value for leaf in flat(item)] if isinstance(value, list) else [value]


def sample(shape, seen: list):
    """An answer in which everything is there."""
    if shape is None or shape.name in seen:
        return None
    seen = [*seen, shape.name]
    if shape.type_name == "structure":
        return {name: sample(member, seen) for name, member in shape.members.items()}
    if shape.type_name == "list":
        return [sample(shape.member, seen)]
    if shape.type_name == "map":
        return {"key": sample(shape.value, seen)}
    return {"boolean": True, "integer": 1, "long": 1, "double": 1.0, "float": 1.0}.get(shape.type_name, "text")


def problem(words: list):
    try:
        check(words)
    except Refused as refused:
        return str(refused)
    return None


json.dump([problem(words) for words in json.load(sys.stdin)], sys.stdout)

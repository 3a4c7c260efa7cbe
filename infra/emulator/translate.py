"""Says what AWS makes of a SAM template, by AWS's own translator.

    python -I translate.py < ASKED > TRANSLATED

ASKED is JSON: {"template": …, "parameters": {…}}, the template in its long JSON form. TRANSLATED is a template of plain
CloudFormation. Functions whose code lies in a folder get an address, as a packager would give them.
"""

import json
import logging
import os
import sys
from types import SimpleNamespace

# Its validation differs by region, and it would ask an account which one.
os.environ["AWS_DEFAULT_REGION"] = "us-east-1"

from samtranslator.translator.transform import transform  # noqa: E402: it reads the region when it is imported


def main() -> None:
    # It warns of features that only AWS can switch on.
    logging.disable(logging.CRITICAL)
    asked = json.load(sys.stdin)
    for resource in asked["template"]["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function":
            resource["Properties"]["CodeUri"] = "s3://bucket/code"
    # No policy is named by AWS's own names, which it would look up.
    policies = SimpleNamespace(load=dict)
    json.dump(transform(asked["template"], asked["parameters"], policies), sys.stdout)


main()

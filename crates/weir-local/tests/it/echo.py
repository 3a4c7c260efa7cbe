#!/usr/bin/env python3
"""A function's bootstrap: answers with its greeting, its environment's names and the body that it got."""

import json
import os
import urllib.request

api = f"http://{os.environ['AWS_LAMBDA_RUNTIME_API']}/2018-06-01/runtime/invocation"
while True:
    with urllib.request.urlopen(f"{api}/next") as event:
        request = event.headers["Lambda-Runtime-Aws-Request-Id"]
        body = json.load(event).get("body")
    said = {"greeting": os.environ["GREETING"], "body": body, "environment": sorted(os.environ)}
    response = {"statusCode": 200, "body": json.dumps(said)}
    urllib.request.urlopen(urllib.request.Request(f"{api}/{request}/response", json.dumps(response).encode())).close()

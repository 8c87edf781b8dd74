# SPDX-License-Identifier: Apache-2.0
"""Reads a body with the CloudEvents SDK and validates its data against the schema of its signal."""
import json, pathlib

from cloudevents.core.exceptions import BaseCloudEventException
from cloudevents.core.formats.json import JSONFormat
from jsonschema import Draft202012Validator


def validate(body, event, folder):
    """Raises ValueError if the SDK or the schema in the folder rejects the event."""
    try:
        read = JSONFormat().read(None, body)
    except BaseCloudEventException as error:
        raise ValueError(f"the SDK rejects it: {error}") from error
    if (read.get_id(), read.get_type(), read.get_subject()) != (event["id"], event["type"], event.get("subject")):
        raise ValueError("the SDK reads other attributes")
    version = event.get("dataschema", "/1").rpartition("/")[2]
    schema = pathlib.Path(folder, f"{event['type']}.{version}.json")
    if not schema.is_file():
        return  # a signal that is newer than this folder, or an application's own
    faults = Draft202012Validator(json.loads(schema.read_text())).iter_errors(read.get_data())
    if fault := next(faults, None):
        raise ValueError(f"/{'/'.join(map(str, fault.path))} does not match the schema: {fault.validator}")

# Prints what the Python packages icalendar and vobject read of the calendar on
# standard input, as JSON.
import datetime
import json
import sys

import icalendar
import vobject


def text(value):
    if isinstance(value, datetime.datetime):
        return value.astimezone(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    if isinstance(value, datetime.date):
        return value.isoformat()
    if isinstance(value, datetime.timedelta):
        return str(int(value.total_seconds()))
    return str(value)


file = sys.stdin.buffer.read().decode()
found = []
for todo in icalendar.Calendar.from_ical(file).walk("VTODO"):
    categories = todo.get("CATEGORIES")
    found.append({
        "reader": "icalendar",
        "uid": text(todo["UID"]),
        "summary": text(todo["SUMMARY"]),
        "description": text(todo.get("DESCRIPTION", "")),
        "status": text(todo["STATUS"]),
        "due": text(todo.decoded("DUE")) if "DUE" in todo else "",
        "occurrence": text(todo.decoded("RECURRENCE-ID")) if "RECURRENCE-ID" in todo else "",
        "categories": [text(c) for c in categories.cats] if categories else [],
        "triggers": [text(alarm.decoded("TRIGGER")) for alarm in todo.walk("VALARM")],
    })
for todo in vobject.readOne(file).contents.get("vtodo", []):
    value = lambda name: todo.contents[name][0].value if name in todo.contents else ""
    found.append({
        "reader": "vobject",
        "uid": text(value("uid")),
        "summary": text(value("summary")),
        "description": text(value("description")),
        "status": text(value("status")),
        "due": text(value("due")),
        "occurrence": text(value("recurrence-id")),
        "categories": list(value("categories")),
        "triggers": [text(alarm.trigger.value) for alarm in todo.contents.get("valarm", [])],
    })
json.dump(found, sys.stdout)

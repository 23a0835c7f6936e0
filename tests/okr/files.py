"""Files of goals, and what their dry run says."""

import io

import openpyxl

from okr.actions.importing import cells
from tests.okr.conftest import content, key_result

HEADER = "Owner,Objective,Key result,Kind,Start,Target,Unit,Weight\n"
ONE = HEADER + "P003,Never out of stock,Stores served,Number up,0,10,stores,100\n"


def row(title, target=10, owner="P003"):
    return f"{owner},{title},Stores served,Number up,0,{target},stores,100\n"


def standing(title):
    """The text that such a row brings."""
    return content(title, key_result("increase", "Stores served", unit="stores"))


def counts(made):
    return {key: made.report["counts"][key] for key in ("new", "changed", "same", "errors")}


def errors(made):
    return [(each["cell"], each["text"]) for each in made.report["errors"]]


def book(rows):
    workbook = openpyxl.Workbook()
    for row in rows:
        workbook.active.append(row)
    file = io.BytesIO()
    workbook.save(file)
    return file.getvalue()


def plain(text):
    """What is written, without identities and with white space as one reads it."""
    kept = text.to_json()
    kept["description"] = cells.tidy(kept["description"])
    kept["title"] = " ".join(kept["title"].split())
    for each in kept["key_results"]:
        each["title"] = " ".join(each["title"].split())
        each["id"] = each["owner_id"] = None
        each["milestones"] = [" ".join(step["title"].split()) for step in each["milestones"]]
    return kept

"""A check for schemathesis: what the schema allows is refused only by a refusal that the document lists."""

import schemathesis

# These say what no schema can: they depend on the ledger, the configuration, the fonts, the country, the calendar.
LISTED = {401, 403, 404, 409, 410, 503}
# A fault of these codes is one of form: the schema has to rule it out.
FORM = {"unknown_field", "wrong_type", "too_long", "too_many", "out_of_range"}


@schemathesis.check
def only_listed_refusals(ctx, response, case):
    mode = getattr(getattr(case.meta, "generation", None), "mode", None)
    if mode is None or not mode.is_positive or response.status_code < 400 or response.status_code in LISTED:
        return
    if response.status_code >= 500:
        raise AssertionError(f"{response.status_code}")
    problem = response.json()
    faults = problem.get("faults", [])
    of_form = [fault for fault in faults if fault.get("code") in FORM]
    if response.status_code == 422 and faults and not of_form:
        return
    raise AssertionError(f"the schema allows it, and it is refused: {problem['detail']} {of_form[:3]}")

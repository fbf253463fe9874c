"""Any invoice that the model accepts builds into a valid document, or is refused by naming a field."""

import json
import os
import re

from hypothesis import HealthCheck, given, settings

from ehf_builder.validation.engine import Engine
from ehf_builder.validation.verdict import BuiltVerdict
from hub.invoice.findings import PEPPOL_EXCHANGE_RULES, Finding
from tests.ehf_builder.invoices import TODAY
from tests.ehf_builder.strategies import Sent, odd, usual

# Which codes there are is a matter of the day's rule set: there the rules themselves refuse, in our words.
CODE_LISTS = re.compile(r"BR-CL-\d+|PEPPOL-EN16931-CL\d+|BR-CO-09|EHF-REMINDER-B\d+")
# Half a minute each; HUB_PROPERTY_EXAMPLES=20000 searches for an hour.
EXAMPLES = int(os.environ.get("HUB_PROPERTY_EXAMPLES", "200"))
searching = settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))


def built(engine: Engine, sent: Sent) -> BuiltVerdict:
    return engine.build(json.dumps(sent.fields).encode(), sent.seller, sent.customer, TODAY)


def expected(finding: Finding) -> bool:
    """Whether a fatal finding is our own, or one that our words and the caller's field make as good."""
    if not finding.field:
        return False
    ours = finding.rule.startswith("HUB-")
    listed = CODE_LISTS.fullmatch(finding.rule) and not finding.nb.startswith("Regelen ")
    return ours or bool(listed) or finding.rule in PEPPOL_EXCHANGE_RULES


@searching
@given(usual())
def test_what_a_company_would_send_is_valid(engine: Engine, sent: Sent) -> None:
    judged = built(engine, sent)
    assert judged.verdict.fatal == (), judged.document


@searching
@given(odd())
def test_an_accepted_invoice_is_valid_or_refused_in_its_own_fields(engine: Engine, sent: Sent) -> None:
    judged = built(engine, sent)
    assert judged.document or judged.verdict.fatal
    surprises = [finding for finding in judged.verdict.fatal if not expected(finding)]
    assert not surprises, judged.document

"""Every kind of problem that customers are told of: its code, and in Norwegian and English what it means.

A problem's `type` is `urn:sentral:problem:<code>` and never changes; neither does what a code means. docs/problems is
made of this (`python -m gateway problems`). The sentence of a single problem (what is wrong here, and the remedy) is
written where it arises.
"""

from collections.abc import Mapping

from gateway.catalogue.asking import ASKING
from gateway.catalogue.deliveries import DELIVERIES
from gateway.catalogue.invoices import INVOICES
from gateway.catalogue.kinds import Kind

CATALOGUE: Mapping[str, Kind] = {kind.code: kind for kind in (*ASKING, *INVOICES, *DELIVERIES)}

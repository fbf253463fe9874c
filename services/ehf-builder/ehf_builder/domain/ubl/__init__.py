"""UBL 2.1 invoices and credit notes (Peppol BIS Billing 3) out of a draft."""

from ehf_builder.domain.ubl.document import write

__all__ = ["write"]

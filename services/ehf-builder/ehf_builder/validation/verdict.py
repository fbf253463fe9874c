"""What is said of a document: judged with findings, or not judged with the reason."""

from dataclasses import dataclass

from ehf_builder.validation.document_type import DocumentType
from hub.invoice.findings import Finding, fit_for
from hub.pipeline import Purpose


@dataclass(frozen=True, slots=True)
class Verdict:
    """A judgement by one rule set.

    `error` says why the document could not be judged (unreadable, unsupported type): then there are no findings of the
    rules. `findings` come in the order of the stages: own checks, `XSD`, the official rules.
    """

    rule_set: str | None
    findings: tuple[Finding, ...] = ()
    error: Finding | None = None
    document_type: DocumentType | None = None

    @property
    def valid(self) -> bool:
        """Judged, and without a fatal finding."""
        return self.error is None and not any(finding.fatal for finding in self.findings)

    @property
    def purposes(self) -> frozenset[Purpose]:
        """What the document may be used for; empty where it was not judged."""
        return fit_for(self.findings) if self.error is None else frozenset()

    @property
    def fatal(self) -> tuple[Finding, ...]:
        """What stops the document, the reason why it could not be judged included."""
        stopping = tuple(finding for finding in self.findings if finding.fatal)
        return (self.error, *stopping) if self.error else stopping

    @property
    def warnings(self) -> tuple[Finding, ...]:
        """What does not stop it."""
        return tuple(finding for finding in self.findings if not finding.fatal)


@dataclass(frozen=True, slots=True)
class BuiltVerdict:
    """A JSON invoice's UBL (None where it could not be written) and the verdict on both."""

    document: bytes | None
    verdict: Verdict

"""The sending report that every submission is answered with, and what becomes of the document at each outcome."""

import base64
import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from hub.testing.phoss_ap.sbd import Submission
from hub.testing.phoss_ap.world import utc_text

ZONE = "participant.sml.test.tech.peppol.org"
SMP_URL = "http://127.0.0.1:18091/"
ENDPOINT_URL = "http://127.0.0.1:18082/as4"
TRANSPORT = "peppol-transport-as4-v2_0"
DUPLICATE_RESULT = "AS4_ERROR_MESSAGE_RECEIVED"


@dataclass(frozen=True, slots=True)
class Result:
    """How one attempt ended: the report, and (unless it was sent) the status's error text and whether it is final."""

    report: dict[str, Any]
    error: str | None = None
    final: bool = False

    @property
    def sent(self) -> bool:
        """Whether the receiver's access point gave its receipt."""
        return bool(self.report["overallSuccess"])


def _base(document: Submission, **found: Any) -> dict[str, Any]:
    return {
        "currentDateTimeUTC": utc_text(datetime.now(UTC), 3),
        "phase4Version": "4.5.4",
        "smlDnsZone": f"{ZONE}.",
        "senderId": document.sender,
        "receiverId": document.receiver,
        "docTypeId": document.document_type,
        "docTypeIdInCodeList": "Order-2" not in document.document_type,
        "processId": document.process,
        "processIdInCodeList": "urn:" in document.process,
        "countryC1": document.country,
        "transportProfileId": TRANSPORT,
        "sbdhInstanceIdentifier": document.instance_id,
        "lookupDurationMillis": 1,
        "as4ResponseError": False,
        "overallDurationMillis": 4,
        "sendingSuccess": False,
        "overallSuccess": False,
        **found,
    }


def _exception(name: str, message: str) -> dict[str, str]:
    return {"class": name, "message": message, "stackTrace": f"{name}: {message}"}


def unregistered(document: Submission, *, servfail: bool = False) -> Result:
    """Report that the SML has no such participant, or (told just so) that the DNS failed."""
    value = document.receiver.partition("::")[2].lower().encode()
    label = base64.b32encode(hashlib.sha256(value).digest()).decode().rstrip("=").lower()
    host = f"{label}.iso6523-actorid-upis.{ZONE}"
    told = f"The participant ID '{document.receiver}' is not registered in the Peppol Network"
    cause = (
        f"Technical DNS failure resolving '{host}' [TRY_AGAIN]: SERVFAIL"
        if servfail
        else f"Participant DNS name '{host}' is not registered [HOST_NOT_FOUND]"
    )
    exception = _exception("com.helger.smpclient.url.SMPDNSResolutionException", cause)
    report = _base(document, lookupError=told, lookupException=exception)
    return Result(report, f"{told}. Technical details: {cause}", final=True)


def unresolved(document: Submission, cause: str) -> Result:
    """Report that the SMP names no endpoint: `cause` tells why; it is tried again."""
    told = f"{_endpoint_of(document)} [static] - {cause}"
    return Result(_base(document, c3SmpUrl=SMP_URL, lookupError=told), told)


def smp_failed(document: Submission) -> Result:
    """Report that the SMP answered 500."""
    told = _endpoint_of(document)
    name = "com.helger.smpclient.exception.SMPClientHttpException"
    exception = _exception(name, "Error thrown with HTTP status code 500")
    report = _base(document, c3SmpUrl=SMP_URL, lookupError=told, lookupException=exception)
    return Result(report, told, final=True)


def _endpoint_of(document: Submission) -> str:
    what = f"{document.receiver}, {document.document_type}, {document.process}, {TRANSPORT}"
    return f"Failed to resolve SMP endpoint ({what})"


def _attempted(document: Submission, **outcome: Any) -> dict[str, Any]:
    return _base(
        document,
        c3SmpUrl=SMP_URL,
        senderPartyId="POP000001",
        c3EndpointUrl=ENDPOINT_URL,
        c3Cert="-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----",
        c3CertSubjectCN="POP000002",
        c3CertSubjectO="Lab Two AS",
        c3CertSubjectC="NO",
        c3TechnicalContact="lab@example.invalid",
        as4MessageId=f"{uuid4()}@phase4.phoss-ap",
        as4ConversationId="phase4@Conv1",
        as4SendingDateTime=utc_text(datetime.now(UTC), 3),
        sendingDurationMillis=3,
        **outcome,
    )


def _checked() -> dict[str, str]:
    return {"c3CertCheckDT": utc_text(datetime.now(UTC), 3), "c3CertCheckResult": "VALID"}


def _failure(result: str) -> dict[str, str]:
    told = f"An error occurred during the phase4 transmission to '{ENDPOINT_URL}'."
    return {"sendingResult": result, "sendingError": told}


def unparsable(document: Submission) -> Result:
    """Report that the payload is not XML; it is tried again all the same."""
    told = "Failed to parse payload InputStream to a DOM node"
    exception = _exception("com.helger.phase4.peppol.Phase4PeppolException", told)
    report = _attempted(document, sendingException=exception, **_failure("TRANSPORT_ERROR_NO_RETRY"))
    return Result(report, told)


def unreachable(document: Submission) -> Result:
    """Report that the receiver's access point refused the connection or never answered."""
    told = "Wrapped Phase4Exception"
    exception = _exception("com.helger.phase4.util.Phase4Exception", told)
    report = _attempted(document, sendingException=exception, **_checked(), **_failure("TRANSPORT_ERROR"))
    return Result(report, told)


def _signal(reference: str, content: str) -> str:
    return (
        '<?xml version="1.0" encoding="UTF-8"?><eb:SignalMessage xmlns:ds="http://www.w3.org/2000/09/xmldsig#" '
        'xmlns:ebbp="http://docs.oasis-open.org/ebxml-bp/ebbp-signals-2.0" '
        'xmlns:eb="http://docs.oasis-open.org/ebxml-msg/ebms/v3.0/ns/core/200704/"><eb:MessageInfo>'
        f"<eb:Timestamp>{utc_text(datetime.now(UTC), 3)}</eb:Timestamp>"
        f"<eb:MessageId>{uuid4()}@phase4.phoss-ap</eb:MessageId><eb:RefToMessageId>{reference}</eb:RefToMessageId>"
        f"</eb:MessageInfo>{content}</eb:SignalMessage>"
    )


def duplicate(document: Submission) -> Result:
    """Report that the receiver has a document with this instance id already (EBMS:0004)."""
    told = f"Rejecting duplicate SBDH instance '{document.instance_id}'"
    report = _attempted(document, **_checked(), **_failure(DUPLICATE_RESULT))
    error = {
        "description": "An undefined error occurred.",
        "errorDetails": told,
        "category": "Content",
        "refToMessageInError": report["as4MessageId"],
        "errorCode": "EBMS:0004",
        "severity": "failure",
        "shortDescription": "Other",
    }
    envelope = _signal(report["as4MessageId"], f"<eb:Error><eb:ErrorDetail>{told}</eb:ErrorDetail></eb:Error>")
    report["as4ResponseError"] = True
    report["as4ResponseErrors"] = [error]
    report["as4ReceivedSignalMsg"] = envelope
    report["rawHttpResponse"] = {"statusLine": "HTTP/1.1 200 ", "headers": [], "contentLength": 0, "content": ""}
    return Result(report, f"Error in AS4 sending with result code {DUPLICATE_RESULT}")


def success(document: Submission) -> Result:
    """Report the receipt, with a digest of the payload where the real one digests its message parts."""
    digest = base64.b64encode(hashlib.sha256(document.payload).digest()).decode()
    report = _attempted(document, sendingResult="SUCCESS", sendingSuccess=True, overallSuccess=True, **_checked())
    receipt = (
        "<eb:Receipt><ebbp:NonRepudiationInformation><ebbp:MessagePartNRInformation>"
        '<ds:Reference URI="cid:payload"><ds:DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"/>'
        f"<ds:DigestValue>{digest}</ds:DigestValue></ds:Reference></ebbp:MessagePartNRInformation>"
        "</ebbp:NonRepudiationInformation></eb:Receipt>"
    )
    report["as4ReceivedSignalMsg"] = _signal(report["as4MessageId"], receipt)
    return Result(report)

"""What a delivery is metered as: one product per way, so that each can have its own price (prices are metering's)."""

from collections.abc import Mapping

from hub.parties import Channel

SENT: Mapping[Channel, str] = {
    Channel.PEPPOL: "invoice.peppol",
    Channel.FTP: "invoice.ftp",
    Channel.INBOX: "invoice.inbox",
}
RECEIVED = "inbound"

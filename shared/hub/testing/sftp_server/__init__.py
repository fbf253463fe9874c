"""A real SFTP server over a real folder, for tests and the demonstration: can be stopped, restarted and disturbed."""

from hub.testing.sftp_server.folder import Faults, Received
from hub.testing.sftp_server.server import SftpServer, host_key_at

__all__ = ["Faults", "Received", "SftpServer", "host_key_at"]

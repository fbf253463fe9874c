"""ftp_sender."""

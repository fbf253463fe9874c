"""From a file that the ERP left to invoices that can be sent."""

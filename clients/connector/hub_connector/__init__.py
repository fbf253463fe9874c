"""What runs beside the ERP on the customer's premises: the connector, and the Python client that it is built on."""

__version__ = "0.1.0"

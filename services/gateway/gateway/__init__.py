"""gateway: the door of the hub. What ERP installs call, and what the hub knows of who they are."""

"""The ERP's own names for the hub's fields."""

from collections.abc import Mapping


def erp_name(names: Mapping[str, str], field: str | None) -> str | None:
    """Return what the ERP calls a field: the field itself where nothing else is known.

    A field that stands for several (`lines[0].vat`) is called by theirs; one that the file does not have is named
    within what it belongs to (`row 4: description`).
    """
    if field is None or not names:
        return field
    if field in names:
        return names[field]
    parts = [name for known, name in names.items() if known.startswith((f"{field}.", f"{field}["))]
    if parts:
        return ", ".join(dict.fromkeys(parts[:3]))
    head, _, rest = field.partition(".")
    return f"{names[head]}: {rest}" if head in names and rest else field

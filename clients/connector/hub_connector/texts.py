"""Sentences for the people who run the connector, in Norwegian (bokmål) and English."""

from typing import NamedTuple

LANGUAGES = ("nb", "en")


class Text(NamedTuple):
    """A sentence in both languages."""

    nb: str
    en: str

    def told(self, language: str) -> str:
        """Return it in one of the languages."""
        return self.nb if language == "nb" else self.en

    def of(self, **values: object) -> "Text":
        """Fill in the {values}; a Text among them is filled in in the same language."""

        def filled(place: int) -> str:
            return self[place].format(**{n: v[place] if isinstance(v, Text) else v for n, v in values.items()})

        return Text(filled(0), filled(1))


class Trouble(Exception):
    """Something that the person who runs the connector must know or mend; `text` says what and how."""

    def __init__(self, text: Text) -> None:
        super().__init__(text.en)
        self.text = text


# What an invoice's status is called in receipts and lists.
STATUSES = {
    "waiting": Text("VENTER PÅ Å BLI SENDT", "WAITING TO BE SENT"),
    "rejected": Text("IKKE SENDT", "NOT SENT"),
    "accepted": Text("MOTTATT AV MELDINGSSENTRALEN", "ACCEPTED BY THE HUB"),
    "ready": Text("KONTROLLERT", "CHECKED"),
    "routed": Text("UNDER LEVERING", "ON ITS WAY"),
    "retrying": Text("UNDER LEVERING, PRØVES IGJEN", "ON ITS WAY, TRIED AGAIN"),
    "in_doubt": Text("USIKKERT OM DEN KOM FRAM", "UNCERTAIN WHETHER IT ARRIVED"),
    "delivered": Text("LEVERT", "DELIVERED"),
    "refused": Text("AVVIST AV KONTROLLEN", "REFUSED BY THE RULES"),
    "failed": Text("KUNNE IKKE LEVERES", "COULD NOT BE DELIVERED"),
    "cancelled": Text("STANSET", "CANCELLED"),
    "returned": Text("KOM I RETUR", "RETURNED"),
}


def status_text(status: str) -> Text:
    """Return what a status is called; one that a newer hub has made up is shown as it is."""
    return STATUSES.get(status) or Text(status.upper(), status.upper())

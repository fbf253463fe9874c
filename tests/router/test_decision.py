"""The pure decision: which channel, and why not the others."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.parties import Activation, Channel
from hub.pipeline import Purpose
from router.domain.decision import Facts, decide, decide_inbound
from router.domain.orders import file_name
from router.domain.products import RECEIVED, SENT

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
DAY = timedelta(days=1)
CLIENT, COMPANY = "310000019", "310000027"
TARGET = UUID(int=1)


def activation(company: str = CLIENT, service: Any = "sending", **changes: Any) -> Activation:
    return Activation.model_validate(
        {"company": company, "service": service, "active_from": NOW - 100 * DAY, **changes},
    )


def receiving(**changes: Any) -> Activation:
    return activation(COMPANY, "receiving", **{"inbox_fetched_at": NOW - DAY, **changes})


def facts(**changes: Any) -> Facts:
    """A client that may send, and a recipient that nobody knows."""
    known = {
        "at": NOW,
        "recipient": f"0192:{COMPANY}",
        "purposes": tuple(Purpose),
        "sending": activation(),
    }
    return Facts(**{**known, **changes})


def rejected(told: Facts) -> dict[Channel, str]:
    return {reason.channel: reason.problem.code for reason in decide(told).rejected}


def test_a_recipient_that_receives_in_the_hub_gets_it_in_its_inbox() -> None:
    decision = decide(facts(company=COMPANY, receiving=receiving()))
    assert (decision.channel, decision.chosen_by) == (Channel.INBOX, "on_hub")
    assert decision.rejected == ()


def test_the_customers_own_choice_goes_first() -> None:
    told = facts(company=COMPANY, receiving=receiving(), choice=Channel.FTP, ftp_target=TARGET)
    assert (decide(told).channel, decide(told).chosen_by) == (Channel.FTP, "choice")
    assert decide(facts(company=COMPANY, receiving=receiving(), choice=Channel.PEPPOL)).channel is Channel.PEPPOL


def test_a_choice_that_cannot_be_kept_says_why_and_the_next_is_tried() -> None:
    told = facts(company=COMPANY, receiving=receiving(), choice=Channel.FTP)
    assert decide(told).channel is Channel.INBOX
    assert rejected(told) == {Channel.FTP: "no-ftp-target"}


def test_a_document_that_is_not_fit_for_peppol_does_not_go_there() -> None:
    told = facts(choice=Channel.PEPPOL, purposes=(Purpose.DOCUMENT,))
    assert decide(told).channel is None
    assert rejected(told)[Channel.PEPPOL] == "not-fit"


def test_a_sales_document_can_go_by_sftp_and_to_the_inbox() -> None:
    only = (Purpose.DOCUMENT,)
    assert decide(facts(choice=Channel.FTP, ftp_target=TARGET, purposes=only)).channel is Channel.FTP
    assert decide(facts(company=COMPANY, receiving=receiving(), purposes=only)).channel is Channel.INBOX


def test_sftp_needs_no_activation() -> None:
    assert decide(facts(choice=Channel.FTP, ftp_target=TARGET, sending=None)).channel is Channel.FTP


@pytest.mark.parametrize(
    "sending",
    [None, activation(active_from=NOW + DAY), activation(active_to=NOW), activation(active_to=NOW - DAY)],
)
@pytest.mark.parametrize("reachable", [{"choice": Channel.PEPPOL}, {"company": COMPANY, "receiving": receiving()}])
def test_peppol_and_inbox_need_sending_to_be_activated(sending: Activation | None, reachable: dict[str, Any]) -> None:
    decision = decide(facts(sending=sending, **reachable))
    assert decision.channel is None
    assert decision.failure is not None
    assert decision.failure.code == "not-activated"
    assert "ktiver sending" in decision.failure.nb


@pytest.mark.parametrize(
    ("told", "code"),
    [
        ({}, "recipient-not-on-hub"),
        ({"company": COMPANY}, "receiving-not-activated"),
        ({"company": COMPANY, "receiving": receiving(active_to=NOW - DAY)}, "receiving-not-activated"),
        ({"company": COMPANY, "receiving": receiving(active_from=NOW + DAY)}, "receiving-not-activated"),
        ({"company": COMPANY, "receiving": receiving(inbox_fetched_at=NOW - 31 * DAY)}, "inbox-not-fetched"),
        ({"company": COMPANY, "receiving": receiving(inbox_fetched_at=None)}, "inbox-not-fetched"),
    ],
)
def test_no_channel_is_a_failure_that_says_what_would_help(told: dict[str, Any], code: str) -> None:
    decision = decide(facts(**told))
    assert decision.channel is None
    assert rejected(facts(**told)) == {Channel.INBOX: code}
    assert decision.failure is not None
    assert decision.failure.code == "no-route"
    assert decision.rejected[0].problem.nb in decision.failure.nb
    assert "Velg en kanal" in decision.failure.nb
    assert "Choose a channel" in decision.failure.en


def test_a_newly_activated_inbox_has_thirty_days_to_be_fetched() -> None:
    fresh = receiving(active_from=NOW - 29 * DAY, inbox_fetched_at=None)
    assert decide(facts(company=COMPANY, receiving=fresh)).channel is Channel.INBOX


def test_an_inbox_fetched_exactly_thirty_days_ago_still_counts() -> None:
    assert decide(facts(company=COMPANY, receiving=receiving(inbox_fetched_at=NOW - 30 * DAY))).channel is Channel.INBOX


@pytest.mark.parametrize("choice", [None, *Channel])
def test_nothing_sent_with_a_test_key_leaves(choice: Channel | None) -> None:
    told = facts(test=True, company=COMPANY, receiving=receiving(), choice=choice, ftp_target=TARGET)
    decision = decide(told)
    assert decision.channel is None
    assert decision.failure is not None
    assert decision.failure.code == "test-not-sent"


def test_what_comes_in_goes_to_the_inbox_whether_it_was_fetched_lately_or_not() -> None:
    late = receiving(inbox_fetched_at=NOW - 90 * DAY)
    assert decide_inbound(facts(company=COMPANY, receiving=late, purposes=())).channel is Channel.INBOX


@pytest.mark.parametrize(
    "told", [{}, {"company": COMPANY}, {"company": COMPANY, "receiving": receiving(active_to=NOW)}]
)
def test_what_comes_in_for_nobody_here_fails(told: dict[str, Any]) -> None:
    decision = decide_inbound(facts(**told))
    assert decision.channel is None
    assert decision.failure is not None
    assert decision.failure.code == "no-receiver"


@given(
    choice=st.none() | st.sampled_from(Channel),
    target=st.none() | st.just(TARGET),
    purposes=st.sets(st.sampled_from(Purpose)),
    company=st.none() | st.just(COMPANY),
    receives=st.none() | st.just(receiving()),
    sends=st.none() | st.just(activation()),
    test=st.booleans(),
)
def test_every_decision_is_a_channel_or_a_failure_and_never_breaks_a_rule(
    choice: Channel | None,
    target: UUID | None,
    purposes: set[Purpose],
    company: str | None,
    receives: Activation | None,
    sends: Activation | None,
    test: bool,
) -> None:
    told = facts(
        choice=choice,
        ftp_target=target,
        purposes=tuple(purposes),
        company=company,
        receiving=receives,
        sending=sends,
        test=test,
    )
    decision = decide(told)
    assert (decision.channel is None) == (decision.failure is not None)
    assert decision.channel not in {reason.channel for reason in decision.rejected}
    assert decide(told) == decision
    if decision.channel is Channel.PEPPOL:
        assert Purpose.PEPPOL in purposes
        assert choice is Channel.PEPPOL
        assert sends
    if decision.channel is Channel.FTP:
        assert target
    if decision.channel is Channel.INBOX:
        assert company
        assert receives
        assert sends


def test_every_channel_has_a_product() -> None:
    assert set(SENT) == set(Channel)
    assert RECEIVED not in SENT.values()


@given(number=st.text(max_size=300))
def test_a_file_name_is_safe_anywhere_and_unique_by_the_transaction(number: str) -> None:
    transaction = str(uuid4())
    name = file_name(number, transaction)
    assert name.endswith(f"_{transaction}.xml")
    assert name.isascii()
    assert not set(name) & set('/\\:*?"<>| \0')
    assert not name.startswith((".", "-"))
    assert len(name) <= 100


def test_a_file_name_begins_with_the_invoices_number() -> None:
    assert file_name("2026/10023", "t") == "2026-10023_t.xml"
    assert file_name("æøå", "t") == "faktura_t.xml"

"""A contract fake of phoss-ap (0.11 and 0.12-SNAPSHOT), the Peppol access point that the hub speaks to.

It answers as the recorded ones do (tests/access_point/test_fake_against_recordings.py holds it to them). What the
outside does is scripted by receiver (`World`), and what reached a receiver is counted and kept there. Not modelled:
its circuit breaker, verification of payloads and the Peppol statistics reports.
"""

from hub.testing.phoss_ap.app import FakeAccessPoint, application
from hub.testing.phoss_ap.world import Backend, Behaviour, Delivered, Receiver, World

__all__ = ["Backend", "Behaviour", "Delivered", "FakeAccessPoint", "Receiver", "World", "application"]

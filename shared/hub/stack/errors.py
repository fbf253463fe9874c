"""What the local stack tells an operator when it cannot go on."""

from hub.errors import HubError


class StackError(HubError):
    """The stack cannot start or go on; the message says what is wrong and what to do about it."""

"""Routes that solve their parameters themselves: FastAPI's general way is a fifth of what accepting an invoice costs.

A direct route's endpoint is declared as any other, and described from its signature. It is added with the function that
answers, which reads the same parameters from the request and calls the endpoint:

    router.add_api_route(path, endpoint, methods=["POST"], route_class_override=direct(answer))

What FastAPI would do is then left to `answer`: dependencies (in parts.py, `parts_of` and `sender_of` are the direct
forms of `Wired` and `Sender`), checking of parameters and body, and making a Response. Errors are told as everywhere.
Only what every invoice passes is worth it; all other routes stay as FastAPI makes them.
"""

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute

Answer = Callable[[Request], Coroutine[Any, Any, Response]]


def direct(answer: Answer) -> type[APIRoute]:
    """Return a class of routes that are answered by this function and described by their endpoint."""

    class DirectRoute(APIRoute):
        def get_route_handler(self) -> Answer:
            return answer

    return DirectRoute

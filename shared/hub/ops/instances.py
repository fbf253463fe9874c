"""A service's instances: whether each lives, since when, and what its parts lack."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hub.ops.answers import OpsJSON
from hub.ops.desk import Desk


def routes(desk: Desk) -> list[Route]:
    """Return `GET /instances`."""

    async def listed(_request: Request) -> Response:
        return OpsJSON({"instances": await desk.instances()})

    return [Route("/instances", listed)]

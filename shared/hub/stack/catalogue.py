"""The services of the hub: what is started where, and how peers find each other."""

from collections.abc import Mapping, Sequence

from hub.stack import process
from hub.stack.errors import StackError
from hub.stack.supervisor import ServiceSpec

GATEWAY = "gateway"
SERVICES = (GATEWAY, "ehf-builder", "router", "access-point", "ftp-sender", "metering")
_SECRETS = {"ftp-sender": ("HUB_FTP_SENDER_SEAL_KEY",)}
_NEEDS = {"access-point": ("HUB_PHOSS_URL", "HUB_PHOSS_TOKEN", "HUB_INBOUND_SECRET")}


def url_variable(service: str) -> str:
    """Return the variable that tells a service's address: HUB_FTP_SENDER_URL."""
    return f"HUB_{service.upper().replace('-', '_')}_URL"


def specs(
    gateway_port: int,
    environment: Mapping[str, str],
    own: Mapping[str, Mapping[str, str]] | None = None,
    *,
    instances: int = 1,
) -> list[ServiceSpec]:
    """Return the services to start on 127.0.0.1: the gateway where asked, the others on free ports.

    `own` holds variables by service. A service whose counterpart is named nowhere (no access point) is left out: its
    orders wait for it in Kafka. Of each, so many `instances` share the work; peers know the first one's address.
    Raises StackError where the gateway's port is taken.
    """
    if not process.is_free(gateway_port):
        raise StackError(f"Port {gateway_port} on 127.0.0.1 is taken. Stop what uses it, or give another with --port.")
    own = own or {}
    wanted = [service for service in SERVICES if not missing(service, {**environment, **own.get(service, {})})]
    free = (port for port in process.free_ports([], len(wanted) * instances) if port != gateway_port)
    ports = {
        service: [gateway_port if service == GATEWAY and ordinal == 0 else next(free) for ordinal in range(instances)]
        for service in wanted
    }
    urls = {url_variable(service): f"http://127.0.0.1:{first}" for service, (first, *_) in ports.items()}
    return [
        ServiceSpec(
            name=service,
            module=service.replace("-", "_"),
            port=first,
            more_ports=more,
            started="/health/started",
            environment={**urls, **own.get(service, {})},
            secrets=_SECRETS.get(service, ()),
        )
        for service, (first, *more) in ports.items()
    ]


def missing(service: str, environment: Mapping[str, str]) -> Sequence[str]:
    """Return the variables without which the service cannot start."""
    return [name for name in _NEEDS.get(service, ()) if not environment.get(name)]

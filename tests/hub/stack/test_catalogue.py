from hub.stack.catalogue import SERVICES, specs
from hub.stack.process import free_ports

PEPPOL = {"HUB_PHOSS_URL": "http://127.0.0.1:1", "HUB_PHOSS_TOKEN": "token", "HUB_INBOUND_SECRET": "secret"}


def test_each_instance_has_a_port_of_its_own_and_peers_know_the_first() -> None:
    (port,) = free_ports([], 1)
    found = {spec.name: spec for spec in specs(port, PEPPOL, instances=3)}
    assert set(found) == set(SERVICES)
    assert found["gateway"].ports[0] == port
    ports = [port for spec in found.values() for port in spec.ports]
    assert len(ports) == len(set(ports)) == 3 * len(SERVICES)
    for spec in found.values():
        assert spec.environment["HUB_ROUTER_URL"] == f"http://127.0.0.1:{found['router'].port}"

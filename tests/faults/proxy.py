"""Between a service and PostgreSQL: cuts a connection at a COMMIT, whose outcome nobody then knows."""

import re
import socket
import threading
from contextlib import suppress
from typing import Self

from sqlalchemy import make_url

LAST_WORDS = re.compile(rb'COMMIT;|"request_hash"')  # the gateway accepts in one statement, which commits by itself


class CuttingProxy:
    """Listens on a port of its own while the `with` block lasts.

    Every `every`th one is the last of its connection. With `forward` the server gets it and carries it out, and only
    its answer is lost; without, the server never gets it. `cuts` counts both.
    """

    def __init__(self, server: str) -> None:
        url = make_url(server)
        assert url.host is not None
        assert url.port is not None
        self._server = (url.host, url.port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.every = 0
        self.forward = True
        self.cuts = 0
        self._seen = 0
        self._lock = threading.Lock()

    def url(self, direct: str) -> str:
        """The same address, by way of here."""
        return make_url(direct).set(host="127.0.0.1", port=self.port).render_as_string(hide_password=False)

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_exception: object) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            server = socket.create_connection(self._server)
            for one in (client, server):
                one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self._to_server, args=(client, server), daemon=True).start()
            threading.Thread(target=_pour, args=(server, client), daemon=True).start()

    def _to_server(self, client: socket.socket, server: socket.socket) -> None:
        """Hand requests on until the client ends, or until it is cut; the server reads all that it was sent."""
        lost = False
        with suppress(OSError):
            while data := client.recv(65536):
                if self._is_last(data):
                    client.shutdown(socket.SHUT_RDWR)  # first, so that no answer reaches it
                    lost = not self.forward
                    if not lost:
                        server.sendall(data)
                    break
                server.sendall(data)
        with suppress(OSError):
            server.shutdown(socket.SHUT_RDWR if lost else socket.SHUT_WR)
        _close(client)

    def _is_last(self, data: bytes) -> bool:
        if not self.every or not LAST_WORDS.search(data):
            return False
        with self._lock:
            self._seen += 1
            if self._seen % self.every:
                return False
            self.cuts += 1
            return True


def _pour(server: socket.socket, client: socket.socket) -> None:
    """Hand answers on until the server ends; what nobody takes any more is read all the same, so that it can end."""
    with suppress(OSError):
        while data := server.recv(65536):
            with suppress(OSError):
                client.sendall(data)
    _close(server)
    _close(client)


def _close(one: socket.socket) -> None:
    with suppress(OSError):
        one.shutdown(socket.SHUT_RDWR)
    one.close()

"""A trap for every request that leaves this machine."""

from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import urlsplit

# What Chromium asks by itself, whatever page it shows. A page that asked one of these would pass.
BROWSERS_OWN = {
    "accounts.google.com",
    "android.clients.google.com",
    "clients2.google.com",
    "clientservices.googleapis.com",
    "content-autofill.googleapis.com",
    "optimizationguide-pa.googleapis.com",
    "safebrowsing.googleapis.com",
    "update.googleapis.com",
}


class Trap(BaseHTTPRequestHandler):
    """A proxy that lets nothing through and writes down what was asked of it."""

    def handle_one_request(self):
        line = self.rfile.readline(65537).decode("latin-1").strip()
        if line:
            address = line.split()[1]  # host:port of a tunnel, or a whole URL
            host = urlsplit(address if "://" in address else f"//{address}").hostname
            if host not in BROWSERS_OWN:
                self.server.asked.append(address)
            self.wfile.write(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
        self.close_connection = True


@contextmanager
def trapping():
    """Run the trap; yield it, its ``asked`` being the addresses that were asked for."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Trap)
    server.daemon_threads = True
    server.asked = []
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()

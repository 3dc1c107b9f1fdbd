"""Serve a folder on this machine as its public server would: under its path, with its 404 page."""

import contextlib
import functools
import http.server
import sys
import threading
from urllib.parse import urlsplit

import yaml
from chapters import ROOT


def base_url():
    """Return the book's public address, from _config.yml."""
    return yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))["html"]["baseurl"]


class Handler(http.server.SimpleHTTPRequestHandler):
    """Serves files below a prefix, quietly."""

    def __init__(self, *arguments, prefix, **how):
        self.prefix = prefix
        super().__init__(*arguments, **how)

    def translate_path(self, path):
        """Return the file for an address, and for one outside the prefix one that cannot be."""
        if not path.startswith(self.prefix):
            path = self.prefix + "outside-the-site"
        return super().translate_path(path[len(self.prefix) - 1 :])

    def send_error(self, code, message=None, explain=None):
        """Answer with the site's own page, where it has one."""
        page = self.translate_path(self.prefix + "404.html")
        try:
            with open(page, "rb") as file:
                body = file.read()
        except OSError:
            return super().send_error(code, message, explain)
        self.send_response(code)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        """Keep quiet."""


class Server(http.server.ThreadingHTTPServer):
    """Takes it calmly when a browser goes away in the middle of an answer."""

    def handle_error(self, request, client_address):
        """Report what went wrong, unless it is that."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


@contextlib.contextmanager
def served(folder):
    """Serve a folder while the context lasts; gives the address of its root."""
    prefix = urlsplit(base_url()).path
    handler = functools.partial(Handler, directory=str(folder), prefix=prefix)
    server = Server(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}{prefix}"
    finally:
        server.shutdown()
        server.server_close()

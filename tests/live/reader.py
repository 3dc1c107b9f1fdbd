"""A reader of the live edition: a page in a browser, and what one does and sees there."""

import json
from urllib.parse import urlsplit

OPEN = """() => {
  const panel = window.jupyterapp?.shell.currentWidget;
  return Boolean(panel?.content?.model && panel.content.widgets?.length);
}"""
RUN = """() => {
  window.finished = undefined;
  jupyterapp.shell.currentWidget.sessionContext.ready
    .then(() => jupyterapp.commands.execute("notebook:run-all-cells"))
    .then(() => { window.finished = true; }, (error) => { window.finished = String(error); });
}"""
CELL = """async (index) => {
  const notebook = jupyterapp.shell.currentWidget.content;
  await notebook.scrollToItem(index, "start");
  return notebook.widgets[index].node;
}"""
EXECUTE = """async (code) => {
  const kernel = jupyterapp.shell.currentWidget.sessionContext.session.kernel;
  const future = kernel.requestExecute({ code });
  const out = { stdout: "", stderr: "", error: "" };
  future.onIOPub = ({ header, content }) => {
    if (header.msg_type === "stream") out[content.name] += content.text;
    if (header.msg_type === "error") out.error = content.traceback.join("\\n");
  };
  await future.done;
  return out;
}"""
PICTURE = ".jp-OutputArea-output figure svg, .jp-OutputArea-output .widget-html-content svg"
OPENING, CHAPTER, ANSWER = 120_000, 600_000, 120_000  # milliseconds


class Reader:
    """One page of a browser's context, on one notebook of the site."""

    def __init__(self, context, site):
        self.page, self.site, self.complaints = context.new_page(), site, []
        self.page.set_default_timeout(OPENING)
        self.page.on("pageerror", lambda error: self.complaints.append(f"page error: {error}"))
        self.page.on("console", self._heard)

    def _heard(self, message):
        where = message.location.get("url", "")
        # The browser looks for an icon on the server's root, which is not ours.
        if message.type == "error" and urlsplit(where).path != "/favicon.ico":
            self.complaints.append(f"console: {message.text} {where}")

    def open(self, notebook):
        """Open a notebook as a launch button does."""
        self.page.goto(f"{self.site}/notebooks/index.html?path={notebook}")
        self.page.wait_for_function(OPEN)

    def start(self):
        """Run all cells, and do not wait for them."""
        self.page.evaluate(RUN)

    def run(self):
        """Run all cells to the end, or to the first error."""
        self.start()
        self.page.wait_for_function("window.finished !== undefined", timeout=CHAPTER)

    def wait_for_picture(self):
        self.page.wait_for_selector(PICTURE, state="attached", timeout=CHAPTER)

    def cells(self):
        """Return the notebook's cells with their outputs."""
        return self.page.evaluate(
            "() => jupyterapp.shell.currentWidget.content.model.toJSON().cells"
        )

    def cell(self, index):
        """Bring a cell into view; return its element."""
        return self.page.evaluate_handle(CELL, index).as_element()

    def execute(self, code):
        """Run code in the page's kernel; return what it printed, read as JSON."""
        out = self.page.evaluate(EXECUTE, code)
        assert not out["error"], out["error"]
        return json.loads(out["stdout"])

    def close(self):
        self.page.close()

"""The page in a browser: pages of every size and shape, at four widths, light, dark and on paper.

    python3 benches/page.py [--pictures DIR]      about two minutes

Runs the program on generated calls and on `data/`, opens each page in Chromium and checks: its size; that nothing is
wider than the window; that no table scrolls on a screen of 820 pixels or more; that no text of a figure is cut off or
lies on another one; the first paint of the page of 10,000 agents; and the rules of axe-core, light and dark. Chromium is
found on the path or named by CHROMIUM; AXE names axe.min.js (`npm install axe-core`). What is missing is said, and what
it would have checked is not. Python's standard library alone.
"""

import argparse
import base64
import csv
import json
import os
import random
import shutil
import subprocess
import tempfile
from datetime import date, timedelta
from pathlib import Path

from measure import BENCH, RELEASE, ROOT, Verdicts, analyze, build, undertone

WIDTHS = (360, 820, 1280, 1920)
SCHEMES = ("light", "dark")
MOST_BYTES = 1_000_000
SAYINGS = {
    1: "that is great, wonderful, thank you so much, I love it",
    0: "I am calling about the order from last week",
    -1: "this is terrible, the worst service, I am furious and disappointed",
}
HEBREW = "שלום"


def calls(path, count, agent, queue, days, turns=8):
    """Writes `count` calls; `agent` and `queue` name them by number, `days` is how many dates they are spread over."""
    chance = random.Random(1)
    with open(path, "w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(["call_id", "speaker", "agent_id", "queue", "call_date", "text"])
        for number in range(count):
            level = chance.gauss(0.15 if agent(number) != agent(0) else -0.6, 0.7)
            drift = chance.gauss(0, 0.8)
            day = date(2026, 1, 1) + timedelta(days=number % days) if days else ""
            for turn in range(turns):
                mood = level + drift * (2 * turn / turns - 1) + chance.gauss(0, 0.5)
                said = SAYINGS[1 if mood > 0.5 else -1 if mood < -0.5 else 0]
                role = "customer" if turn % 2 else "agent"
                rows.writerow([f"call-{number:06}", role, agent(number), queue(number), day, said])
    return path


def run_once(made, name, again, inputs, *flags):
    """The page of a run; drawn again from its files if there are any and that will do."""
    out = made / name
    if again and (out / "run.json").exists():
        subprocess.run([undertone(), "report", out], check=True, stdout=subprocess.DEVNULL)
    else:
        analyze(inputs(made / f"{name}.csv"), out, *flags, accept=(0, 3))
    return out / "report.html"


def pages(again):
    """Each page by its name."""
    made = BENCH / "page"
    if not again:
        shutil.rmtree(made, ignore_errors=True)
    made.mkdir(parents=True, exist_ok=True)
    long = "Wolfeschlegelsteinhausenbergerdorff" * 6
    inputs = {
        "many-agents": lambda path: calls(path, 120_000, lambda n: f"agent-{n % (10_000 if n < 100_000 else 997):05}", lambda n: f"queue {n % 5}", 28, 4),
        "many-queues": lambda path: calls(path, 6_000, lambda n: f"agent-{n % 40:02}", lambda n: f"queue {n % 200:03}", 60),
        "many-days": lambda path: calls(path, 12_000, lambda n: f"agent-{n % 40:02}", lambda n: "billing", 400),
        "one-call": lambda path: calls(path, 1, lambda n: "amara", lambda n: "billing", 1),
        "long-names": lambda path: calls(path, 600, lambda n: f"{n % 12}{long}", lambda n: f"{n % 4} {long}", 30),
        "right-to-left": lambda path: calls(path, 600, lambda n: f"{HEBREW} {n % 12}", lambda n: f"مرحبا {n % 4}", 30),
        "no-names": lambda path: calls(path, 300, lambda n: "", lambda n: "", 0),
    }
    detail = ("--detail", "--language", "en")
    found = {name: run_once(made, name, again, make, *detail) for name, make in inputs.items()}
    one = made / "one-call.csv"
    found["nothing-scored"] = run_once(made, "nothing-scored", again, lambda _: one, "--language", "th")
    found["data"] = run_once(made, "data", again, lambda _: ROOT / "data")
    found["data-detail"] = run_once(made, "data-detail", again, lambda _: ROOT / "data", "--detail")
    for name, days in (("trend", "90"), ("trend-long", "400")):
        page = made / f"{name}.html"
        example = Path(os.environ.get("TREND_PAGE", RELEASE / "examples" / "trend_page"))
        with open(page, "wb") as out:
            subprocess.run([example, made / "many-queues", days], stdout=out, check=True)
        found[name] = page
    found["evaluation"] = evaluation(made)
    return found


def evaluation(made):
    """The page of two engines held against labels, one of them a model trained on other labels."""
    labels = made / "labels.csv"
    chance = random.Random(2)
    names = {1: "positive", 0: "neutral", -1: "negative"}
    with open(labels, "w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["text", "label"])
        for number in range(600):
            mood = chance.choice((1, 0, -1))
            said = SAYINGS[mood if chance.random() < 0.8 else chance.choice((1, 0, -1))]
            rows.writerow([f"{said}, number {number}", names[mood]])
    out = made / "evaluation"
    command = [undertone(), "evaluate", labels, "--engine", "local", "--engine", "vader", "--out", out, "--learning-curve"]
    ended = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    if ended.returncode != 0:
        raise SystemExit(ended.stderr)
    return next(path for path in (out, *out.rglob("*")) if path.suffix == ".html")


class Browser:
    """Chromium without a window, driven over a pipe."""

    def __init__(self, program):
        self.home = tempfile.mkdtemp(prefix="page-")
        to_browser, self.into = os.pipe()
        self.out, from_browser = os.pipe()
        script = f'exec "$@" 3<&{to_browser} 4>&{from_browser}'
        flags = ["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--remote-debugging-pipe"]
        self.process = subprocess.Popen(
            ["bash", "-c", script, "bash", program, *flags, f"--user-data-dir={self.home}"],
            pass_fds=(to_browser, from_browser), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )
        os.close(to_browser)
        os.close(from_browser)
        self.number, self.buffer, self.session, self.events = 0, b"", None, []
        target = self.ask("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        self.ask("Page.enable")

    def ask(self, method, **parameters):
        self.number += 1
        message = {"id": self.number, "method": method, "params": parameters}
        if self.session:
            message["sessionId"] = self.session
        rest = json.dumps(message).encode() + b"\0"
        while rest:
            rest = rest[os.write(self.into, rest):]
        while True:
            answer = self.next()
            if answer.get("id") == self.number:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']}")
                return answer["result"]
            self.events.append(answer.get("method"))

    def next(self):
        while b"\0" not in self.buffer:
            read = os.read(self.out, 1 << 20)
            if not read:
                raise RuntimeError("the browser is gone")
            self.buffer += read
        message, self.buffer = self.buffer.split(b"\0", 1)
        return json.loads(message)

    def open(self, page, width, scheme="light", opened=False):
        self.ask("Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=False)
        self.ask("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
        self.events.clear()
        self.ask("Page.navigate", url=page.resolve().as_uri())
        while "Page.loadEventFired" not in self.events:
            self.events.append(self.next().get("method"))
        if opened:
            self.value("document.querySelectorAll('details').forEach((one) => { one.open = true; })")

    def value(self, expression):
        answer = self.ask("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in answer:
            raise RuntimeError(json.dumps(answer["exceptionDetails"])[:2000])
        return answer["result"].get("value")

    def picture(self, path):
        size = self.ask("Page.getLayoutMetrics")["cssContentSize"]
        clip = {"x": 0, "y": 0, "width": size["width"], "height": min(size["height"], 9000), "scale": 1}
        shot = self.ask("Page.captureScreenshot", captureBeyondViewport=True, clip=clip)
        path.write_bytes(base64.b64decode(shot["data"]))

    def paper(self, path):
        path.write_bytes(base64.b64decode(self.ask("Page.printToPDF", printBackground=True)["data"]))

    def close(self):
        self.process.terminate()
        self.process.wait()
        shutil.rmtree(self.home, ignore_errors=True)


# What is wider than the window, which tables scroll, and which texts of figures are cut off or lie on each other.
LAYOUT = """(() => {
  const width = document.documentElement.clientWidth;
  const page = document.scrollingElement.scrollWidth > width;
  const scrolled = [...document.querySelectorAll('.wide')]
    .filter((box) => box.scrollWidth > box.clientWidth + 1 && box.clientWidth > 0)
    .map((box) => box.getAttribute('aria-label'));
  const wrong = [];
  for (const figure of document.querySelectorAll('svg[role=img]')) {
    const boxes = [...figure.querySelectorAll('text')].map((text) => [text.textContent, text.getBoundingClientRect()])
      .filter(([, box]) => box.width > 0);
    boxes.forEach(([text, box], index) => {
      if (box.left < -1 || box.right > width + 1) wrong.push(`cut off: ${text}`);
      for (const [other, rival] of boxes.slice(index + 1)) {
        const across = Math.min(box.right, rival.right) - Math.max(box.left, rival.left);
        const down = Math.min(box.bottom, rival.bottom) - Math.max(box.top, rival.top);
        if (across > 1 && down > 4) wrong.push(`${figure.querySelector('title').textContent}: ${text} on ${other}`);
      }
    });
  }
  for (const cell of document.querySelectorAll('dt, dd, h1, h2, h3, p, li, summary, .tiles > div, label')) {
    const box = cell.getBoundingClientRect();
    if (box.width > 0 && (cell.scrollWidth > cell.clientWidth + 1 && cell.clientWidth > 0 || box.right > width + 1))
      wrong.push(`wider than its place: ${cell.textContent.slice(0, 60)}`);
  }
  return { page, scrolled, wrong };
})()"""

AXE = """axe.run({ resultTypes: ['violations'] }).then((found) => found.violations.map((one) =>
  `${one.id} (${one.nodes.length}): ${one.nodes[0].html.slice(0, 160)} ${(one.nodes[0].failureSummary || '').slice(0, 300)}`))"""

PAINT = """new Promise((found) => new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) if (entry.name === 'first-contentful-paint') found(entry.startTime);
}).observe({ type: 'paint', buffered: true }))"""


def check(browser, axe, name, page, verdicts, pictures):
    for width in WIDTHS:
        for scheme in SCHEMES:
            browser.open(page, width, scheme)
            if pictures:
                browser.picture(pictures / f"{name}-{width}-{scheme}.png")
            if axe and width in (360, 1280):
                browser.value("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
                browser.value(axe + ";0")
                violations = browser.value(AXE)
                verdicts.holds(f"{name}, {width}, {scheme}: axe-core finds nothing{''.join(chr(10) + '        ' + one for one in violations)}", not violations)
        browser.open(page, width, opened=True)
        layout = browser.value(LAYOUT)
        if pictures:
            browser.picture(pictures / f"{name}-{width}-open.png")
        verdicts.holds(f"{name}, {width}: nothing is wider than the window", not layout["page"])
        verdicts.holds(f"{name}, {width}: no text is cut off or lies on another {layout['wrong'][:5]}", not layout["wrong"])
        if width >= 820:
            verdicts.holds(f"{name}, {width}: no table scrolls {layout['scrolled'][:5]}", not layout["scrolled"])
    if pictures:
        browser.open(page, 1280)
        browser.paper(pictures / f"{name}.pdf")


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--pictures", type=Path, help="where pictures and papers go")
    arguments.add_argument("--only", action="append", help="a page's name")
    arguments.add_argument("--again", action="store_true", help="draw the pages again from the runs of the last time")
    options = arguments.parse_args()
    verdicts = Verdicts()
    if "TREND_PAGE" not in os.environ:
        build("trend_page")
    found = pages(options.again)
    for name, page in found.items():
        verdicts.at_most(f"{name}: bytes", page.stat().st_size, MOST_BYTES, "{:,}")
    program = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    if not program:
        print("not checked: how the pages look, as there is no Chromium on the path and none in CHROMIUM")
        verdicts.exit()
    axe = Path(os.environ["AXE"]).read_text() if "AXE" in os.environ else None
    if not axe:
        print("not checked: the rules of axe-core, as AXE does not name its axe.min.js (npm install axe-core)")
    if options.pictures:
        options.pictures.mkdir(parents=True, exist_ok=True)
    browser = Browser(program)
    try:
        paints = []
        for _ in range(5):
            browser.open(found["many-agents"], 1280)
            paints.append(browser.value(PAINT))
        verdicts.at_most("first paint of 10,000 agents, milliseconds, the median of 5", sorted(paints)[2], 1000, "{:.0f}")
        for name, page in found.items():
            if not options.only or name in options.only:
                check(browser, axe, name, page, verdicts, options.pictures)
    finally:
        browser.close()
    verdicts.exit()


if __name__ == "__main__":
    main()

"""Opens report.html or evaluation.html in a real browser and checks what is on it.

    python3 -m venv venv && venv/bin/pip install playwright
    cargo run --release --example sample -- target/few --agents 3 --calls 60
    cargo run --release --example sample -- target/many --agents 10000 --calls 1000000
    target/release/undertone evaluate LABELS.csv --engine local --engine vader --learning-curve --out target/judged
    venv/bin/python tests/browser/check.py --pictures target/pictures target/few target/many target/judged

Chromium is the one on the PATH (Debian: apt-get install chromium). Every directory is opened light and dark, at
three widths, in print and without script. Anything in the console, any request, anything that does not agree
with the tables, and anything wider than the window is a failure. The pictures are for looking at. How pages of every size and
shape are laid out, and the rules of axe-core, are what `benches/page.py` checks.
"""

import argparse
import csv
import json
import pathlib
import shutil
import sys

from playwright.sync_api import sync_playwright

WIDTHS = {"phone": 360, "tablet": 768, "desk": 1280}
PAGE_ROWS = 100
NOT_SCORED = "not scored"
FIRST_PAINT = """() => new Promise((resolve) => {
  const take = (list) => list.getEntries().forEach((entry) => {
    if (entry.name === "first-contentful-paint") resolve(entry.startTime);
  });
  new PerformanceObserver(take).observe({ type: "paint", buffered: true });
})"""


def rows_of(path):
    csv.field_size_limit(sys.maxsize)
    with open(path, newline="", encoding="utf-8-sig") as file:
        return list(csv.DictReader(file))


class Checks:
    def __init__(self, name):
        self.name = name
        self.failed = 0

    def that(self, holds, what):
        if not holds:
            self.failed += 1
            print(f"  FAILED {self.name}: {what}")


def signed(text):
    """A cell of a table as the page shows it."""
    if text == "":
        return NOT_SCORED
    value = f"{float(text):+.2f}"
    return "+0.00" if value == "-0.00" else value.replace("-", "\u2212")


def watched(context, checks):
    """A page whose every complaint and request is written down."""
    page = context.new_page()
    page.on("console", lambda message: checks.that(False, f"console: {message.text}"))
    page.on("pageerror", lambda error: checks.that(False, f"script: {error}"))
    page.on(
        "request",
        lambda request: checks.that(request.is_navigation_request(), f"asked for {request.url[:80]}"),
    )
    return page


def names_shown(page):
    return page.locator("#agent-table tbody th").all_inner_texts()


def check_figures(page, checks):
    """Every figure is named, and nothing comes from outside."""
    for figure in page.locator("figure svg[role=img]").all():
        ids = figure.get_attribute("aria-labelledby").split()
        checks.that(all(page.locator(f"#{i}").text_content().strip() for i in ids), f"title and description {ids}")
    checks.that(page.locator("main [style], main [onclick]").count() == 0, "no inline style or handler")
    checks.that(page.locator("img, iframe, link, object, embed, a[href^=http]").count() == 0, "no outside element")


def check_content(page, checks, agents, calls):
    text = page.inner_text("main")
    checks.that(f"{calls:,} calls, {len(agents):,} agents" in text, "the counts of calls and agents")
    for label in ("The answer", "From start to end", "All agents", "What was run", "How every number is made"):
        checks.that(label in text, f"the heading {label}")


def check_evaluation(page, checks, evaluation):
    """The verdict and every engine's figures, as the JSON beside the page has them."""
    text = page.inner_text("main")
    for label in ("The verdict", "Side by side", "How every number is made"):
        checks.that(label in text, f"the heading {label}")
    checks.that(" ".join(evaluation["verdict"]["words"].split()) in " ".join(text.split()), "the verdict's words")
    for engine in evaluation["engines"]:
        checks.that(engine["name"] in text, f"the engine {engine['name']}")
        if engine["texts"]:
            figure = f"{engine['texts']['macro_f1']['value']:.3f}"
            checks.that(figure in text, f"macro F1 of {engine['name']}, {figure}")
    curve = evaluation["learning_curve"]
    if curve:
        checks.that(curve["words"] in text, "the learning curve's words")
        for point in curve["points"]:
            checks.that(f"{point['labels']:,}" in text, f"{point['labels']} labels")
    wanted = 1 + bool(curve) + any(engine["texts"] for engine in evaluation["engines"])
    checks.that(page.locator("figure svg[role=img]").count() >= wanted, f"{wanted} figures")


def check_table(page, checks, agents):
    first = min(len(agents), PAGE_ROWS)
    checks.that(len(names_shown(page)) == first, f"{first} rows")
    checks.that(page.inner_text("#agent-count") == f"{len(agents):,} of {len(agents):,} agents", "the count of agents")
    by_score = page.get_by_role("button", name="Score", exact=True)
    for direction, wanted in (("ascending", min), ("descending", max)):
        by_score.click()
        heading = page.locator("#agent-table th[aria-sort=%s]" % direction)
        checks.that(heading.count() == 1 and heading.inner_text() == "Score", f"sorted {direction}")
        sure = [a for a in agents if a["customer_score"] and a["status"] != "insufficient"]
        cell = page.locator("#agent-table tbody tr").first.locator("td").nth(2).inner_text()
        if sure:
            best = signed(str(wanted(float(a["customer_score"]) for a in sure)))
            checks.that(cell == best, f"{direction}: {cell} comes first, not {best}")
    # The last page holds those about whom too little is known.
    silent = [a for a in agents if not a["customer_score"] or a["status"] in ("insufficient", "uncertain")]
    if silent and len(agents) > 1:
        while page.locator("#agent-on").is_visible() and page.locator("#agent-on").is_enabled():
            page.locator("#agent-on").click()
        last = page.locator("#agent-table tbody tr").last.locator("td").last.inner_text()
        checks.that(last in ("too few calls", NOT_SCORED, "inside", "outside", "watch"), f"who is last: {last}")
    wanted = agents[len(agents) // 2]["agent_id"].lstrip("'")[:12].strip()
    page.fill("#agent-filter", wanted.upper())
    matching = [a for a in agents if wanted.lower() in a["agent_id"].lower()]
    shown = names_shown(page)
    checks.that(len(shown) == min(len(matching), PAGE_ROWS), f"{len(shown)} agents called {wanted}, not {len(matching)}")
    page.fill("#agent-filter", "nobody is called this")
    checks.that(names_shown(page) == [] and page.inner_text("#agent-count").startswith("0 of"), "a filter for nobody")
    page.fill("#agent-filter", "")
    verdicts = {"out": "outside", "watch": "watch"}
    for funnel, verdict in verdicts.items():
        count = sum(a["funnel"] == funnel for a in agents)
        if count:
            page.select_option("#agent-verdict", label=verdict)
            checks.that(page.inner_text("#agent-count").startswith(f"{count:,} of"), f"{count} agents {verdict}")
    page.select_option("#agent-verdict", label="all")


def check_keyboard(page, checks):
    page.locator("#agent-filter").focus()
    for _ in range(3):
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    checks.that(page.locator("#agent-table th[aria-sort]:not([aria-sort=none])").count() == 1, "sorting by keyboard")


def check_unscored(page, checks, agents):
    """No row of an agent without a score shows a number for it."""
    silent = [a for a in agents if not a["customer_score"]]
    for agent in silent[:3]:
        name = agent["agent_id"].lstrip("'")[:30]
        page.fill("#agent-filter", name)
        row = page.locator("#agent-table tbody tr").first.locator("td")
        checks.that(row.nth(2).inner_text() == NOT_SCORED, f"{name} has a score")
    page.fill("#agent-filter", "")


def opened(browser, checks, url, pictures):
    """The page in every scheme and width, measured and pictured, and then in print."""
    paints = []
    for scheme in ("light", "dark"):
        for name, width in WIDTHS.items():
            context = browser.new_context(color_scheme=scheme, viewport={"width": width, "height": 900})
            page = watched(context, checks)
            page.goto(url)
            paints.append(page.evaluate(FIRST_PAINT))
            checks.that(paints[-1] < 1000, f"first paint after {paints[-1]:.0f} ms")
            wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
            checks.that(wide <= 0, f"{wide} pixels wider than the {name}")
            # Before the picture, for which the browser styles inputs.
            check_figures(page, checks)
            page.screenshot(path=pictures / f"{checks.name}-{scheme}-{name}.png", full_page=True)
            yield page, name, max(paints)
            context.close()
    context = browser.new_context(viewport={"width": 800, "height": 900})
    page = watched(context, checks)
    page.goto(url)
    page.emulate_media(media="print", color_scheme="dark")
    ink = page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
    checks.that(ink == "rgb(255, 255, 255)", f"print on {ink}")
    page.pdf(path=pictures / f"{checks.name}-print.pdf", format="A4", print_background=True)
    context.close()


def run_evaluation(browser, directory, pictures):
    checks = Checks(directory.name)
    path = directory / "evaluation.html"
    evaluation = json.loads((directory / "evaluation.json").read_text(encoding="utf-8"))
    slowest = 0
    for page, _, slowest in opened(browser, checks, path.resolve().as_uri(), pictures):
        check_evaluation(page, checks, evaluation)
    print(f"{directory.name}: {path.stat().st_size:,} bytes, first paint at most {slowest:.0f} ms, {checks.failed} failed")
    return checks.failed


def run(browser, directory, pictures):
    if (directory / "evaluation.html").exists():
        return run_evaluation(browser, directory, pictures)
    checks = Checks(directory.name)
    agents = rows_of(directory / "agents.csv")
    with open(directory / "calls.csv", "rb") as file:
        calls = sum(1 for _ in file) - 1
    url = (directory / "report.html").resolve().as_uri()
    size = (directory / "report.html").stat().st_size
    checks.that(size < 1_000_000, f"{size} bytes")
    slowest = 0
    for page, width, slowest in opened(browser, checks, url, pictures):
        check_content(page, checks, agents, calls)
        if width == "desk":
            check_table(page, checks, agents)
            check_keyboard(page, checks)
            check_unscored(page, checks, agents)
    context = browser.new_context(java_script_enabled=False, viewport={"width": 1280, "height": 900})
    page = watched(context, checks)
    page.goto(url)
    checks.that(page.locator("#agent-table tbody tr").count() == min(len(agents), PAGE_ROWS), "rows without script")
    checks.that(not page.locator("#agent-controls").is_visible(), "controls without script")
    context.close()
    print(f"{directory.name}: {size:,} bytes, first paint at most {slowest:.0f} ms, {checks.failed} failed")
    return checks.failed


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("directories", nargs="+", type=pathlib.Path)
    parser.add_argument("--pictures", type=pathlib.Path, default=pathlib.Path("pictures"))
    parser.add_argument("--chromium", default=shutil.which("chromium"))
    arguments = parser.parse_args()
    arguments.pictures.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=arguments.chromium)
        failed = sum(run(browser, directory, arguments.pictures) for directory in arguments.directories)
        browser.close()
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()

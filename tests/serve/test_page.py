"""The page, in a real browser: what a person sees, by mouse, keyboard and screen reader."""

from __future__ import annotations

import json
import os
import shutil

import pytest
from tests.serve.conftest import running, serving

from xlner.data import load

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
pytestmark = pytest.mark.skipif(BROWSER is None, reason="there is no Chromium on this machine")
TEXT = "Ana visits Arcol 😀.\nزار Boris مدينة Berin.\n李明 Chidi 在 Dorsk 。"


@pytest.fixture(scope="module")
def browser():
    with playwright.sync_playwright() as p:
        arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
        started = p.chromium.launch(executable_path=BROWSER, args=arguments)
        yield started
        started.close()


@pytest.fixture(scope="module")
def address(app):
    with running(app) as where:
        yield where


@pytest.fixture
def page(browser, address):
    context = browser.new_context(permissions=["clipboard-read", "clipboard-write"])
    shown = context.new_page()
    shown.complaints = []
    shown.on("console", lambda message: shown.complaints.append(message.text) if message.type == "error" else None)
    shown.on("pageerror", lambda error: shown.complaints.append(str(error)))
    shown.goto(address)
    yield shown
    context.close()


def find(page, text):
    page.get_by_label("Text", exact=True).fill(text)
    page.get_by_role("button", name="Find entities").click()
    page.locator("#find[aria-disabled=false]").wait_for()  # it is not while the page waits for an answer


def marks(page):
    return page.eval_on_selector_all("#result mark", "all => all.map(m => [m.firstChild.textContent, m.title])")


def test_entities_are_marked_and_listed(page):
    find(page, TEXT)
    assert [text for text, _ in marks(page)] == ["Ana", "Arcol", "Boris", "Berin", "Chidi", "Dorsk"]
    assert {title.split()[0] for _, title in marks(page)} == {"PER", "LOC"}
    assert page.locator("#status").text_content() == "6 entities."
    assert page.locator("#legend li").all_text_contents() == ["LOC 3", "PER 3"]
    assert page.locator("#rows tr").count() == 6
    colours = page.eval_on_selector_all("#legend mark", "all => all.map(m => getComputedStyle(m).backgroundColor)")
    assert len(set(colours)) == 2
    assert page.complaints == []


def test_each_line_has_the_direction_of_its_script(page):
    find(page, TEXT)
    directions = page.eval_on_selector_all("#result p", "all => all.map(p => getComputedStyle(p).direction)")
    assert directions == ["ltr", "rtl", "ltr"]
    assert page.eval_on_selector("#text", "e => e.dir") == "auto"


def test_the_slider_hides_what_the_model_is_less_sure_of(page):
    find(page, TEXT)
    slider = page.get_by_label("Least confidence")
    scores = sorted(float(title.split()[1]) for _, title in marks(page))
    slider.fill(f"{scores[-1]:.2f}")
    assert [text for text, _ in marks(page)] == ["Ana", "Boris", "Chidi"]
    assert page.locator("#count").text_content() == "3 of 6 entities"
    slider.fill("1")
    assert marks(page) == []
    assert page.locator("#result").inner_text().split("\n")[0] == "Ana visits Arcol 😀."


@pytest.mark.parametrize("text", [TEXT, "Ana\r\n\r\nArcol", "😀Ana\u0301 Ana  visits Arcol"])
def test_what_is_copied_can_be_read(page, text, tmp_path):
    find(page, text)
    page.get_by_role("button", name="Copy as CoNLL").click()
    page.get_by_text("Copied as CoNLL.").wait_for()
    (tmp_path / "copied.conll").write_text(page.evaluate("navigator.clipboard.readText()"), "utf-8")
    read = [s.surface(x) for s in load(tmp_path / "copied.conll").sentences for x in s.spans]
    assert read == [shown for shown, _ in marks(page)]
    page.get_by_role("button", name="Copy as JSON").click()
    page.get_by_text("Copied as JSON.").wait_for()
    copied = json.loads(page.evaluate("navigator.clipboard.readText()"))
    assert [copied["text"][s["start"] : s["end"]] for s in copied["spans"]] == read


def test_text_is_never_taken_for_markup(page):
    text = "<img src=x onerror=alert(1)> Ana <script>alert(2)</script> <b>Arcol</b> &lt;"
    page.on("dialog", lambda dialog: pytest.fail(dialog.message))
    find(page, text)
    assert page.locator("#result img, #result script, #result b").count() == 0
    assert page.eval_on_selector("#result", "e => e.textContent.replace(/(PER|LOC)/g, '')") == text
    assert page.complaints == []


def test_the_keyboard_is_enough(page):
    assert page.evaluate("document.activeElement.id") == "text"
    page.keyboard.type("Ana visits Arcol")
    page.keyboard.press("Control+Enter")
    page.get_by_text("2 entities.").wait_for()
    order = []
    for _ in range(8):
        page.keyboard.press("Tab")
        order.append(page.evaluate("document.activeElement.id || document.activeElement.getAttribute('role')"))
    assert order[:7] == ["model", "find", "least", "conll", "json", "result", "region"]
    page.locator("#conll").focus()
    page.keyboard.press("Enter")
    page.get_by_text("Copied as CoNLL.").wait_for()
    assert page.evaluate("document.activeElement.id") == "conll"


def test_the_button_keeps_the_focus_while_it_works(page):
    page.get_by_label("Text", exact=True).fill("Ana visits Arcol")
    page.locator("#find").focus()
    page.keyboard.press("Enter")
    page.get_by_text("2 entities.").wait_for()
    assert page.evaluate("document.activeElement.id") == "find"


def test_an_answer_belongs_to_the_text_that_was_sent(page):
    page.evaluate(
        "const at_once = fetch; fetch = async (...words) => {"
        "await new Promise(go => setTimeout(go, 500)); return at_once(...words)}"
    )
    page.get_by_label("Text", exact=True).fill("Boris visits Berin and Ana")
    page.keyboard.press("Control+Enter")
    page.get_by_label("Text", exact=True).fill("Ana")
    page.keyboard.press("Control+Enter")
    page.get_by_text("3 entities.").wait_for()
    assert [text for text, _ in marks(page)] == ["Boris", "Berin", "Ana"]


def test_a_screen_reader_knows_what_everything_is(page):
    find(page, TEXT)
    unnamed = page.eval_on_selector_all(
        "input:not([hidden]), select, textarea, button",
        "all => all.filter(e => e.offsetParent && !(e.labels && e.labels.length) && !e.textContent.trim()).length",
    )
    assert unnamed == 0
    assert page.get_by_role("region", name="The text with its entities").count() == 1
    assert page.get_by_role("table").count() == 1
    assert page.locator("[aria-live=polite]#status").count() == 1
    assert page.locator("html").get_attribute("lang") == "en"
    assert page.get_by_role("heading", level=1).count() == 1


def test_a_name_and_its_type_are_two_words_to_a_screen_reader(page):
    find(page, "Ana visits Arcol")
    heard = page.locator("#result").aria_snapshot()
    assert "Ana PER" in heard
    assert "Arcol LOC" in heard


CONTRAST = """() => {
  const light = c => { const [r, g, b] = c.match(/[\\d.]+/g).map(Number).map(v => v / 255)
    .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4); return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
  const behind = e => { for (; e; e = e.parentElement) { const c = getComputedStyle(e).backgroundColor;
    if (!/, 0\\)$/.test(c)) return c; } return "rgb(255, 255, 255)"; };
  const all = [...document.querySelectorAll("h1, h2, small, label, button, mark, .type, td, th, p, output, select")];
  for (let tone = 0; tone < 10; tone++) { const m = document.createElement("mark"); m.textContent = "x";
    m.className = "tone" + tone; document.getElementById("result").append(m); all.push(m); }
  return Math.min(...all.filter(e => e.offsetParent).map(e => {
    const [a, b] = [light(getComputedStyle(e).color), light(behind(e))].sort((x, y) => y - x);
    return (a + 0.05) / (b + 0.05); }));
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_everything_can_be_read_in_light_and_dark(page, scheme):
    page.emulate_media(color_scheme=scheme)
    find(page, TEXT)
    page.wait_for_timeout(50)
    assert page.evaluate(CONTRAST) >= 4.5  # WCAG AA


def test_it_fits_a_narrow_window(page):
    page.set_viewport_size({"width": 320, "height": 640})
    find(page, TEXT + " " + "x" * 500)
    assert page.evaluate("document.documentElement.scrollWidth") <= 320


def test_models_are_chosen(page):
    assert page.locator("#model option").all_text_contents() == ["toy (LOC, PER)", "sw (LOC, PER)"]
    page.get_by_label("Model").select_option("sw")
    find(page, "Ana")
    assert page.locator("#version").text_content() == "by sw-1"


def test_a_refusal_is_said(browser, tagger):
    with serving(tagger, max_characters=500) as app, running(app) as where:
        page = browser.new_page()
        page.goto(where)
        find(page, "a" * 501)
        assert page.locator("#status.bad").text_content() == (
            "the texts have 501 characters, and 500 are the most in one request"
        )
        find(page, "")
        assert page.locator("#status").text_content() == "No entities."
        page.close()


def test_the_page_asks_for_the_token(browser, tagger):
    with serving(tagger, token="open-sesame", max_characters=500) as app, running(app) as where:
        page = browser.new_page()
        page.goto(where)
        page.get_by_text("a token is needed").wait_for()
        page.get_by_label("Token").fill("open-sesame")
        page.get_by_label("Token").press("Tab")
        page.locator("#model option").nth(1).wait_for(state="attached")
        find(page, "Ana")
        assert page.locator("#status").text_content() == "1 entity."
        page.get_by_label("Token").fill("wrong")
        find(page, "Ana")
        assert page.evaluate("document.activeElement.id") == "token"
        page.get_by_label("Token").fill("open-sesame")
        find(page, "a" * 501)
        assert page.locator("#status.bad").count() == 1
        assert page.evaluate("document.activeElement.id") == "find"  # the token is not to blame
        page.close()


def test_the_page_needs_nothing_from_elsewhere(client):
    reply = client.get("/")
    assert "http://" not in reply.text
    assert "https://" not in reply.text
    policy = reply.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "'unsafe-inline'" not in policy.partition("style-src")[0]

"""Pictures of the main screens of a running demo: `python -m tests.e2e.pictures http://localhost:8000`.

Signs in with the demo's accounts, writes docs/pictures/*.png: English and Chinese, light and dark, wide and phone.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import playwright.sync_api as playwright

from performance.config.demo import company
from tests import services

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "pictures"
WIDE = {"width": 1440, "height": 900}
PHONE = {"width": 390, "height": 844}
#: Colours kept in a picture: a screen has few, and the file becomes a third.
COLOURS = 160


@dataclass(frozen=True)
class Shot:
    """One picture: who looks at what, and how. `path` is an address, or "text=…" of a link on the page before."""

    name: str
    number: str
    path: str
    language: str = "en"
    theme: str = "light"
    is_phone: bool = False
    then: str = ""


EMPLOYEE, MANAGER, HR, BUSINESS = "LM-0003", "LM-0002", "LM-0004", "LM-0005"
SHOTS = [
    Shot("home-en", EMPLOYEE, "/"),
    Shot("home-zh", EMPLOYEE, "/", language="zh-hans"),
    Shot("home-dark", EMPLOYEE, "/", theme="dark"),
    Shot("home-phone", EMPLOYEE, "/", is_phone=True),
    Shot("my-team-en", MANAGER, "/my-team/"),
    Shot("objectives-en", EMPLOYEE, "/goals/"),
    Shot("map-en", MANAGER, "/goals/map/"),
    Shot("objective-en", EMPLOYEE, "/goals/", then="main a[href^='/goals/0']"),
    Shot("objective-zh-phone", EMPLOYEE, "/goals/", language="zh-hans", is_phone=True, then="main a[href^='/goals/0']"),
    Shot("scorecard-en", EMPLOYEE, "/performance/"),
    Shot("scorecard-zh-dark", EMPLOYEE, "/performance/", language="zh-hans", theme="dark"),
    Shot("kpi-board-en", BUSINESS, "/metrics/"),
    Shot("kpi-board-dark", BUSINESS, "/metrics/", theme="dark"),
    Shot("kpi-board-zh", BUSINESS, "/metrics/", language="zh-hans"),
    Shot("metric-en", BUSINESS, "/metrics/library/", then="main a[href^='/metrics/0']"),
    Shot("policy-en", HR, "/performance/policies/", then="main a[href^='/performance/policies/0']"),
    Shot("feedback-en", EMPLOYEE, "/feedback/"),
    Shot("people-en", HR, "/people/"),
    Shot("organisation-zh", HR, "/people/organisation/", language="zh-hans"),
    Shot("sources-en", BUSINESS, "/sources/"),
    Shot("cycle-en", HR, "/appraisals/", then="main a[href^='/appraisals/0']"),
    Shot("cycle-phone-dark", HR, "/appraisals/", theme="dark", is_phone=True, then="main a[href^='/appraisals/0']"),
]  # fmt: skip


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("address", nargs="?", default="http://localhost:8000")
    parser.add_argument("--folder", type=Path, default=FOLDER)
    parser.add_argument("--only", default="", help="Part of the names of the pictures to take.")
    given = parser.parse_args(arguments)
    given.folder.mkdir(parents=True, exist_ok=True)
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(
            executable_path=services.chromium_path(), args=services.CHROMIUM_ARGUMENTS
        )
        wanted = [shot for shot in SHOTS if given.only in shot.name]
        signed_in = {
            who: sign_in(browser, given.address, *who)
            for who in sorted({(shot.number, shot.language) for shot in wanted})
        }
        for shot in wanted:
            take(browser, given.address, shot, given.folder, signed_in[shot.number, shot.language])
        browser.close()


def sign_in(browser: playwright.Browser, address: str, number: str, language: str) -> Any:
    """Signs somebody in by e-mail and password, into the company that writes in this language; what the browser
    then remembers."""
    employee = next(each for each in company.employees() if each.number == number)
    context = browser.new_context()
    tab = context.new_page()
    tab.goto(urljoin(address, "/accounts/login/"))
    tab.locator("input[name=login]").fill(employee.email)
    tab.locator("input[name=password]").fill(company.PASSWORD)
    tab.locator("input[name=password]").press("Enter")
    tab.wait_for_url(lambda url: "/accounts/login" not in url)
    if language == "zh-hans":
        # The second company of the demo is told in Chinese.
        other = tab.locator("form[action$='/organisations/switch/'] button:not([aria-current])").first
        with tab.expect_navigation():
            other.evaluate("button => button.click()")
    remembered = context.storage_state()
    context.close()
    return remembered


def take(browser: playwright.Browser, address: str, shot: Shot, folder: Path, remembered: Any) -> Path:
    """Opens the page, waits until it is still, and writes the picture."""
    context = browser.new_context(
        storage_state=remembered,
        viewport=PHONE if shot.is_phone else WIDE,  # type: ignore[arg-type]
        device_scale_factor=2 if shot.is_phone else 1,
        color_scheme=shot.theme,  # type: ignore[arg-type]
        reduced_motion="reduce",
    )
    context.add_cookies([{"name": "accord_language", "value": shot.language, "url": address}])
    context.add_init_script(f"localStorage.setItem('theme', '{shot.theme}')")
    tab = context.new_page()
    _open(tab, urljoin(address, shot.path))
    if shot.then:
        _open(tab, urljoin(address, tab.locator(shot.then).first.get_attribute("href") or ""))
    tab.wait_for_load_state("networkidle")
    tab.evaluate("document.fonts.ready")
    path = folder / f"{shot.name}.png"
    tab.screenshot(path=str(path))
    context.close()
    _compress(path)
    return path


def _open(tab: playwright.Page, address: str) -> None:
    """A page that answers with an error is no picture."""
    answer = tab.goto(address)
    if answer is None or not answer.ok:
        raise SystemExit(f"{address} answered {answer.status if answer else 'nothing'}")


def _compress(path: Path) -> None:
    """Fewer colours where pngquant is installed; else the picture stays as it is."""
    try:
        subprocess.run(
            ["pngquant", "--force", "--skip-if-larger", "--output", path, str(COLOURS), path], check=False
        )
    except FileNotFoundError:
        return


if __name__ == "__main__":
    main(sys.argv[1:])

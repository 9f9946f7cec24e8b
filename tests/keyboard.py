"""A page is used without a mouse."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from playwright.sync_api import Page

MOST = 600
"""Presses of Tab; a page that has more stops than this is none for a keyboard."""

STOPS = """() => {
  window.stops = new Set([...document.querySelectorAll(
    "a[href], button, input, select, textarea, summary, [tabindex]")].filter(one =>
      one.tabIndex >= 0 && !one.disabled && !one.closest("[inert]") &&
      one.checkVisibility({visibilityProperty: true}) &&
      !(one.type === "radio" && !one.checked)));
  window.visited = new Set();
  document.activeElement?.blur();
}"""
"""Gathers what Tab has to reach; of a group of radio buttons, that is the chosen one."""

STOP = """() => {
  const one = document.activeElement;
  if (!one || one === document.body || window.visited.has(one)) return null;
  window.visited.add(one);
  window.stops.delete(one);
  const style = getComputedStyle(one), box = one.getClientRects()[0];
  const middle = (from, to, most) => (Math.max(from, 0) + Math.min(to, most)) / 2;
  const seen = box && document.elementFromPoint(
    middle(box.left, box.right, innerWidth), middle(box.top, box.bottom, innerHeight));
  return {
    name: (one.ariaLabel || one.labels?.[0]?.innerText || one.innerText || one.id).trim(),
    html: one.outerHTML.slice(0, 200),
    marked: (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0)
      || style.boxShadow !== "none",
    covered: !seen || !(one.contains(seen) || seen.contains(one)),
  };
}"""

LEFT = "() => [...window.stops].map(one => one.outerHTML.slice(0, 200))"


def tabbed(page: Page) -> list[str]:
    """Tab through a page; return the names of what had the focus, in order.

    Fails where one cannot see which that is, or where Tab does not reach what can be used.
    """
    page.wait_for_load_state()  # a click ends when its page begins to come
    page.evaluate(STOPS)
    names = []
    for _ in range(MOST):
        page.keyboard.press("Tab")
        stop: dict[str, Any] | None = page.evaluate(STOP)
        if stop is None:
            break
        assert stop["marked"], f"the focus cannot be seen on {stop['html']}"
        assert not stop["covered"], f"something covers {stop['html']}"
        names.append(stop["name"])
    left = page.evaluate(LEFT)
    assert not left, f"Tab does not reach {left}"
    return names

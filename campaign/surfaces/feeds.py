"""Catalogues as product feeds in XML, with every price checked by a second reader of XML."""

from __future__ import annotations

from xml.etree import ElementTree

from campaign.planting import planted
from campaign.surface import Surface
from campaign.surfaces.catalogue import CODE, _wrong, check, outcome, read
from retailsim.market.catalogue import amazon

RSS = (
    b'<?xml version="1.0"?>\n<rss xmlns:g="http://base.google.com/ns/1.0" version="2.0">'
    b"<channel><title>Shop</title>"
    b"<item><g:id>A1</g:id><title>Kettle &amp; lid</title><g:price>24.99 USD</g:price>"
    b"<g:google_product_category>Home &amp; Garden</g:google_product_category></item>"
    b"<item><g:id>A2</g:id><title>Lamp</title><g:price>1299.00 USD</g:price>"
    b"<g:shipping><g:price>4.90 USD</g:price></g:shipping>"
    b"<description><![CDATA[<p>Bright & light</p>]]></description>"
    b"<g:product_type>Lighting &gt; Desk</g:product_type></item></channel></rss>"
)
ATOM = (
    b'<feed xmlns="http://www.w3.org/2005/Atom" xmlns:g="http://base.google.com/ns/1.0">'
    b"<entry><g:id>B1</g:id><title>Tea</title><g:price>2999.50 USD</g:price>"
    b"<g:product_type>Tea</g:product_type></entry></feed>"
)
LOOSE = b"<products><product id='C1'><name>Salt & pepper</name><price>2500</price>" + (
    b"<category>Caf&eacute; > Food</category></product></products>"
)


def feed_xml(data: bytes) -> str:
    """Read a feed; one that is well-formed is read a second time as a tree."""
    of = read("fuzz.xml", data)
    if of.file.format == "XML feed" and of.file.fields["price"] == "price":
        check(of, _said(data))
    return outcome(of)


def _said(data: bytes) -> list[tuple[object, object]]:
    """Return ids and prices of elements that have one of each, as plain as can be."""
    said: list[tuple[object, object]] = []
    try:
        tree = ElementTree.fromstring(data)
    except (ElementTree.ParseError, LookupError, ValueError):
        return said  # not well-formed, or in an encoding that nobody knows
    for parent in tree.iter():
        ids = [one for one in parent if one.tag.endswith("}id")]
        prices = [one for one in parent if one.tag.endswith("}price")]
        if len(ids) == len(prices) == 1 and not len(prices[0]):
            price = (prices[0].text or "").removesuffix(" USD")
            said.append(("".join(ids[0].itertext()).strip(), price))
    return said


SURFACE = Surface(
    name="catalogue-xml",
    seeds=lambda: (RSS, ATOM, LOOSE),
    feed=feed_xml,
    code=CODE,
    bug=lambda: planted(amazon, "_price", _wrong),
    tree=False,
)

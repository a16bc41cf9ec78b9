"""What tests of the operators' console read from its pages and tables."""

import re

from tests.contexts import public_context


def reloaded(row):
    with public_context():
        return type(row).objects.get(pk=row.pk)


def rows(response):
    """Return the first cell's text of each row of a list."""
    body = response.content.decode().split('id="result_list"')[-1]
    cells = re.findall(r"<th[^>]*field-[^>]*>(.*?)</th>", body, re.DOTALL)
    return [re.sub(r"<[^>]+>", "", cell).strip() for cell in cells]


def notices(client, url):
    return client.get(url).content.decode()

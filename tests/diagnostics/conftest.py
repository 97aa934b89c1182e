"""What is tested only where there is a browser."""

from tests import browser

collect_ignore = [] if browser.PATH else ["test_page_in_browser.py"]

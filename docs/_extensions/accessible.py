"""What the writers of pages leave for those who listen to them, set right."""

# A button is named by the text that is seen on it, not by another.
LABELED = '<summary aria-label="Toggle hidden content">'


def setup(app):
    app.connect("html-page-context", _name_by_text)
    return {"parallel_read_safe": True}


def _name_by_text(app, pagename, templatename, context, doctree):
    if "body" in context:
        context["body"] = context["body"].replace(LABELED, "<summary>")

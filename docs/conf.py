"""The guide. `python -m nox -s docs` builds it and checks what is built."""

import os
import pathlib
import sys

HERE = pathlib.Path(__file__).parent
os.environ.setdefault("KERAS_BACKEND", "torch")  # which compiles nothing
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("OMP_NUM_THREADS", "1")  # two processes share two cores
os.environ["COLUMNS"] = "88"  # tables of reports fit the column of text
# Notebooks run in processes of their own, with the programs and the package here.
os.environ["PATH"] = os.pathsep.join(
    [str(pathlib.Path(sys.executable).parent), os.environ["PATH"]]
)
os.environ["PYTHONPATH"] = os.pathsep.join(
    [str(HERE.parent), *filter(None, [os.environ.get("PYTHONPATH")])]
)
sys.path[:0] = [str(HERE.parent), str(HERE / "_extensions")]

import keras_inits  # noqa: E402

project = "keras_inits"
author = "the authors of keras_inits"
copyright = "the authors of keras_inits"
version = release = keras_inits.__version__

extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx_copybutton",
    "sphinx_design",
    "sphinx_gallery.gen_gallery",
    # Those of `_extensions`.
    "accessible",
    "llms",
    "markdown_docstrings",
    "mathml",
    "reference",
    "shell",
]
exclude_patterns = [
    "_build",
    "gallery",
    "diagnostics",
    *(f"auto_gallery/*.{kind}" for kind in ("ipynb", "json", "md5", "py", "zip")),
]
nitpicky = True
nitpick_ignore_regex = [("py:.*", r"(?!keras_inits).*")]
suppress_warnings = ["config.cache"]

# Notebooks: run at every build, any error ends it.
nb_execution_mode = "force"
nb_execution_raise_on_error = True
nb_execution_timeout = 240
nb_execution_in_temp = True
nb_merge_streams = True
nb_output_stderr = "remove"
myst_enable_extensions = ["dollarmath", "colon_fence", "deflist"]
myst_heading_anchors = 3

# Docstrings.
autodoc_typehints = "none"
autodoc_member_order = "bysource"
autodoc_default_options = {"show-inheritance": True}
napoleon_google_docstring = True
napoleon_numpy_docstring = False
napoleon_use_ivar = True  # a line for each attribute
napoleon_custom_sections = ["Reference"]
add_module_names = False
toc_object_entries_show_parents = "hide"

# Formulas: see `_extensions/mathml.py`.
html_math_renderer = "mathml"

sphinx_gallery_conf = {
    "examples_dirs": "gallery",
    "gallery_dirs": "auto_gallery",
    "filename_pattern": "/plot_",
    "abort_on_example_error": True,
    "download_all_examples": False,
    "show_memory": False,
    "show_signature": False,
    "write_computation_times": False,
    "remove_config_comments": True,
    "image_srcset": ["2x"],
}

copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True

html_theme = "pydata_sphinx_theme"
html_title = html_short_title = "Weight initializers for Keras 3, alike everywhere"
html_static_path = ["_static"]
templates_path = ["_templates"]
html_css_files = ["guide.css"]
html_copy_source = False
html_domain_indices = False
html_use_index = False
html_show_sourcelink = False
html_theme_options = {
    "logo": {"text": "keras_inits"},
    "show_prev_next": True,
    "navigation_with_keys": False,
    "secondary_sidebar_items": ["page-toc"],
    "navbar_align": "left",
    "header_links_before_dropdown": 7,
    "footer_start": ["copyright"],
    "footer_end": [],
    "pygments_light_style": "a11y-high-contrast-light",
    "pygments_dark_style": "a11y-high-contrast-dark",
}
# Pages of no section.
SINGLE = ("index", "start", "choose", "benchmarks", "versions", "releases")
html_sidebars = {name: [] for name in SINGLE}

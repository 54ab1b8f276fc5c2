"""What tests read off the page of ``bpfast explain --html``."""

MINUS = "\N{MINUS SIGN}"
TITLES = [  # of the tutorial's stages
    "A network that guesses",
    "Forward: h1",
    "Forward: h2",
    "Forward: prediction",
    "The error: how wrong is that?",
    "Which way is down?",
    "Backward: prediction",
    "Backward: h1",
    "Backward: h2",
    "Gradients: the weights into prediction",
    "Gradients: the weights into h1 and h2",
    "The update: one step downhill",
    "Forward again: is it better?",
    "After 1 step",
]


def title(page):
    return page.locator("#title").text_content()


def sentence(page):
    return page.locator("#sentence").text_content()


def followed(page):
    return page.locator("#network .edge.followed").evaluate_all(
        "all => all.map(e => e.dataset.name)"
    )


def wait_for_sweep(page):
    """It begins when it comes into view."""
    page.locator("#sweep").scroll_into_view_if_needed()
    page.wait_for_selector("#sweep-plot[aria-busy=false] svg")


def written(value, digits=7):
    """A number as the page writes it, with a real minus."""
    return f"{value:.{digits}g}".replace("-", MINUS)

import re

EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]+")
LONGEST_NAME = 64
SHORTEST_PASSWORD = 8


def validate_form_data(form):
    """What is wrong with a registration, by field; empty when it can be accepted."""
    errors = {}
    username = form.get("username", "").strip()
    if not username:
        errors["username"] = "Please choose a username."
    elif len(username) > LONGEST_NAME:
        errors["username"] = f"A username has at most {LONGEST_NAME} characters."
    if not EMAIL.fullmatch(form.get("email", "").strip()):
        errors["email"] = "This is not an e-mail address."
    if len(form.get("password", "")) < SHORTEST_PASSWORD:
        errors["password"] = f"A password has at least {SHORTEST_PASSWORD} characters."
    return errors

"""A registration form and the dashboard of those who registered."""

from flask import Flask, redirect, render_template, request, url_for

import aws_controller
from utils.validate_form_data import validate_form_data

app = Flask(__name__)


@app.get("/")
def index():
    return render_template("index.html", form={}, errors={})


@app.post("/register_user")
def register_user():
    errors = validate_form_data(request.form)
    if errors:
        return render_template("index.html", form=request.form, errors=errors), 400
    aws_controller.add_user(request.form)
    return redirect(url_for("dashboard"))


@app.get("/dashboard")
def dashboard():
    return render_template("dashboard.html", users=aws_controller.list_users())

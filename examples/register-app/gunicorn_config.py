"""How gunicorn serves the application; flaskapp.conf sets the variables."""

import os

bind = os.environ.get("FLASKAPP_BIND", "0.0.0.0:80")
workers = int(os.environ.get("FLASKAPP_WORKERS", "2"))
accesslog = "-"
control_socket_disable = True

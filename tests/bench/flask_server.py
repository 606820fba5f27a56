"""A peer: the student project's way, Flask's development server and `files.save`. `… PORT FOLDER`."""

import sys
from importlib import import_module
from pathlib import Path

flask = import_module("flask")  # by name: it is no dependency of ours, and need not be there
app = flask.Flask(__name__)


def upload() -> str:
    photo = flask.request.files["photo"]
    photo.save(Path(sys.argv[2]) / Path(photo.filename).name)
    return "kept"


app.add_url_rule("/upload", view_func=upload, methods=["POST"])
app.run(host="127.0.0.1", port=int(sys.argv[1]), threaded=True)

import json, os


def put(variables):
    for name, value in variables.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value


given = json.loads(GIVEN)
put(os.__dict__.pop("_sandpit_kept", {}))
if given is not None:
    os._sandpit_kept = {name: os.environ.get(name) for name in given}
    put(given)

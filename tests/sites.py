"""Applications that are only deployed, and the instances that they have."""

APPSPEC = "version: 0.0\nos: linux\nfiles:\n  - source: page\n    destination: /opt/site\n"


def site_named(tmp_path, name, instances="[{ name: web, ports: [80] }]"):
    """An application that is only deployed."""
    folder = tmp_path / name
    folder.mkdir()
    (folder / "appspec.yml").write_text(APPSPEC)
    (folder / "page").write_text(name + "\n")
    describe(folder, name, instances)
    return folder


def describe(folder, name, instances):
    (folder / "rehearse.yaml").write_text(f"application: {name}\ninstances: {instances}\n")


def living(plane, name):
    """The instances of an application, by their start."""
    filters = [{"Name": "tag:rehearse:application", "Values": [name]}, {"Name": "instance-state-name", "Values": ["pending", "running"]}]
    reservations = plane.client("ec2").describe_instances(Filters=filters)["Reservations"]
    return sorted((one for some in reservations for one in some["Instances"]), key=lambda one: (one["LaunchTime"], one["AmiLaunchIndex"]))

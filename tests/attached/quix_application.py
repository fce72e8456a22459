"""A stream processor with Quix Streams: keeps what is long enough and counts it for each team, in a state of its own.

Arguments: bootstrap, input, output, a directory for the state, after how many results it ends. Run by .tools/quix.
"""

import sys

from quixstreams import Application

bootstrap, source, target, directory, count = sys.argv[1:]

application = Application(
    broker_address=bootstrap,
    consumer_group=f"{source}-counter",
    auto_offset_reset="earliest",
    state_dir=directory,
    commit_interval=0.5,
    loglevel="WARNING",
)


def counted(value: dict, state) -> dict:
    seen = state.get("seen", 0) + 1
    state.set("seen", seen)
    return {"team": value["team"], "number": value["number"], "seen": seen}


frame = application.dataframe(application.topic(source, key_deserializer="str", value_deserializer="json"))
frame = frame[frame["number"] % 3 != 0].apply(counted, stateful=True)
frame.to_topic(application.topic(target, key_serializer="str", value_serializer="json"))
application.run(count=int(count), timeout=60)

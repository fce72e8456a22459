"""Messages of Kafka's protocol that kafka-python has no copy of, in the notation of Kafka's own definitions.

A file `NameRequest.json` with its `NameResponse.json` is all that an API needs to be asked through `lib.wire`.
"""

from pathlib import Path

from kafka.protocol.api_message import ApiMessage


def messages() -> dict[str, type[ApiMessage]]:
    names = sorted(path.stem for path in Path(__file__).parent.glob("*.json"))
    return {name: type(ApiMessage)(name, (ApiMessage,), {}, load_json=__name__) for name in names}

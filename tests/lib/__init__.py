"""What the suites share: brokers to run, events to send, tools to call."""

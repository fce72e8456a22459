//! Every API's request and response as declarations; frames, headers, the table of supported APIs.

//! One request on its way through a handler, and the encoding of its answer.

use std::sync::Arc;

use bytes::Bytes;
use stream_codec::{Decoder, Message, Segment, Str};
use stream_log::disk::DiskFile;
use stream_wire::api::ApiKey;
use stream_wire::{frame, header};

use crate::net::{Answer, OutputSegment, Pending, Response, Session};

/// A request whose header is read.
#[derive(Debug)]
pub(crate) struct Request {
    /// Where the answer goes.
    pub(crate) responder: Responder,
    /// The connection.
    pub(crate) session: Session,
    /// What the client calls itself.
    pub(crate) client_id: Option<Str>,
    /// What follows the header.
    pub(crate) body: Bytes,
}

/// What the encoding of an answer needs to know of its request.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Responder {
    /// The API.
    pub(crate) api: ApiKey,
    /// The version of the request and of its answer.
    pub(crate) version: i16,
    /// Repeated in the answer.
    pub(crate) correlation_id: i32,
}

/// A range of a file that an answer contains.
#[derive(Debug, Clone)]
pub(crate) struct FileRange {
    pub(crate) file: Arc<dyn DiskFile>,
    pub(crate) position: u64,
    pub(crate) len: usize,
}

impl Request {
    /// The version of the request.
    pub(crate) fn version(&self) -> i16 {
        self.responder.version
    }

    /// Reads the body. As Kafka, it does not mind bytes behind it: librdkafka leaves three after a Metadata request for all
    /// topics (it reserves four bytes for the null array, of which the flexible encoding needs one).
    ///
    /// # Errors
    /// The end of the connection, as Kafka does, when it is not what its version says.
    pub(crate) fn decode<M: Message>(&self) -> Result<M, Pending> {
        M::decode(&mut Decoder::new(self.body.clone()), self.version()).map_err(|error| {
            let Responder { api, version, .. } = self.responder;
            Pending::Ready(Answer::Close(format!("{api} v{version} request is malformed: {error}")))
        })
    }

    /// An answer that is ready now.
    pub(crate) fn ready<M: Message>(&self, message: &M) -> Pending {
        Pending::Ready(self.responder.respond(message))
    }
}

impl Responder {
    /// Encodes an answer.
    pub(crate) fn respond<M: Message>(self, message: &M) -> Answer {
        self.respond_with_files(message, &[])
    }

    /// Encodes an answer whose external record parts are `files`, by their ids.
    pub(crate) fn respond_with_files<M: Message>(self, message: &M, files: &[FileRange]) -> Answer {
        self.respond_in_version(message, self.version, files)
    }

    /// Encodes an answer in another version than the request's (KIP-511).
    pub(crate) fn respond_in_version<M: Message>(self, message: &M, version: i16, files: &[FileRange]) -> Answer {
        let mut encoder = frame::begin();
        header::encode_response_header(&mut encoder, self.api, self.version, self.correlation_id);
        let encoded = message.encode(&mut encoder, version).and_then(|()| frame::finish(encoder));
        let encoded = match encoded {
            Ok(segments) => segments,
            Err(error) => {
                // A field set that the version lacks: ours to mend, not the client's to suffer silently.
                tracing::error!(api = %self.api, version, correlation_id = self.correlation_id, "answer cannot be encoded: {error}");
                return Answer::Close(format!("{} v{version} answer cannot be encoded: {error}", self.api));
            }
        };
        let mut segments = Vec::with_capacity(encoded.len());
        for segment in encoded {
            segments.push(match segment {
                Segment::Bytes(bytes) => OutputSegment::Bytes(bytes),
                Segment::External { id, len } => {
                    let Some(range) = files.get(id as usize) else {
                        return Answer::Close("an answer names a file range that it does not have".into());
                    };
                    OutputSegment::File { file: Arc::clone(&range.file), position: range.position, len }
                }
            });
        }
        Answer::Respond(Response { segments })
    }
}

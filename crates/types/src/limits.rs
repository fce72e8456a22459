//! Every maximum has a name here; constant assertions hold their relations.

/// Largest request frame, as Kafka's `socket.request.max.bytes` (bytes).
pub const REQUEST_BYTES_MAX: usize = 100 * 1024 * 1024;
/// Largest request of an API that carries no records (bytes).
pub const OTHER_REQUEST_BYTES_MAX: usize = 8 * 1024 * 1024;
/// Frames up to this size are read at once and never wait for their turn (bytes).
pub const SMALL_FRAME_BYTES_MAX: usize = 64 * 1024;
/// Bytes of larger frames that may be half received, broker-wide, before they have to take turns.
pub const UNFINISHED_FRAME_BYTES_MAX: usize = 128 * 1024 * 1024;
/// Frames whose turn it can be at the same time.
pub const LARGE_FRAME_SLOTS: usize = 4;
/// Largest frame of a connection that has not authenticated yet (bytes; Kafka's
/// `sasl.server.max.receive.size`).
pub const UNAUTHENTICATED_FRAME_BYTES_MAX: usize = 512 * 1024;
/// Connections whose client has not said who it is, broker-wide.
pub const UNAUTHENTICATED_CONNECTIONS_MAX: usize = 4096;
/// How long a client may take to say who it is (milliseconds).
pub const AUTHENTICATION_MILLIS: u64 = 30_000;
/// The same while more than half of [`UNAUTHENTICATED_CONNECTIONS_MAX`] have not (milliseconds).
pub const AUTHENTICATION_CROWDED_MILLIS: u64 = 3_000;
/// TLS handshakes that are under way at the same time, broker-wide.
pub const TLS_HANDSHAKES_MAX: usize = 1024;
/// From a TLS client's connection to the end of its handshake, at most (seconds).
pub const TLS_HANDSHAKE_SECONDS: u64 = 10;
/// Requests of one connection that are read but not answered yet.
pub const IN_FLIGHT_REQUESTS_PER_CONNECTION_MAX: usize = 64;
/// Bytes of requests that are read but not answered yet, broker-wide.
pub const IN_FLIGHT_REQUEST_BYTES_MAX: usize = 256 * 1024 * 1024;
/// Events that may wait in one partition worker's mailbox.
pub const WORKER_MAILBOX_EVENTS_MAX: usize = 4096;
/// Commands that may wait for one owner of coordinator shards.
pub const COORDINATOR_MAILBOX_EVENTS_MAX: usize = 4096;
/// Events of the audit trail that may wait to be written to its topic.
pub const AUDIT_QUEUE_EVENTS_MAX: usize = 4096;
/// Clients whose use of one kind of quota is remembered.
pub const QUOTA_CLIENTS_MAX: usize = 10_000;
/// Longest topic name (Kafka's limit, characters).
pub const TOPIC_NAME_CHARS_MAX: usize = 249;
/// Partitions that one CreateTopics or CreatePartitions call may ask for.
pub const PARTITIONS_PER_REQUEST_MAX: usize = 10_000;
/// ACLs that one CreateAcls call may add, or one DeleteAcls call remove.
pub const ACLS_PER_REQUEST_MAX: usize = 10_000;
/// Largest size that one record batch may have once it is decompressed (bytes).
pub const DECOMPRESSED_BATCH_BYTES_MAX: usize = 128 * 1024 * 1024;
/// Lookups by time that may be under way at the same time, broker-wide: each may open a batch.
pub const TIME_LOOKUPS_MAX: usize = 2;
/// Fetches that may wait for a disk at the same time, broker-wide; each has a thread meanwhile.
pub const COLD_FETCHES_MAX: usize = 16;
/// Recent batches kept in memory for each partition's tail readers (bytes).
pub const TAIL_CACHE_BYTES_PER_PARTITION_MAX: usize = 4 * 1024 * 1024;
/// Batches of one idempotent producer that are remembered to recognise repeats (KIP-98).
pub const PRODUCER_BATCHES_REMEMBERED: usize = 5;
/// Fetch sessions kept, as Kafka's `max.incremental.fetch.session.cache.slots`.
pub const FETCH_SESSIONS_MAX: usize = 1000;
/// Longest that a connection may be silent (Kafka's `connections.max.idle.ms`, milliseconds).
pub const CONNECTION_IDLE_MILLIS: u64 = 600_000;
/// Largest file of topics as code (bytes).
pub const CATALOG_BYTES_MAX: usize = 1024 * 1024;
/// Lists and mappings in each other in a file of topics as code.
pub const CATALOG_DEPTH_MAX: usize = 16;
/// Values in a file of topics as code.
pub const CATALOG_NODES_MAX: usize = 20_000;

const _: () = assert!(SMALL_FRAME_BYTES_MAX < UNAUTHENTICATED_FRAME_BYTES_MAX);
const _: () = assert!(AUTHENTICATION_CROWDED_MILLIS < AUTHENTICATION_MILLIS);
const _: () = assert!(UNAUTHENTICATED_FRAME_BYTES_MAX < REQUEST_BYTES_MAX);
const _: () = assert!(REQUEST_BYTES_MAX < IN_FLIGHT_REQUEST_BYTES_MAX);
const _: () = assert!(REQUEST_BYTES_MAX < UNFINISHED_FRAME_BYTES_MAX);
const _: () = assert!(REQUEST_BYTES_MAX <= DECOMPRESSED_BATCH_BYTES_MAX);

//! Fetch sessions (KIP-227): what a client reads is remembered, so that its next Fetch names only what
//! changed and its answer only what is new.
//!
//! - Session id 0 with epoch 0 asks for a session, with epoch -1 for none; another id with epoch -1
//!   closes it, with epoch 0 replaces it; an incremental Fetch carries the next epoch.
//! - An answer to an incremental Fetch leaves out partitions that have neither records nor an error
//!   nor a changed high watermark or log start.
//! - Partitions that returned records go to the end, so that none starves behind a busy one.
//! - A full cache makes room only by a session that was idle for [`IDLE_BEFORE_EVICTION`].

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use stream_codec::Str;
use stream_types::{ErrorCode, Monotonic, Uuid};
use stream_wire::fetch::{FetchPartition, FetchRequest, PartitionData};

/// Kafka's `min.incremental.fetch.session.eviction.ms`.
const IDLE_BEFORE_EVICTION: Duration = Duration::from_secs(120);
/// The epoch of a request that wants no session, or no longer one.
const FINAL_EPOCH: i32 = -1;
/// The epoch of a request that wants a new session.
const INITIAL_EPOCH: i32 = 0;
/// The first version that names topics by id only.
const TOPIC_ID_VERSION: i16 = 13;

/// One partition as a client asked for it.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    /// The topic's name; empty where the request has ids.
    pub(crate) topic: Str,
    /// The topic's id; zero where the request has names.
    pub(crate) topic_id: Uuid,
    /// Number, offset, limits.
    pub(crate) partition: FetchPartition,
}

type Key = (Str, Uuid, i32);

#[derive(Debug)]
struct Remembered {
    asked: Asked,
    /// High watermark and log start of the last answer.
    told: Option<(i64, i64)>,
}

/// What one client reads.
#[derive(Debug)]
pub(crate) struct FetchSession {
    /// The id that the client repeats.
    pub(crate) id: i32,
    next_epoch: i32,
    by_topic_id: bool,
    order: BTreeMap<u64, Remembered>,
    places: HashMap<Key, u64>,
    next_place: u64,
}

/// A session in use.
pub(crate) type SharedSession = Arc<Mutex<FetchSession>>;

/// How a Fetch stands to sessions.
#[derive(Debug)]
pub(crate) enum SessionContext {
    /// It has none.
    Sessionless,
    /// It began one: everything is answered.
    Full(SharedSession),
    /// It goes on with one: only news is answered.
    Incremental(SharedSession),
}

#[derive(Debug)]
struct Slot {
    session: SharedSession,
    last_used: Monotonic,
}

/// All sessions of this broker.
#[derive(Debug)]
pub(crate) struct FetchSessions {
    slots: Mutex<HashMap<i32, Slot>>,
    slots_max: usize,
}

impl FetchSessions {
    /// An empty cache of at most `slots_max` sessions.
    pub(crate) fn new(slots_max: usize) -> FetchSessions {
        FetchSessions { slots: Mutex::new(HashMap::new()), slots_max }
    }

    /// Finds, makes or ends the session that `request` is about, and says what it asks for in all.
    ///
    /// # Errors
    /// FETCH_SESSION_ID_NOT_FOUND, INVALID_FETCH_SESSION_EPOCH or FETCH_SESSION_TOPIC_ID_ERROR: the
    /// client then begins a new session.
    pub(crate) fn open(
        &self,
        now: Monotonic,
        version: i16,
        random: impl FnMut() -> i32,
        request: FetchRequest,
    ) -> Result<(SessionContext, Vec<Asked>), ErrorCode> {
        let (id, epoch) = (request.session_id, request.session_epoch);
        if epoch == FINAL_EPOCH || epoch == INITIAL_EPOCH {
            if id != 0 {
                self.slots.lock().remove(&id);
            }
            let asked = asked(request);
            if epoch == FINAL_EPOCH || asked.is_empty() || version < 7 {
                return Ok((SessionContext::Sessionless, asked));
            }
            let context = match self.insert(now, version, random, &asked) {
                Some(session) => SessionContext::Full(session),
                None => SessionContext::Sessionless,
            };
            return Ok((context, asked));
        }
        let session = self.find(now, id)?;
        let all = session.lock().update(version, epoch, request)?;
        Ok((SessionContext::Incremental(session), all))
    }

    fn find(&self, now: Monotonic, id: i32) -> Result<SharedSession, ErrorCode> {
        let mut slots = self.slots.lock();
        let slot = slots.get_mut(&id).ok_or(ErrorCode::FetchSessionIdNotFound)?;
        slot.last_used = now;
        Ok(Arc::clone(&slot.session))
    }

    fn insert(
        &self,
        now: Monotonic,
        version: i16,
        mut random: impl FnMut() -> i32,
        asked: &[Asked],
    ) -> Option<SharedSession> {
        let mut slots = self.slots.lock();
        if slots.len() >= self.slots_max {
            let (oldest, last_used) = slots.iter().map(|(id, slot)| (*id, slot.last_used)).min_by_key(|slot| slot.1)?;
            if now.since(last_used) < IDLE_BEFORE_EVICTION {
                return None;
            }
            slots.remove(&oldest);
        }
        let id = loop {
            let id = random() & i32::MAX;
            if id != 0 && !slots.contains_key(&id) {
                break id;
            }
        };
        let mut session = FetchSession {
            id,
            next_epoch: 1,
            by_topic_id: version >= TOPIC_ID_VERSION,
            order: BTreeMap::new(),
            places: HashMap::new(),
            next_place: 0,
        };
        asked.iter().for_each(|asked| session.remember(detached(asked)));
        let session = Arc::new(Mutex::new(session));
        slots.insert(id, Slot { session: Arc::clone(&session), last_used: now });
        Some(session)
    }
}

impl FetchSession {
    /// Applies an incremental request; everything the session then asks for, in order.
    fn update(&mut self, version: i16, epoch: i32, mut request: FetchRequest) -> Result<Vec<Asked>, ErrorCode> {
        if epoch != self.next_epoch {
            return Err(ErrorCode::InvalidFetchSessionEpoch);
        }
        if self.by_topic_id != (version >= TOPIC_ID_VERSION) {
            return Err(ErrorCode::FetchSessionTopicIdError);
        }
        self.next_epoch = if epoch == i32::MAX { 1 } else { epoch + 1 };
        for topic in std::mem::take(&mut request.forgotten_topics_data) {
            for partition in topic.partitions {
                if let Some(place) = self.places.remove(&(topic.topic.clone(), topic.topic_id, partition)) {
                    self.order.remove(&place);
                }
            }
        }
        for asked in asked(request) {
            self.remember(detached(&asked));
        }
        Ok(self.order.values().map(|remembered| remembered.asked.clone()).collect())
    }

    fn remember(&mut self, asked: Asked) {
        let key = key(&asked);
        if let Some(remembered) = self.places.get(&key).and_then(|place| self.order.get_mut(place)) {
            remembered.asked = asked;
            return;
        }
        self.places.insert(key, self.next_place);
        self.order.insert(self.next_place, Remembered { asked, told: None });
        self.next_place += 1;
    }

    /// Notes what an answer says of a partition; whether an incremental answer has to say it.
    pub(crate) fn is_news(&mut self, asked: &Asked, data: &PartitionData) -> bool {
        let has_records = data.records.as_ref().is_some_and(|records| !records.is_empty());
        let Some(place) = self.places.get(&key(asked)).copied() else { return true };
        let Some(remembered) = self.order.get_mut(&place) else { return true };
        let told = Some((data.high_watermark, data.log_start_offset));
        let has_error = data.error_code != ErrorCode::None.code();
        let is_news = has_records || has_error || remembered.told != told;
        remembered.told = if has_error { None } else { told };
        if has_records && let Some(moved) = self.order.remove(&place) {
            self.order.insert(self.next_place, moved);
            self.places.insert(key(asked), self.next_place);
            self.next_place += 1;
        }
        is_news
    }
}

/// A copy that does not keep the request's buffer in memory.
fn detached(asked: &Asked) -> Asked {
    Asked { topic: asked.topic.detached(), ..asked.clone() }
}

fn key(asked: &Asked) -> Key {
    (asked.topic.clone(), asked.topic_id, asked.partition.partition)
}

fn asked(request: FetchRequest) -> Vec<Asked> {
    let topics = request.topics.into_iter();
    topics
        .flat_map(|topic| {
            let (name, topic_id) = (topic.topic, topic.topic_id);
            let partitions = topic.partitions.into_iter();
            partitions.map(move |partition| Asked { topic: name.clone(), topic_id, partition })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use stream_codec::Records;
    use stream_wire::fetch::{FetchTopic, ForgottenTopic};

    const NOW: Monotonic = Monotonic::from_millis(0);

    fn request(session_id: i32, session_epoch: i32, partitions: &[(i32, i64)]) -> FetchRequest {
        let partitions: Vec<FetchPartition> = partitions
            .iter()
            .map(|(partition, fetch_offset)| FetchPartition {
                partition: *partition,
                fetch_offset: *fetch_offset,
                ..Default::default()
            })
            .collect();
        let topics = if partitions.is_empty() {
            Vec::new()
        } else {
            vec![FetchTopic { topic: "t".into(), topic_id: Uuid::ZERO, partitions }]
        };
        FetchRequest { session_id, session_epoch, topics, ..Default::default() }
    }

    fn begin(sessions: &FetchSessions, now: Monotonic, id: i32) -> SessionContext {
        sessions.open(now, 12, || id, request(0, 0, &[(0, 5), (1, 7)])).unwrap().0
    }

    fn offsets(asked: &[Asked]) -> Vec<(i32, i64)> {
        asked.iter().map(|asked| (asked.partition.partition, asked.partition.fetch_offset)).collect()
    }

    fn data(high_watermark: i64, records: &'static [u8]) -> PartitionData {
        PartitionData {
            high_watermark,
            records: Some(Records::from(bytes::Bytes::from_static(records))),
            ..Default::default()
        }
    }

    #[test]
    fn an_incremental_fetch_names_only_what_changed() {
        let sessions = FetchSessions::new(10);
        assert!(matches!(begin(&sessions, NOW, 42), SessionContext::Full(_)));
        let mut next = request(42, 1, &[(1, 9), (2, 0)]);
        next.forgotten_topics_data =
            vec![ForgottenTopic { topic: "t".into(), topic_id: Uuid::ZERO, partitions: vec![0] }];
        let (context, all) = sessions.open(NOW, 12, || 0, next).unwrap();
        assert!(matches!(context, SessionContext::Incremental(_)));
        assert_eq!(offsets(&all), [(1, 9), (2, 0)]);
    }

    #[test]
    fn a_wrong_epoch_id_or_naming_is_refused() {
        let sessions = FetchSessions::new(10);
        begin(&sessions, NOW, 42);
        let open = |id, epoch, version| sessions.open(NOW, version, || 0, request(id, epoch, &[])).map(|_| ());
        assert_eq!(open(7, 1, 12), Err(ErrorCode::FetchSessionIdNotFound));
        assert_eq!(open(42, 2, 12), Err(ErrorCode::InvalidFetchSessionEpoch));
        assert_eq!(open(42, 1, 13), Err(ErrorCode::FetchSessionTopicIdError));
        assert_eq!(open(42, 1, 12), Ok(()));
        assert_eq!(open(42, -1, 12), Ok(()));
        assert_eq!(open(42, 2, 12), Err(ErrorCode::FetchSessionIdNotFound));
    }

    #[test]
    fn only_news_is_answered_and_busy_partitions_go_to_the_end() {
        let sessions = FetchSessions::new(10);
        let SessionContext::Full(session) = begin(&sessions, NOW, 42) else { panic!("there is room") };
        let all = session.lock().update(12, 1, request(42, 1, &[])).unwrap();
        assert_eq!(offsets(&all), [(0, 5), (1, 7)]);
        let mut locked = session.lock();
        assert!(locked.is_news(&all[0], &data(5, b"records")));
        assert!(locked.is_news(&all[1], &data(7, b"")), "the first answer tells the high watermark");
        assert!(!locked.is_news(&all[1], &data(7, b"")));
        assert!(locked.is_news(&all[1], &data(8, b"")), "a new high watermark is news");
        let all = locked.update(12, 2, request(42, 2, &[])).unwrap();
        assert_eq!(offsets(&all), [(1, 7), (0, 5)]);
    }

    #[test]
    fn a_full_cache_makes_room_by_idle_sessions_only() {
        let sessions = FetchSessions::new(1);
        assert!(matches!(begin(&sessions, NOW, 1), SessionContext::Full(_)));
        assert!(matches!(begin(&sessions, NOW, 2), SessionContext::Sessionless));
        let later = NOW.plus(IDLE_BEFORE_EVICTION);
        assert!(matches!(begin(&sessions, later, 2), SessionContext::Full(_)));
        assert_eq!(
            sessions.open(later, 12, || 0, request(1, 1, &[])).map(|_| ()),
            Err(ErrorCode::FetchSessionIdNotFound)
        );
    }
}

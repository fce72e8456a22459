//! The client: connections by address, brokers by id, and what is known of topics.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use stream_types::ErrorCode;
use stream_wire::{ApiKey, Request};

use crate::config::ClientConfig;
use crate::connection::Connection;
use crate::error::ClientError;
use crate::metadata::{Broker, Topic};
use crate::retry::Retry;

/// Longest that one address is dialled while there may be others (each attempt).
const DIAL_MAX: Duration = Duration::from_secs(5);

/// Whom a request is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Target {
    /// Whoever answers; brokers forward to the controller what it decides.
    Any,
    /// The broker with this id.
    Node(i32),
}

/// A client of one cluster; clones share its connections.
#[derive(Clone, Debug)]
pub struct Client {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    config: ClientConfig,
    known: Mutex<Known>,
    /// One dial at a time: who comes second finds the connection of the first.
    dialling: tokio::sync::Mutex<()>,
}

#[derive(Debug, Default)]
struct Known {
    connections: HashMap<String, Arc<Connection>>,
    brokers: Vec<Broker>,
    cluster_id: Option<String>,
    topics: HashMap<String, Topic>,
    /// The address that answered last without being asked for by id.
    last_any: Option<String>,
}

impl Client {
    /// A client that connects when it is first used.
    pub fn new(config: ClientConfig) -> Client {
        let known = Mutex::new(Known::default());
        Client { inner: Arc::new(Inner { config, known, dialling: tokio::sync::Mutex::new(()) }) }
    }

    /// A client of the same cluster with connections of its own: a broker answers the requests of one connection in
    /// their order, so that a Fetch that waits for records would hold up everything behind it.
    pub(crate) fn with_own_connections(&self) -> Client {
        let client = Client::new(self.config().clone());
        client.remember(self.brokers(), self.cluster_id(), &[]);
        client
    }

    /// Its configuration.
    pub fn config(&self) -> &ClientConfig {
        &self.inner.config
    }

    /// Sends a request in the highest version that both sides know and waits for the answer. Lost connections and
    /// brokers that do not listen yet are tried again until the operation's time is up.
    ///
    /// # Errors
    /// Everything but Kafka's errors inside of answers, which are the caller's.
    pub async fn call<R: Request>(&self, target: Target, request: &R) -> Result<R::Response, ClientError> {
        self.call_versioned(target, i16::MAX, |_| request.clone()).await
    }

    /// As [`Client::call`], with a request that depends on its version, which is at most `max`.
    ///
    /// # Errors
    /// As [`Client::call`].
    pub async fn call_versioned<R: Request>(
        &self,
        target: Target,
        max: i16,
        request: impl Fn(i16) -> R,
    ) -> Result<R::Response, ClientError> {
        let mut retry = self.retry();
        loop {
            match self.attempt(target, max, &request, &retry).await {
                Ok(response) => return Ok(response),
                Err(error) => retry.after(error).await?,
            }
        }
    }

    async fn attempt<R: Request>(
        &self,
        target: Target,
        max: i16,
        request: &impl Fn(i16) -> R,
        retry: &Retry,
    ) -> Result<R::Response, ClientError> {
        let connection = self.connection(target, retry.left()).await?;
        let version = connection.version(R::KEY, max)?;
        connection.call(&request(version), version, self.config().request_timeout).await
    }

    /// Whether a broker offers an API.
    ///
    /// # Errors
    /// When no broker can be reached in time.
    pub async fn offers(&self, key: ApiKey) -> Result<bool, ClientError> {
        let mut retry = self.retry();
        loop {
            match self.connection(Target::Any, retry.left()).await {
                Ok(connection) => return Ok(connection.offers(key).is_some()),
                Err(error) => retry.after(error).await?,
            }
        }
    }

    /// The brokers that are known, by id.
    pub fn brokers(&self) -> Vec<Broker> {
        self.inner.known.lock().brokers.clone()
    }

    /// The cluster's id, once a broker has told it.
    pub fn cluster_id(&self) -> Option<String> {
        self.inner.known.lock().cluster_id.clone()
    }

    pub(crate) fn retry(&self) -> Retry {
        Retry::within(self.config().timeout)
    }

    pub(crate) fn cached_topic(&self, name: &str) -> Option<Topic> {
        self.inner.known.lock().topics.get(name).cloned()
    }

    /// Forgets what is known of a topic, so that it is asked for again.
    pub(crate) fn forget_topic(&self, name: &str) {
        self.inner.known.lock().topics.remove(name);
    }

    pub(crate) fn remember(&self, mut brokers: Vec<Broker>, cluster_id: Option<String>, topics: &[Topic]) {
        brokers.sort_by_key(|broker| broker.id);
        let mut known = self.inner.known.lock();
        if !brokers.is_empty() {
            known.brokers = brokers;
        }
        known.cluster_id = cluster_id.or_else(|| known.cluster_id.take());
        for topic in topics {
            if topic.error_code == 0 {
                known.topics.insert(topic.name.clone(), topic.clone());
            } else {
                known.topics.remove(&topic.name);
            }
        }
    }

    /// An open connection to the target.
    pub(crate) async fn connection(&self, target: Target, wait: Duration) -> Result<Arc<Connection>, ClientError> {
        match target {
            Target::Any => self.any_connection(wait).await,
            Target::Node(id) => {
                let address = self.address_of(id).await?;
                self.connection_to(&address, wait).await
            }
        }
    }

    async fn address_of(&self, id: i32) -> Result<String, ClientError> {
        let find = || self.brokers().into_iter().find(|broker| broker.id == id).map(|broker| broker.address());
        if let Some(address) = find() {
            return Ok(address);
        }
        Box::pin(self.refresh_brokers()).await?;
        find().ok_or_else(|| ClientError::refused(format!("broker {id}"), ErrorCode::LeaderNotAvailable))
    }

    async fn any_connection(&self, wait: Duration) -> Result<Arc<Connection>, ClientError> {
        let mut addresses: Vec<String> = {
            let known = self.inner.known.lock();
            let advertised = known.brokers.iter().map(Broker::address);
            known.last_any.iter().cloned().chain(self.config().bootstrap.iter().cloned()).chain(advertised).collect()
        };
        let mut tried = Vec::new();
        addresses.retain(|address| {
            let is_new = !tried.contains(address);
            tried.push(address.clone());
            is_new
        });
        let mut first_error = None;
        for address in addresses {
            match self.connection_to(&address, wait.min(DIAL_MAX)).await {
                Ok(connection) => {
                    self.inner.known.lock().last_any = Some(address);
                    return Ok(connection);
                }
                Err(error) => {
                    first_error.get_or_insert(error);
                }
            }
        }
        Err(first_error.unwrap_or(ClientError::InvalidAddress { address: String::new() }))
    }

    async fn connection_to(&self, address: &str, wait: Duration) -> Result<Arc<Connection>, ClientError> {
        if let Some(open) = self.open_connection(address) {
            return Ok(open);
        }
        let _one_at_a_time = self.inner.dialling.lock().await;
        if let Some(open) = self.open_connection(address) {
            return Ok(open);
        }
        let wait = wait.max(Duration::from_millis(1));
        let config = self.config();
        let connection = Arc::new(Connection::open(address, &config.client_id, &config.security, wait).await?);
        self.inner.known.lock().connections.insert(address.to_owned(), Arc::clone(&connection));
        Ok(connection)
    }

    fn open_connection(&self, address: &str) -> Option<Arc<Connection>> {
        let known = self.inner.known.lock();
        known.connections.get(address).filter(|connection| connection.is_usable()).cloned()
    }
}

//! Delegation tokens (KIP-48, KIP-373): made, renewed, expired and removed.
//!
//! - A token is valid until it expires; who owns, requested or may renew it moves that, never beyond its last moment.
//! - The token's secret is no business of the metadata: it follows from its id and a key that only brokers have.
//! - Who may ask is decided before, except for what depends on the token itself.

use stream_types::{ErrorCode, Now, Uuid};

use super::{ApiError, Controller, Decision, RandomSource};
use crate::record::MetadataRecord;
use stream_codec::stored::metadata::{DelegationTokenRecord, RemoveDelegationTokenRecord};

/// A token to make. Principals are written as `User:name`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CreateDelegationToken {
    /// Whom it speaks for.
    pub owner: String,
    /// Who asked for it.
    pub requester: String,
    /// Who else may renew it.
    pub renewers: Vec<String>,
    /// How long it may live at most; not positive for as long as the broker allows.
    pub lifetime_max_ms: i64,
}

/// A token to keep valid.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RenewDelegationToken {
    /// Which.
    pub token_id: String,
    /// Who asks.
    pub principal: String,
    /// For how long; not positive for as long as the broker allows.
    pub period_ms: i64,
}

/// A token to end, now or in a while.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ExpireDelegationToken {
    /// Which.
    pub token_id: String,
    /// Who asks.
    pub principal: String,
    /// When; negative for now.
    pub period_ms: i64,
}

/// A token as it is now.
pub type DelegationTokenReply = Result<DelegationTokenRecord, ApiError>;

impl Controller {
    /// Makes a token.
    pub fn create_delegation_token(
        &self,
        now: Now,
        random: &mut dyn RandomSource,
        command: &CreateDelegationToken,
    ) -> Decision<DelegationTokenReply> {
        let now = now.wall.0;
        let allowed = self.millis("delegation.token.max.lifetime.ms");
        let lifetime = if command.lifetime_max_ms > 0 { command.lifetime_max_ms.min(allowed) } else { allowed };
        let max_timestamp = now.saturating_add(lifetime);
        let record = DelegationTokenRecord {
            owner: command.owner.as_str().into(),
            requester: command.requester.as_str().into(),
            renewers: command.renewers.iter().map(|renewer| renewer.as_str().into()).collect(),
            issue_timestamp: now,
            max_timestamp,
            expiration_timestamp: now.saturating_add(self.millis("delegation.token.expiry.time.ms")).min(max_timestamp),
            token_id: self.new_token_id(random).into(),
        };
        Decision { records: vec![record.clone().into()], reply: Ok(record) }
    }

    /// Keeps a token valid.
    pub fn renew_delegation_token(&self, now: Now, command: &RenewDelegationToken) -> Decision<DelegationTokenReply> {
        let now = now.wall.0;
        let record = match self.token_of(&command.token_id, &command.principal) {
            Ok(record) if is_over(&record, now) => Err(expired()),
            other => other,
        };
        let allowed = self.millis("delegation.token.expiry.time.ms");
        let period = if command.period_ms > 0 { command.period_ms.min(allowed) } else { allowed };
        changed(record, now.saturating_add(period))
    }

    /// Ends a token, now or in a while.
    pub fn expire_delegation_token(&self, now: Now, command: &ExpireDelegationToken) -> Decision<DelegationTokenReply> {
        let now = now.wall.0;
        match self.token_of(&command.token_id, &command.principal) {
            Ok(mut record) if command.period_ms < 0 => {
                record.expiration_timestamp = now;
                Decision { records: vec![removed(&command.token_id)], reply: Ok(record) }
            }
            Ok(record) if is_over(&record, now) => Decision::nothing(Err(expired())),
            other => changed(other, now.saturating_add(command.period_ms)),
        }
    }

    /// Removes the tokens that are over; gives their ids.
    pub fn remove_expired_tokens(&self, now: Now) -> Decision<Vec<String>> {
        let tokens = self.image.security().tokens.values();
        let over = tokens.filter(|record| is_over(record, now.wall.0)).map(|record| record.token_id.to_string());
        let ids: Vec<String> = over.collect();
        Decision { records: ids.iter().map(|id| removed(id)).collect(), reply: ids }
    }

    fn token_of(&self, id: &str, principal: &str) -> Result<DelegationTokenRecord, ApiError> {
        let Some(record) = self.image.security().tokens.get(id) else {
            return Err(ApiError::new(ErrorCode::DelegationTokenNotFound, "there is no such delegation token"));
        };
        let may = *record.owner == *principal
            || *record.requester == *principal
            || record.renewers.iter().any(|renewer| **renewer == *principal);
        if may {
            Ok(record.clone())
        } else {
            let message = format!("{principal} neither owns nor may renew the delegation token");
            Err(ApiError::new(ErrorCode::DelegationTokenOwnerMismatch, message))
        }
    }

    fn new_token_id(&self, random: &mut dyn RandomSource) -> String {
        loop {
            let mut bytes = [0; 16];
            random.fill(&mut bytes);
            let id = Uuid::from_random(bytes).to_string();
            // A leading dash would be taken for a flag by tools; Kafka leaves such ids out, too.
            if !id.starts_with('-') && !self.image.security().tokens.contains_key(&id) {
                return id;
            }
        }
    }

    fn millis(&self, key: &str) -> i64 {
        self.config.effective_number(&self.image, key).unwrap_or(0)
    }
}

fn changed(record: Result<DelegationTokenRecord, ApiError>, expires: i64) -> Decision<DelegationTokenReply> {
    match record {
        Ok(mut record) => {
            record.expiration_timestamp = expires.min(record.max_timestamp);
            Decision { records: vec![record.clone().into()], reply: Ok(record) }
        }
        Err(error) => Decision::nothing(Err(error)),
    }
}

fn is_over(record: &DelegationTokenRecord, now: i64) -> bool {
    record.max_timestamp < now || record.expiration_timestamp < now
}

fn expired() -> ApiError {
    ApiError::new(ErrorCode::DelegationTokenExpired, "the delegation token has expired")
}

fn removed(id: &str) -> MetadataRecord {
    RemoveDelegationTokenRecord { token_id: id.into() }.into()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::sync::Arc;

    use stream_types::{NodeId, WallMillis};

    use super::*;
    use crate::config_def::StaticConfig;
    use crate::image::MetadataImage;

    const DAY: i64 = 86_400_000;

    struct Tokens(MetadataImage);

    impl Tokens {
        fn controller(&self) -> Controller {
            let config = StaticConfig::new(NodeId(1), BTreeMap::new());
            Controller::new(Arc::new(self.0.clone()), Arc::new(config))
        }

        fn keep<R>(&mut self, decision: Decision<R>) -> R {
            self.0.replay_all(&decision.records).unwrap();
            decision.reply
        }

        fn create(&mut self, now: i64, lifetime_max_ms: i64) -> DelegationTokenRecord {
            let command = CreateDelegationToken {
                owner: "User:owner".into(),
                requester: "User:requester".into(),
                renewers: vec!["User:renewer".into()],
                lifetime_max_ms,
            };
            let mut next = 0;
            let mut random = |bytes: &mut [u8]| {
                next += 1;
                bytes.fill(next);
            };
            let decision = self.controller().create_delegation_token(at(now), &mut random, &command);
            self.keep(decision).unwrap()
        }

        fn renew(&mut self, now: i64, id: &str, principal: &str, period_ms: i64) -> Result<i64, ErrorCode> {
            let command = RenewDelegationToken { token_id: id.into(), principal: principal.into(), period_ms };
            let decision = self.controller().renew_delegation_token(at(now), &command);
            self.keep(decision).map(|record| record.expiration_timestamp).map_err(|error| error.code)
        }

        fn expire(&mut self, now: i64, id: &str, principal: &str, period_ms: i64) -> Result<i64, ErrorCode> {
            let command = ExpireDelegationToken { token_id: id.into(), principal: principal.into(), period_ms };
            let decision = self.controller().expire_delegation_token(at(now), &command);
            self.keep(decision).map(|record| record.expiration_timestamp).map_err(|error| error.code)
        }
    }

    fn at(millis: i64) -> Now {
        Now { wall: WallMillis(millis), ..Now::default() }
    }

    #[test]
    fn a_token_lives_as_long_as_it_is_renewed_and_no_longer_than_it_may() {
        let mut tokens = Tokens(MetadataImage::empty("c"));
        let token = tokens.create(0, -1);
        let id = token.token_id.to_string();
        assert_eq!((token.issue_timestamp, token.expiration_timestamp, token.max_timestamp), (0, DAY, 7 * DAY));
        assert_eq!(tokens.renew(DAY / 2, &id, "User:renewer", -1), Ok(DAY / 2 + DAY));
        assert_eq!(tokens.renew(DAY / 2, &id, "User:owner", 5), Ok(DAY / 2 + 5));
        assert_eq!(tokens.renew(DAY / 2, &id, "User:requester", 9 * DAY), Ok(DAY / 2 + DAY));
        assert_eq!(tokens.renew(DAY, &id, "User:other", -1), Err(ErrorCode::DelegationTokenOwnerMismatch));
        assert_eq!(tokens.renew(DAY, "other", "User:owner", -1), Err(ErrorCode::DelegationTokenNotFound));
        assert_eq!(tokens.renew(2 * DAY, &id, "User:owner", -1), Err(ErrorCode::DelegationTokenExpired));
        assert_eq!(tokens.create(0, 10).max_timestamp, 10);
    }

    #[test]
    fn a_token_ends_when_somebody_says_so_or_when_it_is_over() {
        let mut tokens = Tokens(MetadataImage::empty("c"));
        let first = tokens.create(0, -1).token_id.to_string();
        assert_eq!(tokens.expire(0, &first, "User:owner", 5), Ok(5));
        assert_eq!(tokens.expire(0, &first, "User:other", -1), Err(ErrorCode::DelegationTokenOwnerMismatch));
        let decision = tokens.controller().remove_expired_tokens(at(5));
        assert!(tokens.keep(decision).is_empty(), "it counts in its last moment");
        assert_eq!(tokens.expire(6, &first, "User:owner", 5), Err(ErrorCode::DelegationTokenExpired));
        let decision = tokens.controller().remove_expired_tokens(at(6));
        assert_eq!(tokens.keep(decision), [first]);
        let second = tokens.create(7, -1).token_id.to_string();
        assert_eq!(tokens.expire(8, &second, "User:renewer", -1), Ok(8));
        assert!(tokens.0.security().tokens.is_empty());
    }
}

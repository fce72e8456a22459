//! What a command of the controller has changed, in words: one text for each thing.

use stream_codec::stored::metadata::DelegationTokenRecord;
use stream_metadata::acl::AclBinding;
use stream_metadata::config_def;
use stream_metadata::controller::{
    AlterConfigsReply, AlterUserScramCredentials, AlterUserScramCredentialsReply, ApiError, ConfigChange,
    ConfigOperation, CreateTopics, CreateTopicsReply, ElectionType, QuotaChange,
};
use stream_metadata::image::QuotaEntity;
use stream_metadata::{Command, ConfigResource, ConfigResourceType, Reply};
use stream_security::acl::{Operation, PatternType, Permission, ResourceType};
use stream_security::sasl::scram::ScramMechanism;

/// What stands for a value that nobody may read.
const HIDDEN: &str = "(hidden)";

/// Kafka's name of the request, and what it changed; nothing where it was refused or only validated.
pub(super) fn of(command: &Command, reply: &Reply) -> (&'static str, Vec<String>) {
    match (command, reply) {
        (Command::CreateTopics(asked), Reply::CreateTopics(reply)) if !asked.validate_only => {
            ("CreateTopics", created(asked, reply))
        }
        (Command::DeleteTopics(_), Reply::DeleteTopics(reply)) => {
            let deleted = reply.topics.iter().filter(|topic| topic.error.is_none());
            let text = |name: &Option<String>| format!("topic {}", name.as_deref().unwrap_or_default());
            ("DeleteTopics", deleted.map(|topic| text(&topic.name)).collect())
        }
        (Command::CreatePartitions(asked), Reply::CreatePartitions(reply)) if !asked.validate_only => {
            let count =
                |name: &str| asked.topics.iter().find(|topic| topic.name == name).map_or(0, |topic| topic.count);
            let grown = granted(&reply.topics).map(|name| format!("topic {name} partitions={}", count(name)));
            ("CreatePartitions", grown.collect())
        }
        (Command::AlterConfigs(asked), Reply::AlterConfigs(reply)) if !asked.validate_only => (
            "AlterConfigs",
            altered(&asked.resources, reply, |text, (key, value)| push_config(text, key, "=", value.as_deref())),
        ),
        (Command::IncrementalAlterConfigs(asked), Reply::IncrementalAlterConfigs(reply)) if !asked.validate_only => {
            ("IncrementalAlterConfigs", altered(&asked.resources, reply, push_change))
        }
        (Command::AlterUserScramCredentials(asked), Reply::AlterUserScramCredentials(reply)) => {
            ("AlterUserScramCredentials", scram_users(asked, reply))
        }
        (Command::ElectLeaders(asked), Reply::ElectLeaders(reply)) => {
            let election = match asked.election {
                ElectionType::Preferred => "preferred",
                ElectionType::Unclean => "unclean",
            };
            let elected = reply.partitions.iter().filter(|election| election.error.is_none());
            let text = elected.map(|elected| format!("partition {} election={election}", elected.partition));
            ("ElectLeaders", text.collect())
        }
        (Command::CreateAcls(asked), Reply::CreateAcls(reply)) => {
            let kept = asked.acls.iter().zip(&reply.results).filter(|(_, result)| result.is_ok());
            ("CreateAcls", kept.map(|(acl, _)| acl_text(&acl.binding())).collect())
        }
        (Command::DeleteAcls(_), Reply::DeleteAcls(reply)) => {
            let gone = reply.results.iter().flatten().flatten();
            ("DeleteAcls", gone.map(|acl| acl_text(&AclBinding::from(acl))).collect())
        }
        (_, Reply::CreateDelegationToken(Ok(token))) => ("CreateDelegationToken", vec![new_token(token)]),
        (_, Reply::RenewDelegationToken(Ok(token))) => ("RenewDelegationToken", vec![token_end(token)]),
        (_, Reply::ExpireDelegationToken(Ok(token))) => ("ExpireDelegationToken", vec![token_end(token)]),
        (Command::AlterClientQuotas(asked), Reply::AlterClientQuotas(reply)) if !asked.validate_only => {
            let pairs = asked.entries.iter().zip(&reply.entries).filter(|(_, (_, outcome))| outcome.is_ok());
            ("AlterClientQuotas", pairs.map(|((entity, changes), _)| quotas(entity, changes)).collect())
        }
        (Command::UnregisterBroker(asked), Reply::UnregisterBroker(Ok(_))) => {
            ("UnregisterBroker", vec![format!("broker {}", asked.broker_id)])
        }
        _ => ("", Vec::new()),
    }
}

fn created(asked: &CreateTopics, reply: &CreateTopicsReply) -> Vec<String> {
    let mut texts = Vec::new();
    for (name, outcome) in &reply.topics {
        let Ok(created) = outcome else { continue };
        let (partitions, replicas) = (created.partition_count, created.replication_factor);
        let mut text = format!("topic {name} partitions={partitions} replicas={replicas}");
        let configs = asked.topics.iter().filter(|topic| topic.name == *name).flat_map(|topic| &topic.configs);
        for (key, value) in configs {
            push_config(&mut text, key, "=", value.as_deref());
        }
        texts.push(text);
    }
    texts
}

fn new_token(token: &DelegationTokenRecord) -> String {
    let DelegationTokenRecord { token_id, owner, requester, .. } = token;
    format!("token {token_id} owner={owner} requester={requester}")
}

fn token_end(token: &DelegationTokenRecord) -> String {
    let DelegationTokenRecord { token_id, expiration_timestamp, .. } = token;
    format!("token {token_id} until={expiration_timestamp}")
}

fn acl_text(acl: &AclBinding<'_>) -> String {
    let permission = Permission::from_code(acl.permission_type).map_or("?", Permission::name);
    let operation = Operation::from_code(acl.operation).map_or("?", Operation::name);
    let resource = ResourceType::from_code(acl.resource_type).map_or("?", ResourceType::name);
    let pattern = PatternType::from_code(acl.pattern_type).map_or("?", PatternType::name);
    let AclBinding { resource_name, principal, host, .. } = acl;
    format!("acl {permission} {operation} on {resource} {pattern} {resource_name} for {principal} from {host}")
}

fn scram_users(asked: &AlterUserScramCredentials, reply: &AlterUserScramCredentialsReply) -> Vec<String> {
    let is_done = |user: &str| reply.users.iter().any(|(done, outcome)| done == user && outcome.is_ok());
    let name = |mechanism| ScramMechanism::from_code(mechanism).map_or("unknown", ScramMechanism::name);
    let gone = asked.deletions.iter().filter(|(user, _)| is_done(user));
    let gone = gone.map(|(user, mechanism)| format!("user {user} {} removed", name(*mechanism)));
    let set = asked.upsertions.iter().filter(|set| is_done(&set.user));
    let set = set.map(|set| format!("user {} {} iterations={}", set.user, name(set.mechanism), set.iterations));
    gone.chain(set).collect()
}

fn granted(outcomes: &[(String, Result<(), ApiError>)]) -> impl Iterator<Item = &str> {
    outcomes.iter().filter(|(_, outcome)| outcome.is_ok()).map(|(name, _)| name.as_str())
}

fn altered<T>(
    asked: &[(ConfigResource, Vec<T>)],
    reply: &AlterConfigsReply,
    push: impl Fn(&mut String, &T),
) -> Vec<String> {
    let mut texts = Vec::new();
    for (resource, _) in reply.resources.iter().filter(|(_, outcome)| outcome.is_ok()) {
        let mut text = format!("{} {}", kind_name(resource.kind), resource.name);
        let changes = asked.iter().filter(|(asked, _)| asked == resource).flat_map(|(_, changes)| changes);
        changes.for_each(|change| push(&mut text, change));
        texts.push(text);
    }
    texts
}

fn quotas(entity: &QuotaEntity, changes: &[QuotaChange]) -> String {
    let mut text = "quota".to_owned();
    for (kind, name) in entity {
        text.extend([" ", kind, "=", name.as_deref().unwrap_or("(default)")]);
    }
    for QuotaChange { key, value } in changes {
        let value = value.map_or_else(|| "(none)".to_owned(), |value| value.to_string());
        text.extend([" ", key, "=", &value]);
    }
    text
}

fn push_change(text: &mut String, change: &ConfigChange) {
    match change.operation {
        ConfigOperation::Set => push_config(text, &change.name, "=", change.value.as_deref()),
        ConfigOperation::Append => push_config(text, &change.name, "+=", change.value.as_deref()),
        ConfigOperation::Subtract => push_config(text, &change.name, "-=", change.value.as_deref()),
        ConfigOperation::Delete => push_config(text, &change.name, "=", None),
    }
}

fn push_config(text: &mut String, key: &str, operation: &str, value: Option<&str>) {
    let value = match value {
        Some(_) if is_secret(key) => HIDDEN,
        Some(value) => value,
        None => "(default)",
    };
    text.extend([" ", key, operation, value]);
}

/// Keys of listeners are prefixed; the value of a key that nobody knows may be anything.
fn is_secret(key: &str) -> bool {
    let known = config_def::topic_key(key).or_else(|| config_def::broker_key(key));
    match known.or_else(|| config_def::group_key(key)).or_else(|| config_def::client_metrics_key(key)) {
        Some(row) => row.is_sensitive(),
        None => true,
    }
}

fn kind_name(kind: ConfigResourceType) -> &'static str {
    match kind {
        ConfigResourceType::Topic => "topic",
        ConfigResourceType::Broker => "broker",
        ConfigResourceType::BrokerLogger => "broker-logger",
        ConfigResourceType::ClientMetrics => "client-metrics",
        ConfigResourceType::Group => "group",
    }
}

#[cfg(test)]
mod tests {
    use stream_metadata::controller::{
        CreatePartitions, CreatePartitionsReply, IncrementalAlterConfigs, NewPartitions,
    };
    use stream_types::ErrorCode;

    use super::*;

    #[test]
    fn values_are_named_and_secrets_are_not() {
        let resource = ConfigResource { kind: ConfigResourceType::Broker, name: "1".into() };
        let set = |name: &str, value: &str| ConfigChange {
            name: name.into(),
            operation: ConfigOperation::Set,
            value: Some(value.into()),
        };
        let changes =
            vec![set("log.retention.ms", "5"), set("ssl.key.password", "geheim"), set("nobody.knows", "geheim")];
        let asked = IncrementalAlterConfigs { resources: vec![(resource.clone(), changes)], validate_only: false };
        let reply = AlterConfigsReply { resources: vec![(resource, Ok(()))] };
        let (action, texts) = of(&Command::IncrementalAlterConfigs(asked), &Reply::IncrementalAlterConfigs(reply));
        assert_eq!(action, "IncrementalAlterConfigs");
        assert_eq!(texts, ["broker 1 log.retention.ms=5 ssl.key.password=(hidden) nobody.knows=(hidden)"]);
    }

    #[test]
    fn what_was_refused_or_validated_changed_nothing() {
        let topic = |name: &str| NewPartitions { name: name.into(), count: 3, assignments: None };
        let mut asked = CreatePartitions { topics: vec![topic("a"), topic("b")], validate_only: false };
        let refused = Err(ApiError::new(ErrorCode::InvalidPartitions, "no"));
        let reply = CreatePartitionsReply { topics: vec![("a".into(), Ok(())), ("b".into(), refused)] };
        let reply = Reply::CreatePartitions(reply);
        assert_eq!(of(&Command::CreatePartitions(asked.clone()), &reply).1, ["topic a partitions=3"]);
        asked.validate_only = true;
        assert!(of(&Command::CreatePartitions(asked), &reply).1.is_empty());
    }
}

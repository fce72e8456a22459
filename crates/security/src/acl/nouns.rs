//! Kafka's words for resources, operations and permissions, with the numbers of the protocol.

macro_rules! nouns {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $code:literal $text:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        pub enum $name {
            $($(#[$variant_doc])* $variant = $code,)*
        }

        impl $name {
            /// Every one, in the order of the numbers.
            pub const ALL: &'static [$name] = &[$($name::$variant,)*];

            /// The number in requests and records.
            pub fn code(self) -> i8 {
                self as i8
            }

            /// The one with this number.
            pub fn from_code(code: i8) -> Option<Self> {
                Self::ALL.iter().copied().find(|noun| noun.code() == code)
            }

            /// Kafka's name in capitals, as ACL tools print it.
            pub fn name(self) -> &'static str {
                match self {
                    $($name::$variant => $text,)*
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.name())
            }
        }
    };
}

nouns! {
    /// What an ACL is about. ANY (1) stands in filters only.
    ResourceType {
        /// A topic.
        Topic = 2 "TOPIC",
        /// A group of any kind.
        Group = 3 "GROUP",
        /// The cluster, whose only name is [`ResourceType::CLUSTER_NAME`].
        Cluster = 4 "CLUSTER",
        /// A transactional id.
        TransactionalId = 5 "TRANSACTIONAL_ID",
        /// A delegation token.
        DelegationToken = 6 "DELEGATION_TOKEN",
        /// A user, as owner of delegation tokens.
        User = 7 "USER",
    }
}

impl ResourceType {
    /// The name of the one resource of type Cluster.
    pub const CLUSTER_NAME: &'static str = "kafka-cluster";

    /// The operations that a resource of this type knows.
    pub fn operations(self) -> &'static [Operation] {
        use Operation::*;
        match self {
            ResourceType::Topic => &[Read, Write, Create, Delete, Alter, Describe, DescribeConfigs, AlterConfigs],
            ResourceType::Group => &[Read, Delete, Describe, DescribeConfigs, AlterConfigs],
            ResourceType::Cluster => {
                &[Create, Alter, Describe, ClusterAction, DescribeConfigs, AlterConfigs, IdempotentWrite]
            }
            ResourceType::TransactionalId => &[Describe, Write, TwoPhaseCommit],
            ResourceType::DelegationToken => &[Describe],
            ResourceType::User => &[CreateTokens, DescribeTokens],
        }
    }
}

nouns! {
    /// How an ACL names its resources. ANY (1) and MATCH (2) stand in filters only.
    PatternType {
        /// By their whole name; `*` is every name.
        Literal = 3 "LITERAL",
        /// By the beginning of their names.
        Prefixed = 4 "PREFIXED",
    }
}

nouns! {
    /// What is done to a resource. ANY (1) stands in filters only.
    Operation {
        /// Every operation.
        All = 2 "ALL",
        /// Reading records; being in a group.
        Read = 3 "READ",
        /// Writing records.
        Write = 4 "WRITE",
        /// Creating.
        Create = 5 "CREATE",
        /// Deleting.
        Delete = 6 "DELETE",
        /// Changing the resource itself.
        Alter = 7 "ALTER",
        /// Seeing that it is there, and what it is.
        Describe = 8 "DESCRIBE",
        /// What brokers do among themselves.
        ClusterAction = 9 "CLUSTER_ACTION",
        /// Seeing configurations.
        DescribeConfigs = 10 "DESCRIBE_CONFIGS",
        /// Changing configurations.
        AlterConfigs = 11 "ALTER_CONFIGS",
        /// Idempotent producing, on the cluster (before KIP-679).
        IdempotentWrite = 12 "IDEMPOTENT_WRITE",
        /// Creating delegation tokens for a user.
        CreateTokens = 13 "CREATE_TOKENS",
        /// Describing delegation tokens of a user.
        DescribeTokens = 14 "DESCRIBE_TOKENS",
        /// Ending transactions of others (KIP-939).
        TwoPhaseCommit = 15 "TWO_PHASE_COMMIT",
    }
}

nouns! {
    /// What an ACL says of an operation. ANY (1) stands in filters only.
    Permission {
        /// It is forbidden, whatever else allows it.
        Deny = 2 "DENY",
        /// It is allowed, unless something denies it.
        Allow = 3 "ALLOW",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_those_of_the_protocol() {
        assert_eq!(ResourceType::from_code(2), Some(ResourceType::Topic));
        assert_eq!(ResourceType::from_code(1), None);
        assert_eq!(Operation::from_code(12), Some(Operation::IdempotentWrite));
        assert_eq!(Permission::Allow.code(), 3);
        assert_eq!(PatternType::Prefixed.to_string(), "PREFIXED");
    }
}

//! Broker keys of the node, the controller quorum and replication.

use super::super::key::{Check, ConfigKey, ConfigType, boolean, int, list, long, same, unset};

const FOREVER: &str = "9223372036854775807";

pub(super) static KEYS: &[ConfigKey] = &[
    boolean("auto.leader.rebalance.enable", "true")
        .high()
        .doc("Whether leadership goes back to preferred replicas by itself."),
    int("broker.heartbeat.interval.ms", "2000").doc("How often a broker tells the controller that it is alive."),
    int("broker.id", "-1")
        .synonyms(&[same("broker.id"), same("node.id")])
        .high()
        .honoured()
        .doc("The old name of `node.id`."),
    unset("broker.rack", ConfigType::String)
        .honoured()
        .doc("Where the broker stands; the replicas of a partition are spread over racks."),
    int("broker.session.timeout.ms", "9000").doc("After how long without a heartbeat a broker is fenced."),
    boolean("controlled.shutdown.enable", "true").doc("Whether a broker hands over its partitions before it stops."),
    unset("controller.listener.names", ConfigType::List)
        .check(Check::NonEmpty)
        .high()
        .honoured()
        .doc("Which listeners belong to the controller.")
        .note("`CONTROLLER` by default, or the name of the listener on this voter's port; Kafka has no default."),
    long("controller.performance.always.log.threshold.ms", "2000")
        .from(0)
        .internal()
        .doc("How slow an event of the controller must be to be logged every time."),
    long("controller.performance.sample.period.ms", "60000")
        .from(100)
        .internal()
        .doc("How often the controller logs how long its events take."),
    int("controller.quorum.append.linger.ms", "25")
        .from(0)
        .doc("How long the leader of the quorum gathers records before it writes them."),
    boolean("controller.quorum.auto.join.enable", "false")
        .low()
        .doc("Whether a controller joins the quorum's voters by itself."),
    list("controller.quorum.bootstrap.servers", "")
        .check(Check::Endpoints)
        .high()
        .doc("Addresses at which the metadata quorum is found."),
    int("controller.quorum.election.backoff.max.ms", "1000")
        .from(0)
        .high()
        .doc("The longest wait before another election after one that nobody won."),
    int("controller.quorum.election.timeout.ms", "1000")
        .from(0)
        .high()
        .doc("How long a voter waits for votes before it begins another election."),
    int("controller.quorum.fetch.max.bytes", "1048576")
        .from(1)
        .low()
        .doc("How many bytes of the metadata log one fetch may return."),
    int("controller.quorum.fetch.snapshot.max.bytes", "1048576")
        .from(1)
        .low()
        .doc("How many bytes of a metadata snapshot one fetch may return."),
    int("controller.quorum.fetch.timeout.ms", "2000")
        .from(0)
        .high()
        .doc("How long a voter hears nothing from the leader before it asks for an election."),
    int("controller.quorum.request.timeout.ms", "2000")
        .from(0)
        .doc("How long one quorum node waits for the answer of another."),
    int("controller.quorum.retry.backoff.ms", "20")
        .from(0)
        .low()
        .doc("How long a quorum node waits before it asks again."),
    list("controller.quorum.voters", "")
        .high()
        .honoured()
        .doc("The voters of the metadata quorum, as id@host:port.")
        .note("This node alone by default. Several voters are refused until clusters of several nodes exist."),
    int("controller.quota.window.num", "11")
        .from(1)
        .low()
        .honoured()
        .doc("How many samples the quota for topic changes keeps."),
    int("controller.quota.window.size.seconds", "1")
        .from(1)
        .low()
        .honoured()
        .doc("How long one sample of the quota for topic changes is."),
    int("controller.socket.timeout.ms", "30000").doc("How long a broker waits for the controller's answer."),
    unset("early.start.listeners", ConfigType::List)
        .high()
        .doc("Listeners that open before the broker's metadata is complete."),
    long("follower.replication.throttled.rate", FOREVER)
        .from(0)
        .cluster_wide()
        .doc("How many bytes per second throttled replicas fetch."),
    int("initial.broker.registration.timeout.ms", "60000")
        .doc("How long a starting broker tries to register before it gives up."),
    long("internal.metadata.delete.delay.millis", "60000")
        .low()
        .internal()
        .doc("How long removed files of the metadata log stay on disk."),
    unset("internal.metadata.log.segment.bytes", ConfigType::Int)
        .low()
        .internal()
        .doc("A segment size of the metadata log below the public minimum, for tests."),
    int("internal.metadata.max.batch.size.in.bytes", "8388608")
        .low()
        .internal()
        .doc("How large one batch of metadata records may be."),
    long("leader.imbalance.check.interval.seconds", "300")
        .from(1)
        .high()
        .doc("How often leadership is compared with the preferred replicas."),
    long("leader.replication.throttled.rate", FOREVER)
        .from(0)
        .cluster_wide()
        .doc("How many bytes per second leaders send to throttled replicas."),
    unset("metadata.log.dir", ConfigType::String)
        .high()
        .doc("The directory of the metadata log, if not the first log directory."),
    long("metadata.log.max.record.bytes.between.snapshots", "20971520")
        .from(1)
        .high()
        .doc("How much the metadata log grows before a snapshot is made."),
    long("metadata.log.max.snapshot.interval.ms", "3600000")
        .from(0)
        .high()
        .doc("How long the metadata log goes without a snapshot."),
    int("metadata.log.segment.bytes", "1073741824")
        .from(8_388_608)
        .high()
        .doc("How large a segment of the metadata log grows."),
    long("metadata.log.segment.ms", "604800000").high().doc("How long a segment of the metadata log lasts."),
    int("metadata.max.idle.interval.ms", "500")
        .from(0)
        .low()
        .doc("How often the active controller writes a record that says nothing, so that progress shows."),
    long("metadata.max.retention.bytes", "104857600")
        .high()
        .doc("How large metadata log and snapshots may grow before old ones are deleted."),
    long("metadata.max.retention.ms", "604800000").high().doc("How long metadata log and snapshots are kept."),
    unset("node.id", ConfigType::Int)
        .from(0)
        .synonyms(&[same("node.id"), same("broker.id")])
        .high()
        .honoured()
        .doc("The number of this node in the cluster.")
        .note("The default is the only voter's id, or 1; Kafka has none. With several voters it must be given."),
    unset("num.replica.alter.log.dirs.threads", ConfigType::Int)
        .high()
        .doc("How many threads move replicas between log directories."),
    int("num.replica.fetchers", "1")
        .from(1)
        .cluster_wide()
        .high()
        .doc("How many threads fetch from each other broker."),
    unset("process.roles", ConfigType::List)
        .check(Check::SomeOf(&["broker", "controller"]))
        .high()
        .honoured()
        .doc("What this node is: broker, controller, or both.")
        .note("Both are needed until clusters of several nodes exist, and are the default; Kafka has none."),
    long("replica.alter.log.dirs.io.max.bytes.per.second", FOREVER)
        .from(0)
        .cluster_wide()
        .doc("How many bytes per second moves between log directories read and write."),
    int("replica.fetch.backoff.ms", "1000").from(0).doc("How long a follower waits after a fetch that failed."),
    int("replica.fetch.max.bytes", "1048576")
        .from(0)
        .doc("How many bytes of one partition a follower fetches at a time."),
    int("replica.fetch.min.bytes", "1").high().doc("How many bytes a follower's fetch waits for."),
    int("replica.fetch.response.max.bytes", "10485760").from(0).doc("How many bytes a follower fetches at a time."),
    int("replica.fetch.wait.max.ms", "500").high().doc("How long a follower's fetch waits."),
    long("replica.high.watermark.checkpoint.interval.ms", "5000")
        .high()
        .doc("How often high watermarks are written down."),
    long("replica.lag.time.max.ms", "30000").high().doc("How long a follower may lag behind before it leaves the ISR."),
    unset("replica.selector.class", ConfigType::String)
        .doc("The class that chooses the replica a consumer reads from."),
    int("replica.socket.receive.buffer.bytes", "65536")
        .high()
        .doc("The receive buffer of a follower's connection; -1 is the system's default."),
    int("replica.socket.timeout.ms", "30000").high().doc("How long a follower waits for the leader's answer."),
    int("replication.quota.window.num", "11").from(1).low().doc("How many samples the quota for replication keeps."),
    int("replication.quota.window.size.seconds", "1")
        .from(1)
        .low()
        .doc("How long one sample of the quota for replication is."),
    long("server.max.startup.time.ms", FOREVER).from(0).internal().doc("How long the start may take."),
    boolean("unstable.api.versions.enable", "false")
        .high()
        .internal()
        .doc("Whether API versions under development are offered."),
    boolean("unstable.feature.versions.enable", "false")
        .high()
        .internal()
        .doc("Whether feature levels under development are offered."),
];

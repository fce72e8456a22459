// Apache Kafka's Java client.

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.TreeSet;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.stream.Collectors;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;

import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndTimestamp;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

public final class Driver {
    private static final ObjectMapper JSON = new ObjectMapper();

    public static void main(String[] arguments) throws Exception {
        switch (arguments[0]) {
            case "produce" -> produce(arguments[1], arguments[2], arguments[3], arguments[4].equals("1"));
            case "member" -> member(arguments[1], arguments[2], arguments[3]);
            case "seek" -> seek(arguments[1], new TopicPartition(arguments[2], Integer.parseInt(arguments[3])),
                Long.parseLong(arguments[4]), Integer.parseInt(arguments[5]));
            default -> throw new IllegalArgumentException(arguments[0]);
        }
    }

    /** How to connect, as ../README.md says. */
    private static Properties settings(String bootstrap) throws java.io.IOException {
        Properties settings = new Properties();
        settings.put("bootstrap.servers", bootstrap);
        String text = System.getenv("DRIVER_SECURITY");
        if (text != null) {
            JsonNode login = JSON.readTree(text);
            String mechanism = login.get("mechanism").asText();
            String module = mechanism.equals("PLAIN") ? "plain.PlainLoginModule" : "scram.ScramLoginModule";
            settings.put("security.protocol", login.get("protocol").asText());
            settings.put("ssl.truststore.type", "PEM");
            settings.put("ssl.truststore.location", login.get("authority").asText());
            settings.put("sasl.mechanism", mechanism);
            settings.put("sasl.jaas.config", "org.apache.kafka.common.security." + module + " required username=\""
                + login.get("username").asText() + "\" password=\"" + login.get("password").asText() + "\";");
        }
        return settings;
    }

    private static void produce(String bootstrap, String topic, String codec, boolean idempotent) throws Exception {
        Properties settings = settings(bootstrap);
        settings.put("acks", "all");
        settings.put("compression.type", codec);
        settings.put("enable.idempotence", idempotent);
        settings.put("linger.ms", 5);
        List<Future<?>> sent = new ArrayList<>();
        try (var producer = new KafkaProducer<>(settings, new ByteArraySerializer(), new ByteArraySerializer());
             var lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8))) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                JsonNode record = JSON.readTree(line);
                List<Header> headers = new ArrayList<>();
                for (JsonNode header : record.get("headers")) {
                    headers.add(new RecordHeader(header.get(0).asText(), decode(header.get(1))));
                }
                sent.add(producer.send(new ProducerRecord<>(
                    topic, null, record.get("timestamp").asLong(), decode(record.get("key")), decode(record.get("value")), headers)));
            }
            for (Future<?> delivery : sent) {
                delivery.get();
            }
        }
        say(JSON.createObjectNode().put("produced", sent.size()));
    }

    private static KafkaConsumer<byte[], byte[]> consumer(String bootstrap, String group) throws java.io.IOException {
        Properties settings = settings(bootstrap);
        settings.put("auto.offset.reset", "earliest");
        settings.put("enable.auto.commit", false);
        if (group != null) {
            settings.put("group.id", group);
            settings.put("session.timeout.ms", 10_000);
            settings.put("heartbeat.interval.ms", 500);
        }
        return new KafkaConsumer<>(settings, new ByteArrayDeserializer(), new ByteArrayDeserializer());
    }

    private static void member(String bootstrap, String topic, String group) throws Exception {
        LinkedBlockingQueue<String> commands = new LinkedBlockingQueue<>();
        Thread reader = new Thread(() -> {
            try (var lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8))) {
                for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                    commands.add(line.strip());
                }
            } catch (java.io.IOException error) {
                error.printStackTrace();
            }
            commands.add("stop");
        });
        reader.setDaemon(true);
        reader.start();

        try (var consumer = consumer(bootstrap, group)) {
            consumer.subscribe(List.of(topic), new ConsumerRebalanceListener() {
                @Override
                public void onPartitionsRevoked(Collection<TopicPartition> revoked) {
                    if (!revoked.isEmpty()) {
                        consumer.commitSync();
                    }
                    sayOwned(consumer.assignment().stream().filter(place -> !revoked.contains(place)).toList());
                }

                @Override
                public void onPartitionsAssigned(Collection<TopicPartition> assigned) {
                    sayOwned(consumer.assignment());
                }
            });
            while (true) {
                String command = commands.poll();
                if ("stop".equals(command)) {
                    return;
                }
                if ("commit".equals(command)) {
                    consumer.commitSync();
                    say(JSON.createObjectNode().put("committed", true));
                }
                sayRecords(consumer.poll(Duration.ofMillis(50)));
            }
        }
    }

    private static void seek(String bootstrap, TopicPartition place, long time, int count) throws Exception {
        try (var consumer = consumer(bootstrap, null)) {
            consumer.assign(List.of(place));
            OffsetAndTimestamp found = consumer.offsetsForTimes(Map.of(place, time)).get(place);
            if (found == null) {
                say(JSON.createObjectNode().put("offset", -1));
                return;
            }
            consumer.seek(place, found.offset());
            while (count > 0) {
                ConsumerRecords<byte[], byte[]> records = consumer.poll(Duration.ofSeconds(30));
                if (records.isEmpty()) {
                    throw new IllegalStateException(count + " records are missing");
                }
                for (ConsumerRecord<byte[], byte[]> record : records) {
                    if (count-- > 0) {
                        sayRecord(record);
                    }
                }
            }
        }
    }

    private static void sayOwned(Collection<TopicPartition> places) {
        ObjectNode line = JSON.createObjectNode();
        ArrayNode owns = line.putArray("owns");
        places.stream().map(TopicPartition::partition).collect(Collectors.toCollection(TreeSet::new)).forEach(owns::add);
        say(line);
    }

    private static void sayRecords(ConsumerRecords<byte[], byte[]> records) {
        records.forEach(Driver::sayRecord);
    }

    private static void sayRecord(ConsumerRecord<byte[], byte[]> record) {
        ObjectNode line = JSON.createObjectNode();
        line.put("partition", record.partition()).put("offset", record.offset()).put("timestamp", record.timestamp());
        line.put("key", encode(record.key())).put("value", encode(record.value()));
        ArrayNode headers = line.putArray("headers");
        for (Header header : record.headers()) {
            headers.addArray().add(header.key()).add(encode(header.value()));
        }
        say(line);
    }

    private static synchronized void say(ObjectNode line) {
        System.out.println(line);
    }

    private static byte[] decode(JsonNode text) {
        return text.isNull() ? null : Base64.getDecoder().decode(text.asText());
    }

    private static String encode(byte[] data) {
        return data == null ? null : Base64.getEncoder().encodeToString(data);
    }
}
